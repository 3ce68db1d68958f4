"""Events in a ledger as the benchmarks use it: about 300 bytes each, ten a stream, one index."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from runtime.ledger.engine import Ledger
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.storage.sqlite_file import Execute, SqliteFile

EVENTS_A_STREAM: Final = 10
TEXT: Final = "x" * 190
FILL_DOCUMENTS: Final = 40
"""In one transaction while a journal is made large: QLDB's limit."""
INSERT: Final = "INSERT INTO Events ?"
FIND: Final = "SELECT * FROM Events AS e WHERE e.stream = ?"
SCHEMA: Final = ("CREATE TABLE Events", "CREATE INDEX ON Events (stream)")


class CountingFile(SqliteFile):
    """Counts transactions that wrote: each is one flush."""

    flushes = 0

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """As the file's own."""
        with super().transaction() as execute:
            yield execute
        type(self).flushes += 1


@contextmanager
def events_ledger(folder: Path) -> Iterator[Ledger]:
    """A fresh ledger in a folder of its own beneath `folder`; its journal is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=folder) as own, events_file(Path(own) / "journal") as made:
        yield made


@contextmanager
def events_file(path: Path) -> Iterator[Ledger]:
    """The ledger in a file, which is made when there is none."""
    storage = SqliteStorage(path, open_file=CountingFile)
    ledger = Ledger(storage, name="bench")
    if storage.head() is None:
        for statement in SCHEMA:
            run(ledger, statement)
    yield ledger
    storage.close()


def event(stream: int) -> dict[str, Any]:
    """What happened in a stream."""
    return {"stream": str(stream), "text": TEXT, "kind": "happened"}


def run(ledger: Ledger, statement: str, *parameters: Any) -> list[Any]:
    """Run a statement in a transaction of its own; its rows."""
    transaction = ledger.begin()
    rows = transaction.execute(statement, parameters)
    transaction.commit()
    return rows


def fill(ledger: Ledger, first: int, end: int) -> Iterator[list[str]]:
    """Insert events first..end-1, as many in a transaction as there may be; the ids of each."""
    for start in range(first, end, FILL_DOCUMENTS):
        numbers = range(start, min(end, start + FILL_DOCUMENTS))
        events = [event(n // EVENTS_A_STREAM) for n in numbers]
        rows = run(ledger, f"INSERT INTO Events << {', '.join('?' * len(events))} >>", *events)
        yield [str(row["documentId"]) for row in rows]
