"""The index against an OpenSearch server."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import (
    ConnectionTimeout,
    OpenSearchException,
    RequestError,
    TransportError,
)

from runtime.ads.revision import AdRevision
from runtime.search_index.bulk import Effect
from runtime.search_index.errors import CursorError, IndexRefusedError, IndexUnavailableError
from runtime.search_index.index import AdIndex, open_index
from runtime.search_index.query import Search
from runtime.search_index.schema import REFRESH_INTERVAL
from tests.journal_blocks import ad_id_of, ad_revision
from tests.opensearch import alias, opensearch, opensearch_client

__all__ = ["alias", "opensearch", "opensearch_client"]


@pytest.fixture
def index(opensearch_client: OpenSearch, alias: str) -> AdIndex:
    index = AdIndex(opensearch_client, alias)
    index.ensure()
    return index


def effects(index: AdIndex, *revisions: AdRevision) -> list[Effect]:
    return [outcome.effect for outcome in index.bulk(revisions)]


def pages(index: AdIndex, search: Search, limit: int) -> Iterator[list[str]]:
    cursor = None
    for _ in range(20):
        page = index.search(search, limit, cursor)
        yield [revision.ad_id for revision in page.revisions]
        cursor = page.next
        if cursor is None:
            return


def test_ensure_creates_index_and_alias_once(
    index: AdIndex, opensearch_client: OpenSearch, alias: str
) -> None:
    index.ensure()

    assert opensearch_client.indices.get_alias(name=alias) == {
        f"{alias}-v1": {"aliases": {alias: {}}}
    }
    settings = opensearch_client.indices.get_settings(index=alias)[f"{alias}-v1"]["settings"]
    assert settings["index"]["refresh_interval"] == REFRESH_INTERVAL


def test_ensure_by_many_at_once_succeeds_for_all(opensearch: str, alias: str) -> None:
    clients = [OpenSearch(hosts=[opensearch]) for _ in range(6)]
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: AdIndex(client, alias).ensure(), clients))
    assert clients[0].indices.exists_alias(name=alias)
    for client in clients:
        client.close()


def test_ensure_gives_an_index_its_alias_back(
    index: AdIndex, opensearch_client: OpenSearch, alias: str
) -> None:
    opensearch_client.indices.delete_alias(index=f"{alias}-v1", name=alias)
    index.ensure()
    assert opensearch_client.indices.exists_alias(name=alias)


def test_an_indexed_ad_is_found_as_it_was_committed(index: AdIndex) -> None:
    revision = ad_revision(price=Decimal("1999999999999999.990"), adTitle="red bicycle \U0001f6b2")

    assert effects(index, revision) == [Effect.INDEXED]

    page = index.search(Search(words="bicycle"), 25)
    assert page.revisions == (revision,)
    assert (page.total, page.next) == (1, None)
    assert page.revisions[0].fields is not None
    assert str(page.revisions[0].fields["price"]) == "1999999999999999.990"


def test_repeated_and_late_revisions_are_superseded(index: AdIndex) -> None:
    old, new = ad_revision(adTitle="old"), ad_revision(version=3, adTitle="new")

    assert effects(index, new, new, old) == [Effect.INDEXED, Effect.SUPERSEDED, Effect.SUPERSEDED]
    assert effects(index, old) == [Effect.SUPERSEDED]
    assert index.search(Search(words="old"), 25).total == 0
    assert index.search(Search(words="new"), 25).revisions == (new,)


def test_defect_5_a_deleted_ad_stays_deleted_by_its_tombstone(
    index: AdIndex, opensearch_client: OpenSearch, alias: str
) -> None:
    """The ancestor's deletions by version were forgotten after a minute."""
    changed, deleted = ad_revision(version=1), ad_revision(version=2, deleted=True)

    effects(index, changed, deleted)

    assert effects(index, changed) == [Effect.SUPERSEDED]
    assert index.search(Search(), 25).total == 0
    stored = opensearch_client.get(index=alias, id=deleted.ad_id)
    assert stored["_version"] == 3
    assert stored["_source"]["deleted"] is True
    assert "adTitle" not in stored["_source"]


def test_an_item_that_is_refused_fails_alone(index: AdIndex) -> None:
    bad = ad_revision(ad_id_of(2), createdAt="yesterday")

    good, refused = index.bulk([ad_revision(), bad])

    assert good.effect is Effect.INDEXED
    assert refused.effect is Effect.REFUSED
    assert "createdAt" in refused.reason
    assert index.search(Search(), 25).total == 1


