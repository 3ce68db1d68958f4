"""Which blocks a range of time holds.

A ledger's block timestamps never go back, so blocks in [start, end) follow one another, and the
first is found by halving. In a journal that was sealed elsewhere they might; there, what is
selected still has no gap: it goes from a block that is not before the start, following one that
is, to the block before the first one that is not before the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.storage.port import StoredBlock

SETTLE_S: Final = 2.0
"""How long after its timestamp a block may still become durable."""
READ_BLOCKS_MAX: Final = 32
"""Blocks asked of the journal at a time; each can have some megabytes."""


class BlockSource(Protocol):
    """What is used of a ledger or of its storage."""

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        """Blocks first..last, both included, in order, to the head where last is None."""
        ...


@dataclass(frozen=True, slots=True)
class DatedBlock:
    """A block and when it was sealed."""

    stored: StoredBlock
    timestamp: datetime
    strand_id: str


def block_at(source: BlockSource, sequence_no: int) -> DatedBlock | None:
    """One block; None behind the head."""
    stored = next(iter(source.blocks(sequence_no, sequence_no)), None)
    return None if stored is None else dated(stored)


def first_not_before(source: BlockSource, moment: datetime) -> int:
    """The number of the first block sealed then or later; of the next one when there is none yet.

    Reads about as many blocks as twice the binary digits of the answer.
    """
    above = 1
    while _is_before(source, above - 1, moment):
        above *= 2
    low, high = above // 2, above - 1
    while low < high:
        middle = (low + high) // 2
        if _is_before(source, middle, moment):
            low = middle + 1
        else:
            high = middle
    return low


def blocks_until(
    source: BlockSource, first: int, end: datetime | None = None
) -> Iterator[DatedBlock]:
    """Blocks from `first` on that were sealed before `end`, to the head, read a page at a time."""
    while True:
        count = 0
        for stored in source.blocks(first, first + READ_BLOCKS_MAX - 1):
            block = dated(stored)
            if end is not None and block.timestamp >= end:
                return
            yield block
            count += 1
        if count < READ_BLOCKS_MAX:
            return
        first += count


def dated(stored: StoredBlock) -> DatedBlock:
    """Read a block's timestamp and strand; CorruptJournalError where it is no block."""
    try:
        struct = ion.decode_bare(stored.ion)
        return DatedBlock(stored, struct["blockTimestamp"], str(struct["blockAddress"]["strandId"]))
    except (IonError, KeyError, TypeError) as error:
        raise CorruptJournalError(
            f"block {stored.sequence_no} of the journal cannot be read ({error!r}): verify it"
        ) from error


def _is_before(source: BlockSource, sequence_no: int, moment: datetime) -> bool:
    block = block_at(source, sequence_no)
    return block is not None and block.timestamp < moment
