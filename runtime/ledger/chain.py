"""The end of the chain as one process sees it: the journal's head and the blocks on their way."""

from collections import deque
from collections.abc import Iterator

from runtime.ledger.delta import BlockChanges, Delta
from runtime.ledger.storage.port import JournalStorage, StoredBlock

PENDING_BLOCKS_MAX = 64
"""Blocks sealed one upon another before the first of them is known to be durable."""


class Chain:
    """Where the next block goes and what came since a block; its owner takes turns for it.

    A store that shares one flush among the appends that wait is worth nothing if each block waits
    for the one before it. So blocks are sealed upon others that are still on their way. When one
    of those fails, all that were built upon it fail at the store, and the head is read again.
    """

    def __init__(self, storage: JournalStorage, delta: Delta, *, trusts_own: bool) -> None:
        """Nothing is on its way.

        `trusts_own` takes the newest block appended here for the head until an append fails. That
        is for stores where a failed append costs less than a read of the head.
        """
        self._trusts_own = trusts_own
        self._storage = storage
        self._delta = delta
        self._durable: StoredBlock | None = None
        self._newest_own = -1
        self._pending: deque[tuple[StoredBlock, BlockChanges]] = deque()

    @property
    def is_full(self) -> bool:
        """Whether no more blocks should be on their way."""
        return len(self._pending) >= PENDING_BLOCKS_MAX

    def tip(
        self, known: StoredBlock | None, *, first: bool
    ) -> tuple[StoredBlock | None, BlockChanges | None]:
        """The block to build upon and its changes: the newest on its way or the journal's head.

        `known` was the head a moment ago, `first` says that no append upon it has failed. Unless
        something newer has been seen here it is taken for the head still, without asking: if it is
        not, the append will tell.
        """
        if self._pending:
            return self._pending[-1]
        if self._trusts_own and _number(self._durable) > _number(known):
            known = self._durable
        newest_seen = max(_number(self._durable), self._newest_own)
        if not first or known is None or known.sequence_no < newest_seen:
            known = self._storage.head()
        self._durable = known
        return self._durable, None if self._durable is None else self._delta.keep(self._durable)

    def since(self, sequence_no: int) -> Iterator[BlockChanges]:
        """The changes of every block after one, to the tip that was given last."""
        if self._durable is not None:
            yield from self._delta.between(sequence_no + 1, self._durable)
        for block, changes in self._pending:
            if block.sequence_no > sequence_no:
                yield changes

    def push(self, block: StoredBlock, changes: BlockChanges) -> None:
        """A block built upon the tip is on its way."""
        self._pending.append((block, changes))

    def settle(self, block: StoredBlock, changes: BlockChanges, *, appended: bool) -> None:
        """A block is durable, and so are those before it; or it failed, and so will those after."""
        if appended:
            self._newest_own = max(self._newest_own, block.sequence_no)
            self._delta.remember(changes, len(block.ion))
        if not any(pending is block for pending, _ in self._pending):
            return
        if not appended:
            self._pending.clear()
            return
        while self._durable is not block:
            self._durable, passed = self._pending.popleft()
            self._delta.remember(passed, len(self._durable.ion))


def _number(block: StoredBlock | None) -> int:
    return -1 if block is None else block.sequence_no