def test_a_missing_index_is_created_with_its_mapping(
    opensearch_client: OpenSearch, alias: str
) -> None:
    index = AdIndex(opensearch_client, alias)

    assert effects(index, ad_revision(price=Decimal("9"))) == [Effect.INDEXED]

    assert opensearch_client.indices.exists_alias(name=alias)
    assert index.search(Search(min_price=Decimal("8.5")), 25).total == 1


def test_an_index_that_is_not_there_holds_nothing(
    opensearch_client: OpenSearch, alias: str
) -> None:
    page = AdIndex(opensearch_client, alias).search(Search(words="anything"), 25)
    assert (page.revisions, page.total, page.next) == ((), 0, None)


def test_the_best_match_comes_first_across_all_fields(index: AdIndex) -> None:
    ads = {
        "title": ad_revision(ad_id_of(1), adTitle="vintage camera"),
        "tag": ad_revision(ad_id_of(2), tags=["camera", "old"]),
        "category": ad_revision(ad_id_of(3), category="camera"),
        "description": ad_revision(ad_id_of(4), adDescription="a camera and its bag"),
        "none": ad_revision(ad_id_of(5)),
    }
    effects(index, *reversed(ads.values()))

    found = index.search(Search(words="camera"), 25).revisions

    assert found[0] == ads["title"]
    assert {one.ad_id for one in found} == {ads[name].ad_id for name in ads if name != "none"}


def test_any_number_of_words_can_be_looked_for(index: AdIndex) -> None:
    effects(index, ad_revision(adTitle="tandem"))
    assert index.search(Search(words="tandem " + "\u5b57" * 5000), 25).total == 1


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (Search(), {1, 2, 3}),
        (Search(words=" "), {1, 2, 3}),
        (Search(category="Cars & Bikes"), {1, 2}),
        (Search(category="cars & bikes"), set()),
        (Search(tag="as new"), {1, 3}),
        (Search(tag="new"), set()),
        (Search(min_price=Decimal("20.00")), {2, 3}),
        (Search(max_price=Decimal("20")), {1, 2}),
        (Search(min_price=Decimal("19.99"), max_price=Decimal("20.01")), {2}),
        (Search(words="wheels", tag="as new", category="Cars & Bikes"), {1}),
    ],
)
def test_filters_narrow_the_search(index: AdIndex, search: Search, expected: set[int]) -> None:
    common = {"adDescription": "on wheels"}
    car = {**common, "category": "Cars & Bikes"}
    effects(
        index,
        ad_revision(ad_id_of(1), price=Decimal("10.00"), tags=["as new"], **car),
        ad_revision(ad_id_of(2), price=Decimal("20.00"), tags=["red"], **car),
        ad_revision(ad_id_of(3), price=Decimal("30"), tags=["as new"], category="Toys", **common),
        ad_revision(ad_id_of(4), version=1, deleted=True),
    )

    page = index.search(search, 25)

    assert {one.ad_id for one in page.revisions} == {ad_id_of(number) for number in expected}
    assert page.total == len(expected)


@pytest.mark.parametrize("words", [None, "title"])
@pytest.mark.parametrize("limit", [1, 3, 7, 10])
def test_pages_have_everything_once_also_among_equals(
    index: AdIndex, words: str | None, limit: int
) -> None:
    effects(index, *(ad_revision(ad_id_of(number)) for number in range(7)))

    found = list(pages(index, Search(words=words), limit))

    assert [ad_id for page in found for ad_id in page] == sorted(
        ad_id_of(number) for number in range(7)
    )
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1] != []


@pytest.mark.parametrize("cursor", ["", "%%", "e30", "W10", "WyJhIl0", "a" * 3000, "\u00fc"])
def test_a_made_up_cursor_is_refused(index: AdIndex, cursor: str) -> None:
    with pytest.raises(CursorError, match="Begin without a cursor"):
        index.search(Search(), 25, cursor)


def test_a_cursor_serves_its_own_search_only(index: AdIndex) -> None:
    effects(index, *(ad_revision(ad_id_of(number)) for number in range(3)))
    cursor = index.search(Search(words="title"), 2).next
    with pytest.raises(CursorError, match="not one of this search"):
        index.search(Search(words="other"), 2, cursor)


