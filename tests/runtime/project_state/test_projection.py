"""The state table is level with the revisions it was given."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from runtime.journal.projection import Projection
from runtime.project_state.projection import project
from runtime.state.table import StateTable
from tests.contracts.projection import Current, ProjectionContract, history
from tests.journal_blocks import ad_revision
from tests.state_table import dynamodb, state_table_name

__all__ = ["dynamodb", "state_table_name"]


class FlakyDynamoDb:
    """Passes writes on; one that is to fail is throttled, or times out after it was done."""

    def __init__(self, client: Any, failures: list[bool]) -> None:
        self._client = client
        self._failures = iter(failures)
        self._failed = 0

    def put_item(self, **arguments: Any) -> Mapping[str, Any]:
        if not next(self._failures, False):
            return self._client.put_item(**arguments)
        self._failed += 1
        if self._failed % 2:
            error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
            raise ClientError(error, "PutItem")
        try:
            self._client.put_item(**arguments)
        finally:
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


class TestProjectState(ProjectionContract):
    @pytest.fixture
    def project(self, dynamodb: Any, state_table_name: str) -> Projection:
        return partial(project, table=StateTable(dynamodb, state_table_name))

    @pytest.fixture
    def flaky(self, dynamodb: Any, state_table_name: str) -> Callable[[list[bool]], Projection]:
        def projection(failures: list[bool]) -> Projection:
            client: Any = FlakyDynamoDb(dynamodb, failures)
            return partial(project, table=StateTable(client, state_table_name))

        return projection

    @pytest.fixture
    def current(self, dynamodb: Any, state_table_name: str) -> Current:
        return StateTable(dynamodb, state_table_name).get


def test_a_revision_that_is_refused_fails_for_good_and_alone(
    dynamodb: Any, state_table_name: str
) -> None:
    table = StateTable(dynamodb, state_table_name)
    (good,) = history(1, deleted=False)
    large = ad_revision(adDescription="x" * 500_000)

    failures = project([large, good], table)

    assert set(failures) == {large.ad_id}
    assert failures[large.ad_id].lasting
    assert "refuses" in failures[large.ad_id].reason
    assert table.get(good.ad_id) == good
