"""Ledgers to try things on, and how to do so in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.port import JournalStorage
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.transaction import Transaction
from tests.fakes import MemoryStorage

BY_ID = "SELECT a.* FROM Ads AS a BY id WHERE id = ?"
BY_CATEGORY = "SELECT VALUE a.n FROM Ads AS a WHERE a.category = ?"
SET_N = "UPDATE Ads AS a BY id SET a.n = ? WHERE id = ?"
DELETE = "DELETE FROM Ads BY id WHERE id = ?"
INSERT = "INSERT INTO Ads ?"
ALL = "SELECT VALUE a.n FROM Ads AS a"

STORAGES = ("memory", "sqlite")


@contextmanager
def storage_of(kind: str, folder: Path) -> Iterator[JournalStorage]:
    """A fresh journal, closed afterwards."""
    storage = MemoryStorage() if kind == "memory" else SqliteStorage(folder / "journal.sqlite")
    try:
        yield storage
    finally:
        storage.close()


def value(plain: Any) -> Any:
    """A plain Python value as the Ion value a client would send."""
    return ion.decode(ion.encode(plain))


def execute(transaction: Transaction, statement: str, *parameters: Any) -> list[Any]:
    """Run a statement with plain parameters in an open transaction."""
    return transaction.execute(statement, [value(parameter) for parameter in parameters])


def run(ledger: Ledger, statement: str, *parameters: Any) -> list[Any]:
    """Run a statement in a transaction of its own."""
    transaction = ledger.begin()
    rows = execute(transaction, statement, *parameters)
    transaction.commit()
    return rows


def insert(ledger: Ledger, **fields: Any) -> str:
    """Insert a document into Ads; its id."""
    return str(run(ledger, INSERT, fields)[0]["documentId"])


def with_ads(storage: JournalStorage, **options: Any) -> Ledger:
    """A ledger with a table Ads, indexed by category."""
    ledger = Ledger(storage, name="ads-0", **options)
    run(ledger, "CREATE TABLE Ads")
    run(ledger, "CREATE INDEX ON Ads (category)")
    return ledger


class Clock:
    """A wall clock that moves when it is told to."""

    def __init__(self) -> None:
        self.moment = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Ticks:
    """A monotonic clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s
