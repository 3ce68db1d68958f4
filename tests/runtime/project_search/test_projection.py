"""The search index is level with the revisions it was given."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionTimeout, NotFoundError

from runtime.ads.revision import AdRevision
from runtime.journal.projection import Projection
from runtime.project_search.projection import project
from runtime.search_index.documents import revision
from runtime.search_index.index import AdIndex
from tests.contracts.projection import Current, ProjectionContract, history
from tests.opensearch import alias, opensearch, opensearch_client

__all__ = ["alias", "opensearch", "opensearch_client"]


class FlakyOpenSearch:
    """Passes requests on; those that are to fail go wrong in one of three ways in turn."""

    def __init__(self, client: OpenSearch, failures: list[bool]) -> None:
        self._client = client
        self.indices = client.indices
        self._failures = iter(failures)
        self._failed = 0

    def bulk(self, body: bytes, **arguments: Any) -> Any:
        if not next(self._failures, False):
            return self._client.bulk(body=body, **arguments)
        self._failed += 1
        if self._failed % 3 == 0:
            raise ConnectionTimeout("TIMEOUT", "nothing was done", OSError("late"))
        if self._failed % 3 == 1:
            return self._half_done(body, arguments)
        self._client.bulk(body=body, **arguments)
        raise ConnectionTimeout("TIMEOUT", "everything was done", OSError("late"))

    def _half_done(self, body: bytes, arguments: dict[str, Any]) -> Any:
        """Every second item is rejected, from the first on."""
        lines = body.splitlines(keepends=True)
        pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
        kept = b"".join(line for pair in pairs[1::2] for line in pair)
        done = iter(self._client.bulk(body=kept, **arguments)["items"] if kept else [])
        rejected = {"status": 429, "error": {"type": "rejected_execution_exception"}}
        items = [
            next(done) if number % 2 else {"index": {"_id": _id_of(pair[0]), **rejected}}
            for number, pair in enumerate(pairs)
        ]
        return {"errors": True, "items": items}


def _id_of(action: bytes) -> str:
    return action.split(b'"_id": "')[1].split(b'"')[0].decode()


class TestProjectSearch(ProjectionContract):
    @pytest.fixture
    def project(self, opensearch_client: OpenSearch, alias: str) -> Projection:
        return partial(project, index=AdIndex(opensearch_client, alias))

    @pytest.fixture
    def flaky(
        self, opensearch_client: OpenSearch, alias: str
    ) -> Callable[[list[bool]], Projection]:
        AdIndex(opensearch_client, alias).ensure()

        def projection(failures: list[bool]) -> Projection:
            client: Any = FlakyOpenSearch(opensearch_client, failures)
            return partial(project, index=AdIndex(client, alias))

        return projection

    @pytest.fixture
    def current(self, opensearch_client: OpenSearch, alias: str) -> Current:
        def read(ad_id: str) -> AdRevision | None:
            try:
                return revision(opensearch_client.get(index=alias, id=ad_id)["_source"])
            except NotFoundError:
                return None

        return read


def test_an_item_that_is_refused_fails_for_good_and_alone(
    opensearch_client: OpenSearch, alias: str
) -> None:
    (good,) = history(1, deleted=False)
    (bad,) = history(1, deleted=False)
    assert bad.fields is not None
    spoiled = AdRevision(
        bad.ad_id, 0, bad.tx_time, bad.tx_id, {**bad.fields, "createdAt": "yesterday"}
    )

    failures = project([spoiled, good], AdIndex(opensearch_client, alias))

    assert set(failures) == {bad.ad_id}
    assert failures[bad.ad_id].lasting
    assert "createdAt" in failures[bad.ad_id].reason
    assert opensearch_client.exists(index=alias, id=good.ad_id)
