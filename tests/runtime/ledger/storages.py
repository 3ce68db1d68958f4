"""Journals that count what is asked of them or fail when they are told to."""

import random
import threading
from collections import Counter
from collections.abc import Iterator

from runtime.ledger import merkle
from runtime.ledger.errors import HeadMovedError, UnavailableError
from runtime.ledger.storage.port import Commit, IndexEntry, StoredBlock, StoredRevision
from tests.fakes import MemoryStorage


class CountingStorage(MemoryStorage):
    """Counts calls by name: each is a round trip on a real store."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def taken(self) -> dict[str, int]:
        """The calls since this was asked last."""
        calls = dict(self.calls)
        self.calls.clear()
        return calls

    def head(self) -> StoredBlock | None:
        self.calls["head"] += 1
        return super().head()

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        self.calls["blocks"] += 1
        return super().blocks(first, last)

    def append(self, commit: Commit) -> None:
        self.calls["append"] += 1
        super().append(commit)

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        self.calls["current"] += 1
        return super().current(table_id, document_id)

    def revision(self, table_id: str, document_id: str, version: int) -> StoredRevision | None:
        self.calls["revision"] += 1
        return super().revision(table_id, document_id, version)

    def history(self, table_id: str, document_id: str, first: int = 0) -> Iterator[StoredRevision]:
        self.calls["history"] += 1
        return super().history(table_id, document_id, first)

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        self.calls["documents"] += 1
        return super().documents(table_id)

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        self.calls["revisions"] += 1
        return super().revisions(table_id)

    def lookup(self, index_id: str, key: bytes) -> tuple[IndexEntry, ...]:
        self.calls["lookup"] += 1
        return super().lookup(index_id, key)


class FailingStorage(MemoryStorage):
    """Fails by plan: each call of a planned method takes the next step of its plan.

    "" works, "before" fails without effect, "after" has its effect and fails all the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.plan: dict[str, list[str]] = {}

    def _step(self, method: str) -> str:
        steps = self.plan.get(method)
        step = steps.pop(0) if steps else ""
        if step == "before":
            raise UnavailableError(f"{method} was not answered")
        return step

    def head(self) -> StoredBlock | None:
        self._step("head")
        return super().head()

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        self._step("blocks")
        return super().blocks(first, last)

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        self._step("current")
        return super().current(table_id, document_id)

    def append(self, commit: Commit) -> None:
        step = self._step("append")
        super().append(commit)
        if step == "after":
            raise UnavailableError("append was not answered")


class FlakyQueue(MemoryStorage):
    """Takes blocks before their predecessors are there, and fails now and then in every way."""

    queues_appends = True
    PREDECESSOR_WAIT_S = 0.02

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.failing = False
        self.depth_max = 0
        self._waiting = 0
        self._arrived = threading.Condition()

    def append(self, commit: Commit) -> None:
        step = self.random.choice(["", "", "", "before", "after"]) if self.failing else ""
        with self._arrived:
            self._waiting += 1
            self.depth_max = max(self.depth_max, self._waiting)
            try:
                self._arrived.wait_for(lambda: self._is_next(commit), self.PREDECESSOR_WAIT_S)
                if step == "before":
                    raise UnavailableError("append was not answered")
                if not self._is_upon(commit):
                    raise HeadMovedError("not built upon the head")
                super().append(commit)
            finally:
                self._waiting -= 1
                self._arrived.notify_all()
        if step == "after":
            raise UnavailableError("append was not answered")

    def _is_next(self, commit: Commit) -> bool:
        head = self.head()
        return commit.block.sequence_no <= (0 if head is None else head.sequence_no + 1)

    def _is_upon(self, commit: Commit) -> bool:
        head = self.head()
        block = commit.block
        if block.sequence_no != (0 if head is None else head.sequence_no + 1):
            return False
        peaks = () if head is None else head.peaks
        return merkle.append(peaks, block.sequence_no, block.block_hash) == block.peaks
