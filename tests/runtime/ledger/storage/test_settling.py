"""A commit is seen as a whole or not at all, though its items become visible one by one."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from runtime.ledger.errors import UnavailableError
from runtime.ledger.storage import items
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import Commit, IndexEntry, StoredBlock
from runtime.ledger.storage.settling import SETTLE_S_MAX, Settling
from tests.contracts.journal_storage import DOCUMENTS, INDEX, TABLE, following, revision


class SlowTable:
    """A table into which a test puts a commit's items one by one; calls are noted."""

    def __init__(self) -> None:
        self.items: list[items.Item] = []
        self.calls: list[str] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.calls.append("query")
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        first, last = values.get(":first", ""), values.get(":last", "~")
        found = [
            item
            for item in sorted(self.items, key=lambda item: item["sk"]["S"])
            if item["pk"]["S"] == values[":pk"] and first <= item["sk"]["S"] <= last
        ]
        ordered = found if request["ScanIndexForward"] else found[::-1]
        return {"Items": ordered[: request.get("Limit")]}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.calls.append("batch_get_item")
        [(table, asked)] = request["RequestItems"].items()
        assert asked["ConsistentRead"] is True
        held = [{"pk": item["pk"], "sk": item["sk"]} for item in self.items]
        return {"Responses": {table: [key for key in asked["Keys"] if key in held]}}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self.calls.append("transact_write_items")
        self.items += [put["Put"]["Item"] for put in request["TransactItems"]]
        return {}

    def taken(self) -> list[str]:
        calls, self.calls = self.calls, []
        return calls


def commit(head: StoredBlock | None, version: int, size: int = 300) -> Commit:
    number = 0 if head is None else head.sequence_no + 1
    entry = IndexEntry(INDEX, bytes(32), DOCUMENTS[0], version)
    return following(head, (revision(version=version, sequence_no=number),), (entry,), bytes(size))


def storage(table: SlowTable, on_sleep: Callable[[], None] = lambda: None) -> DynamoDbStorage:
    return DynamoDbStorage(table, "journal", "ads-0", sleep=lambda _: on_sleep())


def bring(table: SlowTable, coming: list[items.Item]) -> None:
    """Make one more item visible, if there is one."""
    if coming:
        table.items.append(coming.pop(0))


def test_a_block_names_all_that_it_brings_and_no_other_item_does() -> None:
    block, *others = items.items("ads-0", commit(None, 0, items.PART_BYTES_MAX + 1))
    assert items.brought_keys("ads-0", block) == [
        {"pk": item["pk"], "sk": item["sk"]} for item in others
    ]
    assert not any("brought" in item for item in others)


@pytest.mark.parametrize("size", [300, items.PART_BYTES_MAX + 1])
def test_the_head_is_given_once_all_it_brought_is_visible(size: int) -> None:
    first = commit(None, 0)
    second = commit(first.block, 1, size)
    table = SlowTable()
    storage(table).append(first)
    coming = list(items.items("ads-0", second))
    table.items.append(coming.pop(0))
    reader = storage(table, lambda: bring(table, coming))
    assert reader.head() == second.block
    assert coming == []
    found = reader.current(TABLE, DOCUMENTS[0])
    assert found is not None
    assert found.version == 1


def test_a_part_that_comes_before_its_block_does_not_make_a_head() -> None:
    first = commit(None, 0)
    second = commit(first.block, 1, items.PART_BYTES_MAX + 1)
    table = SlowTable()
    storage(table).append(first)
    table.items.append(list(items.items("ads-0", second))[1])
    assert storage(table).head() == first.block


def test_a_revision_is_given_once_its_block_is_the_head() -> None:
    first = commit(None, 0)
    second = commit(first.block, 1)
    table = SlowTable()
    storage(table).append(first)
    block, its_revision, *others = items.items("ads-0", second)
    coming = [block, *others]
    table.items.append(its_revision)
    reader = storage(table, lambda: bring(table, coming))
    found = reader.current(TABLE, DOCUMENTS[0])
    assert found is not None
    assert (found.version, coming) == (1, [])
    assert reader.head() == second.block


def test_what_is_known_to_be_visible_is_not_looked_for_again() -> None:
    table = SlowTable()
    writer, reader = storage(table), storage(table)
    first = commit(None, 0)
    writer.append(first)
    table.taken()
    writer.head()
    assert table.taken() == ["query"]
    reader.head()
    assert table.taken() == ["query", "batch_get_item"]
    reader.head()
    reader.current(TABLE, DOCUMENTS[0])
    assert table.taken() == ["query", "query"]
    writer.append(following(first.block))
    table.taken()
    reader.head()
    assert table.taken() == ["query"], "a commit of nothing but its block is whole when it is seen"


def test_what_stays_invisible_is_unavailable() -> None:
    table = SlowTable()
    block = next(items.items("ads-0", commit(None, 0)))
    ticks = count(0.0, SETTLE_S_MAX / 1500)
    settling = Settling(
        table, "journal", "ads-0", monotonic=lambda: next(ticks), sleep=lambda _: None
    )
    with pytest.raises(UnavailableError, match="block 0 of ledger ads-0"):
        settling.await_items_of(block)
    with pytest.raises(UnavailableError, match="block 7 of ledger ads-0"):
        settling.await_block(7, lambda: None)
