"""Ads over ledgers in memory, and stores that count or fail."""

from collections.abc import Callable, Iterator

from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.connection import ad_ledger
from runtime.ledger.errors import UnavailableError
from runtime.ledger.storage.port import (
    Commit,
    IndexEntry,
    JournalStorage,
    StoredBlock,
    StoredRevision,
)
from tests.fakes import MemoryStorage


class CountingStorage:
    """A journal that counts its round trips."""

    def __init__(self, inner: JournalStorage | None = None) -> None:
        self.inner = MemoryStorage() if inner is None else inner
        self.trips: list[str] = []

    def head(self) -> StoredBlock | None:
        self.trips.append("head")
        return self.inner.head()

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        self.trips.append("blocks")
        return self.inner.blocks(first, last)

    def append(self, commit: Commit) -> None:
        self.trips.append("append")
        self.inner.append(commit)

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        self.trips.append("current")
        return self.inner.current(table_id, document_id)

    def history(self, table_id: str, document_id: str) -> Iterator[StoredRevision]:
        self.trips.append("history")
        return self.inner.history(table_id, document_id)

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        self.trips.append("documents")
        return self.inner.documents(table_id)

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        self.trips.append("revisions")
        return self.inner.revisions(table_id)

    def lookup(self, index_id: str, key: bytes) -> tuple[IndexEntry, ...]:
        self.trips.append("lookup")
        return self.inner.lookup(index_id, key)

    def close(self) -> None:
        self.inner.close()


class FailingStorage(CountingStorage):
    """A journal that stops answering when told to."""

    down = False

    def head(self) -> StoredBlock | None:
        if self.down:
            raise UnavailableError("the table is throttled")
        return super().head()


def ledger_over(storage: JournalStorage) -> AdLedger:
    return ad_ledger("ads", 1, lambda _: storage)


def memory_ledger(
    shards: int = 1, storage: Callable[[str], JournalStorage] | None = None
) -> AdLedger:
    return ad_ledger("ads", shards, storage or (lambda _: MemoryStorage()))