class FailingOpenSearch(OpenSearch):
    """A client whose calls fail as they are told to, then work."""

    def __init__(self, url: str, failures: list[Callable[[], Any]]) -> None:
        super().__init__(hosts=[url])
        self.failures = failures

    def bulk(self, *args: Any, **kwargs: Any) -> Any:
        if self.failures:
            return self.failures.pop(0)()
        return super().bulk(*args, **kwargs)

    def search(self, *args: Any, **kwargs: Any) -> Any:
        if self.failures:
            return self.failures.pop(0)()
        return super().search(*args, **kwargs)


def raising(error: OpenSearchException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        ConnectionTimeout("TIMEOUT", "read timed out", OSError("late")),
        Unreachable("N/A", "refused", OSError("refused")),
        TransportError(429, "too many requests", {}),
        TransportError(503, "no master", {}),
        TransportError(403, "not permitted", {}),
    ],
)
def test_a_request_that_fails_as_a_whole_fails_every_item(
    opensearch: str, alias: str, error: OpenSearchException
) -> None:
    client = FailingOpenSearch(opensearch, [raising(error)] * 2)
    index = AdIndex(client, alias)
    ads = [ad_revision(), ad_revision(ad_id_of(2))]

    assert effects(index, *ads) == [Effect.UNAVAILABLE] * 2
    with pytest.raises(IndexUnavailableError, match="search ads"):
        index.search(Search(), 25)
    assert effects(index, *ads) == [Effect.INDEXED] * 2
    client.close()


def test_a_request_that_is_refused_is_told_so(opensearch: str, alias: str) -> None:
    client = FailingOpenSearch(opensearch, [raising(RequestError(400, "parsing", {}))] * 2)
    index = AdIndex(client, alias)

    assert effects(index, ad_revision()) == [Effect.REFUSED]
    with pytest.raises(IndexRefusedError, match="search ads, OpenSearch refuses it"):
        index.search(Search(), 25)
    client.close()


def test_a_server_that_is_gone_is_unavailable(alias: str) -> None:
    with OpenSearch(hosts=["http://127.0.0.1:9"], max_retries=0) as client:
        (outcome,) = AdIndex(client, alias).bulk([ad_revision()])
        with pytest.raises(IndexUnavailableError, match="not reached"):
            AdIndex(client, alias).ensure()
    assert outcome.effect is Effect.UNAVAILABLE


class RecordingServer(BaseHTTPRequestHandler):
    """Answers every bulk request as if its one item were indexed, and keeps what was sent."""

    requests: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((dict(self.headers), body))
        answer = json.dumps({"items": [{"index": {"_id": ad_id_of(1), "status": 201}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.mark.usefixtures("credentials")
def test_requests_are_signed_with_the_functions_credentials(alias: str) -> None:
    RecordingServer.requests = []
    server = HTTPServer(("127.0.0.1", 0), RecordingServer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    index = open_index(f"http://127.0.0.1:{server.server_port}", alias)
    try:
        assert effects(index, ad_revision()) == [Effect.INDEXED]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    ((headers, body),) = RecordingServer.requests
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/es/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Content-SHA256"] == sha256(body).hexdigest()


@pytest.mark.usefixtures("credentials")
def test_tls_is_verified(alias: str) -> None:
    client: Any = open_index("https://search.example.com", alias)._client
    (connection,) = client.transport.connection_pool.connections
    assert connection.pool.scheme == "https"
    assert connection.pool.cert_reqs == "CERT_REQUIRED"
    assert connection.pool.assert_hostname is None


def test_without_a_region_it_is_said_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, alias: str
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    with pytest.raises(IndexUnavailableError, match="AWS_REGION"):
        open_index("https://search.example.com", alias)


def test_versions_are_those_that_searches_have(
    index: AdIndex, opensearch_client: OpenSearch, alias: str
) -> None:
    index.bulk([ad_revision(ad_id_of(1), 3), ad_revision(ad_id_of(2), 1, deleted=True)])
    opensearch_client.indices.refresh(index=alias)
    wanted = [ad_id_of(number) for number in range(600)]
    assert index.versions(wanted) == {ad_id_of(1): 3, ad_id_of(2): 1}
    assert index.versions([]) == {}


def test_an_index_that_is_missing_has_no_versions(opensearch_client: OpenSearch) -> None:
    assert AdIndex(opensearch_client, "none").versions([ad_id_of(1)]) == {}
