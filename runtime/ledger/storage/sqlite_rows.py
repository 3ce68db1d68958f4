"""Blocks, revisions and index entries as rows of a SQLite file."""

from typing import Final

from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage import peaks as joined_peaks
from runtime.ledger.storage.port import Commit, Redaction, StoredBlock, StoredRevision
from runtime.ledger.storage.sqlite_file import Execute, Row

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


def insert(execute: Execute, commit: Commit) -> None:
    """Write everything that a commit adds."""
    new = commit.block
    peaks = joined_peaks.join(new.peaks)
    row = (new.sequence_no, new.block_hash, peaks, new.catalog_sequence_no, new.ion)
    execute("INSERT INTO block VALUES (?, ?, ?, ?, ?)", row)
    for r in commit.revisions:
        row = (r.table_id, r.document_id, r.version, r.sequence_no, int(r.deleted), r.ion)
        execute("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)", row)
    for e in commit.index_entries:
        row = (e.index_id, e.key, e.document_id, e.version)
        execute("INSERT INTO index_entry VALUES (?, ?, ?, ?)", row)


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
