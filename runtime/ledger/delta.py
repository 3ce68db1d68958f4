"""What blocks changed: read from the journal page by page, the newest of them kept decoded."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runtime.ledger.block import Block, Change, Revision
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.limits import Limits
from runtime.ledger.storage.port import JournalStorage, StoredBlock


@dataclass(frozen=True, slots=True)
class BlockChanges:
    """What one block did, as far as its successors depend on it."""

    sequence_no: int
    strand_id: str
    transaction_id: str
    timestamp: datetime
    changes: tuple[Change | Revision, ...]


class Delta:
    """Changes of blocks by sequence number; threads may share it.

    Blocks never change once they are in the journal, so what was decoded stays true.
    """

    def __init__(self, storage: JournalStorage, limits: Limits) -> None:
        """Know no block yet."""
        self._storage = storage
        self._limits = limits
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[BlockChanges, int]] = OrderedDict()
        self._bytes = 0

    def between(self, first: int, head: StoredBlock) -> Iterator[BlockChanges]:
        """The changes of blocks first..head in order; the store is read a page at a time."""
        while first <= head.sequence_no:
            kept = self._kept.get(first)
            if kept is not None:
                yield kept[0]
                first += 1
            elif first == head.sequence_no:
                yield self.keep(head)
                first += 1
            else:
                last = min(first + self._limits.delta_page_blocks_max, head.sequence_no) - 1
                for stored in self._storage.blocks(first, last):
                    yield self.keep(stored)
                first = last + 1

    def keep(self, stored: StoredBlock) -> BlockChanges:
        """Decode a block's changes, or take them as they were decoded before."""
        kept = self._kept.get(stored.sequence_no)
        if kept is not None:
            return kept[0]
        return self.remember(changes_of(stored), len(stored.ion))

    def remember(self, decoded: BlockChanges, size_bytes: int) -> BlockChanges:
        """Keep a block's changes unless it is large, forgetting the oldest when there are many."""
        if size_bytes > self._limits.recent_block_bytes_max:
            return decoded
        with self._lock:
            if decoded.sequence_no not in self._kept:
                self._kept[decoded.sequence_no] = decoded, size_bytes
                self._bytes += size_bytes
            while self._is_full():
                self._bytes -= self._kept.popitem(last=False)[1][1]
        return decoded

    def _is_full(self) -> bool:
        limits = self._limits
        return len(self._kept) > limits.recent_blocks_max or self._bytes > limits.recent_bytes_max


def changes_of(stored: StoredBlock) -> BlockChanges:
    """Decode what a stored block changed."""
    block = Block.from_ion(stored.ion)
    if block.block_hash != stored.block_hash:
        raise CorruptJournalError(
            f"the hash kept with block {stored.sequence_no} is not its own: verify the journal"
        )
    return BlockChanges(
        sequence_no=stored.sequence_no,
        strand_id=block.strand_id,
        transaction_id=block.transaction_id,
        timestamp=block.block_timestamp,
        changes=block.revisions,
    )
