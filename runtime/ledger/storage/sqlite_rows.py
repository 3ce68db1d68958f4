"""Blocks, revisions and index entries as rows of a SQLite file."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from typing import Final

from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage import peaks as joined_peaks
from runtime.ledger.storage.port import Commit, Redaction, StoredBlock, StoredRevision
from runtime.ledger.storage.sqlite_file import Execute, Row

ROWS_MAX: Final = 16
"""Inserted by one statement."""
INSERTIONS_CACHED_MAX: Final = 3 * ROWS_MAX

_FLAGS: Final = {0, 1}


def redact(execute: Execute, redactions: tuple[Redaction, ...]) -> bool:
    """Replace the data of revisions; False, and nothing is done, when one has changed."""
    if not redactions:
        return True
    # What is overwritten must not be left behind in free space of the file.
    execute("PRAGMA secure_delete = ON")
    for each in redactions:
        old, r = each.block, each.revision
        key = (r.table_id, r.document_id, r.version)
        unchanged = execute(
            "SELECT 1 FROM block, revision WHERE block.sequence_no = ? AND block.ion = ?"
            " AND table_id = ? AND document_id = ? AND version = ? AND revision.ion = ?",
            (old.sequence_no, old.ion, *key, r.ion),
        ).fetchone()
        if unchanged is None:
            return False
        execute("UPDATE block SET ion = ? WHERE sequence_no = ?", (each.block_ion, old.sequence_no))
        execute(
            "UPDATE revision SET ion = ? WHERE table_id = ? AND document_id = ? AND version = ?",
            (each.revision_ion, *key),
        )
    return True


def insert(execute: Execute, commits: Iterable[Commit]) -> None:
    """Write everything that these commits add, table by table."""
    blocks: list[Row] = []
    revisions: list[Row] = []
    entries: list[Row] = []
    for commit in commits:
        b = commit.block
        peaks = joined_peaks.join(b.peaks)
        blocks.append((b.sequence_no, b.block_hash, peaks, b.catalog_sequence_no, b.ion))
        revisions += [
            (r.table_id, r.document_id, r.version, r.sequence_no, int(r.deleted), r.ion)
            for r in commit.revisions
        ]
        entries += [(e.index_id, e.key, e.document_id, e.version) for e in commit.index_entries]
    _insert(execute, "block", blocks)
    _insert(execute, "revision", revisions)
    _insert(execute, "index_entry", entries)


def _insert(execute: Execute, table: str, rows: list[Row]) -> None:
    """Write rows, several by one statement: after each one Python may run another thread first."""
    for start in range(0, len(rows), ROWS_MAX):
        several = rows[start : start + ROWS_MAX]
        query = _insertion(table, len(several[0]), len(several))
        execute(query, tuple(chain.from_iterable(several)))


@lru_cache(INSERTIONS_CACHED_MAX)
def _insertion(table: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}"  # noqa: S608 - no value is in it.


def block(row: Row) -> StoredBlock:
    """A block from its row."""
    sequence_no, block_hash, peaks, catalog_sequence_no, ion = row
    return StoredBlock(sequence_no, block_hash, joined_peaks.split(peaks), catalog_sequence_no, ion)


def revision(row: Row) -> StoredRevision:
    """A revision from its row; CorruptJournalError where it is neither deleted nor not."""
    table_id, document_id, version, sequence_no, deleted, ion = row
    if deleted not in _FLAGS:
        raise CorruptJournalError(
            f"version {version} of document {document_id} of table {table_id}, from block"
            f" {sequence_no}, is not what was committed: verify the journal and restore it from a"
            " backup"
        )
    return StoredRevision(table_id, document_id, version, sequence_no, bool(deleted), ion)
