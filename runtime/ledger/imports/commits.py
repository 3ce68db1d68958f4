"""Checked blocks as commits: all that a store needs of each to answer queries."""

from collections.abc import Iterator
from typing import Any

from runtime.ledger import ion, merkle
from runtime.ledger.block import NO_CATALOG
from runtime.ledger.catalog import SYSTEM_TABLE
from runtime.ledger.imports.chain import CheckedBlock
from runtime.ledger.imports.entries import Entries
from runtime.ledger.imports.restoration import TableRevision, restored
from runtime.ledger.imports.tables import Tables
from runtime.ledger.storage.port import Commit, IndexEntry, StoredBlock, StoredRevision


class Commits:
    """Makes the commit of each block, one after the other, upon those before it."""

    def __init__(self, head: StoredBlock | None, tables: Tables, entries: Entries) -> None:
        """Go on after `head`."""
        self._head = head
        self._tables = tables
        self._entries = entries

    def commit(self, checked: CheckedBlock) -> Commit:
        """The commit of the next block, whose hidden revisions are restored if they can be."""
        block = checked.struct
        changed = self._tables.follow(block)
        defined = {
            table_id: TableRevision(table, self._tables.version(table_id))
            for table_id, table in changed.items()
        }
        revisions = list(restored(block, defined))
        entries: dict[IndexEntry, None] = {}
        for table, index in self._tables.new_indexes:
            entries.update(dict.fromkeys(self._entries.of_index(table, index)))
        for table_id, revision in _user_revisions(checked):
            stored = _stored_revision(table_id, revision, checked.link.sequence_no)
            table = self._tables.get(table_id)
            entries.update(dict.fromkeys(self._entries.of_revision(table, stored, revision)))
            revisions.append(stored)
        self._head = self._stored_block(checked, changes_catalog=bool(changed))
        return Commit(self._head, tuple(revisions), tuple(entries))

    def _stored_block(self, checked: CheckedBlock, *, changes_catalog: bool) -> StoredBlock:
        head, link = self._head, checked.link
        catalog_sequence_no = NO_CATALOG if head is None else head.catalog_sequence_no
        return StoredBlock(
            sequence_no=link.sequence_no,
            block_hash=link.block_hash,
            peaks=merkle.append(
                () if head is None else head.peaks, link.sequence_no, link.block_hash
            ),
            catalog_sequence_no=link.sequence_no if changes_catalog else catalog_sequence_no,
            ion=ion.encode_sound(checked.struct),
        )


def _user_revisions(checked: CheckedBlock) -> Iterator[tuple[str, Any]]:
    """Every revision of a document that is shown, with its table's id."""
    for revision in checked.struct.get("revisions", ()):
        if "metadata" in revision:
            table_id = str(checked.documents[str(revision["metadata"]["id"])]["tableId"])
            if table_id != SYSTEM_TABLE.table_id:
                yield table_id, revision


def _stored_revision(table_id: str, revision: Any, sequence_no: int) -> StoredRevision:
    return StoredRevision(
        table_id=table_id,
        document_id=str(revision["metadata"]["id"]),
        version=int(revision["metadata"]["version"]),
        sequence_no=sequence_no,
        deleted="data" not in revision and "dataHash" not in revision,
        ion=ion.encode_sound(revision),
    )
