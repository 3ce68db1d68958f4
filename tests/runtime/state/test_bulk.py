"""Many revisions at once into a state table: as single writes would leave it, in fewer calls."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from runtime.journal.projection import Failure, Projection, newest
from runtime.state.bulk import ATTEMPTS_MAX, TRANSACTION_ITEMS_MAX, BulkWriter
from runtime.state.table import StateTable
from tests.contracts.projection import Current, ProjectionContract, history
from tests.journal_blocks import ad_id_of, ad_revision
from tests.state_table import dynamodb, state_table_name

__all__ = ["dynamodb", "state_table_name"]
THROTTLED = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}


class FlakyDynamoDb:
    """Passes transactions on; one that is to fail is throttled, or its answer is lost."""

    def __init__(self, client: Any, failures: list[bool], *, loses: bool = False) -> None:
        self._client = client
        self._failures = iter(failures)
        self._loses = loses
        self.calls: list[int] = []

    def transact_write_items(self, **arguments: Any) -> Mapping[str, Any]:
        self.calls.append(len(arguments["TransactItems"]))
        if not next(self._failures, False):
            return self._client.transact_write_items(**arguments)
        if not self._loses:
            raise ClientError(THROTTLED, "TransactWriteItems")
        try:
            self._client.transact_write_items(**arguments)
        finally:
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


def projection(writer: BulkWriter) -> Projection:
    def project(revisions: Any) -> Mapping[str, Failure]:
        written = writer.put_all(newest(revisions))
        return {ad: Failure(why, lasting=False) for ad, why in written.unavailable.items()}

    return project


class TestBulkWriter(ProjectionContract):
    @pytest.fixture
    def project(self, dynamodb: Any, state_table_name: str) -> Projection:
        return projection(BulkWriter(dynamodb, state_table_name))

    @pytest.fixture
    def flaky(self, dynamodb: Any, state_table_name: str) -> Callable[[list[bool]], Projection]:
        # One `True` gives up a call for good, so that the contract sees the failure.
        def failing(failures: list[bool]) -> Projection:
            often = [failure for failure in failures for _ in range(ATTEMPTS_MAX if failure else 1)]
            client: Any = FlakyDynamoDb(dynamodb, often)
            return projection(BulkWriter(client, state_table_name, sleep=lambda _: None))

        return failing

    @pytest.fixture
    def current(self, dynamodb: Any, state_table_name: str) -> Current:
        return StateTable(dynamodb, state_table_name).get


def test_ads_that_are_there_are_passed_over_and_the_others_written(
    dynamodb: Any, state_table_name: str
) -> None:
    client = FlakyDynamoDb(dynamodb, [])
    writer = BulkWriter(client, state_table_name)
    ads = [ad_revision(ad_id_of(number)) for number in range(250)]
    assert writer.put_all(ads[:250:2]).count == 125
    assert client.calls == [TRANSACTION_ITEMS_MAX, 25]
    client.calls.clear()
    written = writer.put_all(ads)
    assert (written.count, written.refused, written.unavailable) == (125, {}, {})
    assert client.calls == [100, 50, 100, 50, 50, 25]
    assert writer.put_all(ads).count == 0
    newer = [ad_revision(ad_id_of(number), 1, deleted=True) for number in range(250)]
    assert writer.put_all(newer).count == 250
    assert StateTable(dynamodb, state_table_name).get(ad_id_of(7)) == newer[7]


def test_an_ad_that_is_refused_spoils_no_other(dynamodb: Any, state_table_name: str) -> None:
    ads = [ad for number in range(5) for ad in history(1, deleted=False)]
    large = ad_revision(ad_id_of(1), adDescription="x" * 500_000)
    written = BulkWriter(dynamodb, state_table_name).put_all([*ads[:2], large, *ads[2:]])
    assert written.count == 5
    assert set(written.refused) == {large.ad_id}
    assert written.unavailable == {}


def test_large_ads_go_in_more_calls(dynamodb: Any, state_table_name: str) -> None:
    client = FlakyDynamoDb(dynamodb, [])
    ads = [ad_revision(ad_id_of(n), adDescription="x" * 300_000) for n in range(20)]
    assert BulkWriter(client, state_table_name).put_all(ads).count == 20
    assert client.calls == [11, 9]


def test_what_was_written_though_the_answer_was_lost_is_not_written_again(
    dynamodb: Any, state_table_name: str
) -> None:
    client = FlakyDynamoDb(dynamodb, [True], loses=True)
    ads = [ad_revision(ad_id_of(number)) for number in range(3)]
    written = BulkWriter(client, state_table_name, sleep=lambda _: None).put_all(ads)
    assert (written.refused, written.unavailable) == ({}, {})
    assert client.calls == [3, 3]
    assert StateTable(dynamodb, state_table_name).get(ad_id_of(2)) == ads[2]


def test_a_table_that_stays_silent_is_given_up(dynamodb: Any) -> None:
    waits: list[float] = []
    client = FlakyDynamoDb(dynamodb, [True] * 100)
    written = BulkWriter(client, "nowhere", sleep=waits.append).put_all([ad_revision()])
    assert set(written.unavailable) == {ad_id_of(1)}
    assert "nowhere does not take it now" in written.unavailable[ad_id_of(1)]
    assert len(client.calls) == len(waits) == ATTEMPTS_MAX
    assert waits[-1] > waits[0]
