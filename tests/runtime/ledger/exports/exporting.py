"""Ledgers with something in them, and their exports."""

from datetime import UTC, datetime, timedelta
from typing import Any

from runtime.ledger.engine import Ledger
from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.export import Export
from runtime.ledger.exports.manifests import ExportRequest
from runtime.ledger.storage.port import JournalStorage
from tests.runtime.ledger.ledgers import DELETE, INSERT, SET_N, Clock, execute, insert, run

EXPORT_ID = "8UyXulxccYLAsbN1aon7e4"
START = datetime(2030, 1, 1, tzinfo=UTC)
END = datetime(2040, 1, 1, tzinfo=UTC)
OBJECT_BYTES = 3_000
"""A few small blocks."""


def redact_first(ledger: Ledger, ad: str) -> int:
    """Redact what an ad that was changed once was at first; the number of the block it is in."""
    [first, _] = ledger.history("Ads", ad)
    table = str(user_tables(ledger)["Ads"]["tableId"])
    run(ledger, "EXEC REDACT_REVISION ?, ?, ?", first["blockAddress"], table, ad)
    return int(first["blockAddress"]["sequenceNo"])


def busy_ledger(storage: JournalStorage, clock: Clock | None = None, documents: int = 8) -> Ledger:
    """A ledger whose journal has everything that a journal can have; an hour passes in it."""
    clock = clock or Clock()
    ledger = Ledger(storage, name="ads-0", now=clock)
    run(ledger, "CREATE TABLE Ads")
    run(ledger, "CREATE INDEX ON Ads (category)")
    ads = [insert(ledger, category=f"c{n % 3}", n=n, note="x" * 50 * n) for n in range(documents)]
    clock.move(20 * 60)
    run(ledger, "CREATE INDEX ON Ads (n)")
    for ad in ads[: documents // 2]:
        run(ledger, SET_N, 100, ad)
        clock.move(15 * 60)
    run(ledger, DELETE, ads[0])
    _define_at_once(ledger)
    run(ledger, "CREATE TABLE Dropped")
    run(ledger, "DROP TABLE Dropped")
    first_index = user_tables(ledger)["Ads"]["indexes"][0]["indexId"]
    run(ledger, f'DROP INDEX "{first_index}" ON Ads WITH (purge = true)')
    run(ledger, INSERT, [{"n": n} for n in range(3)])
    return ledger


def _define_at_once(ledger: Ledger) -> None:
    """A transaction of definitions and documents."""
    transaction = ledger.begin()
    execute(transaction, "CREATE TABLE Offers")
    execute(transaction, "CREATE INDEX ON Offers (a)")
    execute(transaction, INSERT, {"n": 7, "category": "mixed"})
    execute(transaction, "CREATE TABLE Others")
    transaction.commit()


def user_tables(ledger: Ledger) -> dict[str, Any]:
    """The rows of information_schema.user_tables by name."""
    rows = run(ledger, "SELECT * FROM information_schema.user_tables")
    return {row["name"]: row for row in rows}


def request(**changes: Any) -> ExportRequest:
    fields: dict[str, Any] = {
        "export_id": EXPORT_ID,
        "ledger_name": "ads-0",
        "inclusive_start": START,
        "exclusive_end": END,
        "bucket": "bucket",
        "prefix": "journal/",
        **changes,
    }
    return ExportRequest(**fields)


def at_once(_seconds: float) -> bool:
    """Waits for nothing and goes on."""
    return False


def export(
    storage: JournalStorage,
    destination: Destination,
    *,
    bytes_max: int = OBJECT_BYTES,
    **asked: Any,
) -> str:
    """Export to the end; the final manifest's key."""
    key = Export(
        storage,
        request(**asked),
        destination,
        wait=at_once,
        now=lambda: END + timedelta(days=1),
        object_bytes_max=bytes_max,
    ).run()
    assert key is not None
    return key
