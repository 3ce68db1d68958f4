"""Revisions of the system table, which exports hide: made again, and proven by their hash.

What was hidden is the definition of a table. It is known from `tables`; the time of the
transaction is another revision's or, in a block without any, one of the few milliseconds between
its last statement and its block's timestamp. When the hash of what is put together is the one that
the block holds, then it is the revision, and the imported block becomes the original one, bit for
bit. Otherwise, as in QLDB's own exports, the block keeps the hash alone, and the catalog gets a
revision that only this ledger knows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from runtime.ledger import ion
from runtime.ledger.catalog import SYSTEM_TABLE, row_of
from runtime.ledger.hashing import dot, ion_hash, ion_hashes
from runtime.ledger.partiql.access import Table
from runtime.ledger.storage.port import StoredRevision

TX_TIMES_TRIED_MAX: Final = 5_000
"""Milliseconds before a block's timestamp at which its transaction may have been committed."""


@dataclass(frozen=True, slots=True)
class TableRevision:
    """One version of a table's definition."""

    table: Table
    version: int


def restored(block: Any, tables: Mapping[str, TableRevision]) -> Iterator[StoredRevision]:
    """The system revisions of a block; those that are proven are put into the block in place."""
    hidden = {
        bytes(revision["hash"]): position
        for position, revision in enumerate(block.get("revisions", ()))
        if "metadata" not in revision
    }
    for table_id, defined in tables.items():
        revision = _proven(block, defined, hidden) if hidden else None
        if revision is not None:
            block["revisions"][hidden[bytes(revision["hash"])]] = revision
        else:
            revision = _revision(block, defined, block["blockTimestamp"])
        yield StoredRevision(
            table_id=SYSTEM_TABLE.table_id,
            document_id=table_id,
            version=defined.version,
            sequence_no=int(block["blockAddress"]["sequenceNo"]),
            deleted=False,
            ion=ion.encode(revision),
        )


def _proven(block: Any, defined: TableRevision, hidden: Mapping[bytes, int]) -> Any:
    """The revision whose hash is among the hidden ones; None when there is none."""
    data_hash = ion_hash(row_of(defined.table))
    for tx_time in _tx_times(block):
        metadata = _metadata(block, defined, tx_time)
        if dot(data_hash, ion_hash(metadata)) in hidden:
            return _revision(block, defined, tx_time)
    return None


def _tx_times(block: Any) -> Iterator[datetime]:
    """When the transaction may have been committed, likelier times first."""
    for revision in block["revisions"]:
        if "metadata" in revision:
            yield revision["metadata"]["txTime"]
            return
    latest = block["blockTimestamp"]
    earliest = block["transactionInfo"]["statements"][-1]["startTime"]
    span_ms = (latest - earliest) // timedelta(milliseconds=1)
    for before_ms in range(min(span_ms, TX_TIMES_TRIED_MAX) + 1):
        yield latest - timedelta(milliseconds=before_ms)


def _metadata(block: Any, defined: TableRevision, tx_time: datetime) -> dict[str, Any]:
    return {
        "id": defined.table.table_id,
        "version": defined.version,
        "txTime": ion.timestamp(tx_time),
        "txId": str(block["transactionId"]),
    }


def _revision(block: Any, defined: TableRevision, tx_time: datetime) -> Any:
    metadata = _metadata(block, defined, tx_time)
    data = row_of(defined.table)
    revision = {
        "blockAddress": block["blockAddress"],
        "hash": dot(*ion_hashes([data, metadata])),
        "data": data,
        "metadata": metadata,
    }
    return ion.decode(ion.encode(revision))
