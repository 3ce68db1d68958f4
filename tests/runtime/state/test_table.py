"""The state table on the embedded DynamoDB, and on one that fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from runtime.ads.revision import AdRevision
from runtime.state.errors import CursorError, StateRefusedError, StateUnavailableError
from runtime.state.table import BATCH_GET_ATTEMPTS_MAX, StateTable, open_table
from tests.journal_blocks import START, ad_id_of, ad_revision, iso
from tests.state_table import dynamodb, state_table_name

__all__ = ["dynamodb", "state_table_name"]


@pytest.fixture
def table(dynamodb: Any, state_table_name: str) -> StateTable:
    return StateTable(dynamodb, state_table_name)


def created_at(second: int) -> str:
    return iso(START.replace(second=second))


def pages(table: StateTable, publisher_id: str, limit: int) -> Iterator[list[str]]:
    cursor = None
    for _ in range(20):
        page = table.list(publisher_id, limit, cursor)
        yield [revision.ad_id for revision in page.revisions]
        cursor = page.next
        if cursor is None:
            return


def test_what_is_put_is_read_back(table: StateTable) -> None:
    revision = ad_revision(adTitle="\U0001f6b2 tandem")
    assert table.put(revision) is True
    assert table.get(revision.ad_id) == revision
    assert table.get(ad_id_of(2)) is None


def test_defect_1_a_late_revision_does_not_bring_a_deleted_ad_back(table: StateTable) -> None:
    """The ancestor deleted the item unconditionally and left no tombstone."""
    deleted = ad_revision(version=2, deleted=True)
    table.put(ad_revision())
    table.put(deleted)

    assert table.put(ad_revision(version=1)) is False

    assert table.get(deleted.ad_id) == deleted
    assert table.list("publisher-1", 10).revisions == ()


def test_defect_3_the_version_guard_is_alive(table: StateTable, dynamodb: Any) -> None:
    """The ancestor's condition named an attribute that never exists: it was always true."""
    newer = ad_revision(version=5, adTitle="newer")
    table.put(newer)

    assert table.put(ad_revision(version=4, adTitle="older")) is False
    assert table.put(ad_revision(version=5, adTitle="the same version again")) is False
    assert table.get(newer.ad_id) == newer
    assert table.put(ad_revision(version=6, adTitle="newest")) is True


def test_a_publishers_ads_are_listed_newest_first_page_by_page(table: StateTable) -> None:
    for number in range(1, 8):
        table.put(ad_revision(ad_id_of(number), createdAt=created_at(number // 2)))
    table.put(ad_revision(ad_id_of(9), publisherId="publisher-2"))
    expected = [ad_id_of(number) for number in (7, 6, 5, 4, 3, 2, 1)]

    for limit in (1, 2, 3, 7, 100):
        found = list(pages(table, "publisher-1", limit))
        assert [ad_id for page in found for ad_id in page] == expected
        assert found[-1] != []
    assert list(pages(table, "nobody", 5)) == [[]]


def test_a_change_keeps_the_place_in_the_list_and_a_deletion_leaves_it(table: StateTable) -> None:
    for number in (1, 2, 3):
        table.put(ad_revision(ad_id_of(number), createdAt=created_at(number)))
    changed = ad_revision(ad_id_of(2), 1, createdAt=created_at(2), adTitle="changed")
    table.put(changed)
    table.put(ad_revision(ad_id_of(3), 1, deleted=True))

    found = table.list("publisher-1", 10).revisions

    assert [one.ad_id for one in found] == [ad_id_of(2), ad_id_of(1)]
    assert found[0] == changed


@pytest.mark.parametrize("cursor", ["", "%", "e30", "W10", "WyJhIiwiYiJd", "a" * 5000, "\u00fc"])
def test_a_made_up_cursor_is_refused(table: StateTable, cursor: str) -> None:
    with pytest.raises(CursorError, match="Begin without a cursor"):
        table.list("publisher-1", 5, cursor)


def test_a_cursor_serves_its_own_publisher_only(table: StateTable) -> None:
    for number in (1, 2):
        table.put(ad_revision(ad_id_of(number)))
    cursor = table.list("publisher-1", 1).next
    assert cursor is not None
    with pytest.raises(CursorError, match="not one of this list"):
        table.list("publisher-2", 1, cursor)


def test_versions_are_read_in_batches(table: StateTable) -> None:
    ids = [ad_id_of(number) for number in range(130)]
    for number, ad_id in enumerate(ids[:120]):
        table.put(ad_revision(ad_id, number % 3, deleted=number % 3 == 2))

    assert table.versions([*ids, ids[0]]) == {
        ad_id: number % 3 for number, ad_id in enumerate(ids[:120])
    }
    assert table.versions([]) == {}


class FailingDynamoDb:
    """A client that raises, or answers, what it is told to."""

    def __init__(self, *results: Any) -> None:
        self.results = list(results)

    def _next(self, **_: Any) -> Any:
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    put_item = get_item = query = batch_get_item = _next


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "PutItem")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (client_error("ProvisionedThroughputExceededException"), StateUnavailableError),
        (client_error("ThrottlingException"), StateUnavailableError),
        (client_error("InternalServerError"), StateUnavailableError),
        (client_error("AccessDeniedException"), StateUnavailableError),
        (client_error("ResourceNotFoundException"), StateUnavailableError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), StateUnavailableError),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1:9"), StateUnavailableError),
        (client_error("ValidationException"), StateRefusedError),
    ],
)
def test_errors_of_the_driver_become_ours_and_say_what_failed(
    error: Exception, expected: type[Exception]
) -> None:
    table = StateTable(FailingDynamoDb(error, error, error, error), "state")
    with pytest.raises(expected, match=f"version 0 of ad {ad_id_of(1)}"):
        table.put(ad_revision())
    with pytest.raises(expected, match=ad_id_of(1)):
        table.get(ad_id_of(1))
    with pytest.raises(expected, match="publisher-1"):
        table.list("publisher-1", 1)
    with pytest.raises(expected, match="1 ads"):
        table.versions([ad_id_of(1)])


def test_an_item_larger_than_dynamodb_takes_is_refused(table: StateTable) -> None:
    with pytest.raises(StateRefusedError, match="refuses"):
        table.put(ad_revision(adDescription="x" * 500_000))


def test_keys_left_over_are_asked_for_again_a_bounded_number_of_times() -> None:
    waits: list[float] = []
    key = {"adId": {"S": ad_id_of(1)}}
    left = {"Responses": {}, "UnprocessedKeys": {"state": {"Keys": [key]}}}
    there = {"Responses": {"state": [{**key, "version": {"N": "3"}}]}, "UnprocessedKeys": {}}

    table = StateTable(FailingDynamoDb(left, left, there), "state", sleep=waits.append)
    assert table.versions([ad_id_of(1)]) == {ad_id_of(1): 3}
    assert len(waits) == 2

    busy = StateTable(
        FailingDynamoDb(*[left] * BATCH_GET_ATTEMPTS_MAX), "state", sleep=waits.append
    )
    with pytest.raises(StateUnavailableError, match="left keys unread"):
        busy.versions([ad_id_of(1)])


def test_the_table_is_opened_by_its_name(
    monkeypatch: pytest.MonkeyPatch, cloud: Any, state_table_name: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)

    table = open_table(state_table_name)

    revision: AdRevision = ad_revision()
    assert table.put(revision)
    assert table.get(revision.ad_id) == revision
