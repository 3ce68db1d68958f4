"""Blocks are found by time with few reads, and read a page at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.exports.selection import (
    READ_BLOCKS_MAX,
    blocks_until,
    first_not_before,
)
from runtime.ledger.storage.port import StoredBlock

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def stored(number: int, time: datetime) -> StoredBlock:
    address = {"strandId": "JdxjkR9bSYB5jMHWcI464T", "sequenceNo": number}
    block = {"blockAddress": address, "blockTimestamp": ion.timestamp(time)}
    return StoredBlock(number, b"", (), -1, ion.encode(block))


class Source:
    """Blocks of one journal with timestamps of a test's choice."""

    def __init__(self, seconds: list[int]) -> None:
        self.times = [BEGIN + timedelta(seconds=second) for second in seconds]
        self.reads: list[tuple[int, int | None]] = []
        self.stored = [stored(n, time) for n, time in enumerate(self.times)]

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        self.reads.append((first, last))
        return iter(self.stored[first : len(self.stored) if last is None else last + 1])


SECONDS = st.lists(st.integers(0, 20), max_size=12).map(sorted)


@given(SECONDS, st.integers(-1, 21))
def test_the_first_block_not_before_a_time_is_found(seconds: list[int], at: int) -> None:
    source = Source(seconds)
    found = first_not_before(source, BEGIN + timedelta(seconds=at))
    assert found == sum(second < at for second in seconds)


@given(SECONDS, st.integers(-1, 21), st.integers(0, 22))
def test_blocks_of_a_range_of_time_are_those_in_it(seconds: list[int], at: int, long: int) -> None:
    source = Source(seconds)
    start, end = BEGIN + timedelta(seconds=at), BEGIN + timedelta(seconds=at + long)
    found = blocks_until(source, first_not_before(source, start), end)
    expected = [n for n, time in enumerate(source.times) if start <= time < end]
    assert [block.stored.sequence_no for block in found] == expected


def test_a_long_journal_takes_few_reads_to_find_a_time() -> None:
    source = Source(list(range(300)))
    assert first_not_before(source, BEGIN + timedelta(seconds=257)) == 257
    assert len(source.reads) <= 20
    assert all(first == last for first, last in source.reads)


@pytest.mark.parametrize("count", [0, 1, READ_BLOCKS_MAX, READ_BLOCKS_MAX * 2 + 1])
def test_pages_are_read_one_by_one(count: int) -> None:
    source = Source([0] * count)
    blocks = blocks_until(source, 0)
    numbers = []
    for block in blocks:
        numbers.append(block.stored.sequence_no)
        assert len(source.reads) == block.stored.sequence_no // READ_BLOCKS_MAX + 1
    assert numbers == list(range(count))
    assert all(last - first < READ_BLOCKS_MAX for first, last in source.reads if last is not None)


def test_a_block_that_is_none_is_told() -> None:
    source = Source([0])
    source.stored = [StoredBlock(0, b"", (), -1, b"\xe0\x01\x00\xea\x0f")]
    with pytest.raises(CorruptJournalError, match="block 0"):
        list(blocks_until(source, 0))
