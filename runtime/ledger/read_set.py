"""What a transaction has read, and whether a later block changed any of it."""

from dataclasses import dataclass, field
from typing import Any

from runtime.ledger import ion
from runtime.ledger.block import Change, Revision
from runtime.ledger.catalog import Catalog
from runtime.ledger.contents import key_of
from runtime.ledger.delta import BlockChanges
from runtime.ledger.errors import ConflictError
from runtime.ledger.partiql.access import Index, Table

ABSENT = -1
"""The version of a document that was looked for and not found."""
_VALUE_CHARACTERS_MAX = 80


@dataclass(slots=True)
class Predicate:
    """An equality that was looked up in an index."""

    table: Table
    name: str
    """The indexed field's."""
    value: Any
    candidates: tuple[str, ...] | None = None
    """Ids of the documents the index named; None before it was asked."""
    seen: dict[str, int] = field(default_factory=dict[str, int])
    """The version at which each candidate was compared, by document id."""


class ReadSet:
    """Grows while the transaction reads; asked at commit whether it still holds."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._documents: dict[tuple[str, str], int] = {}
        self._names: dict[str, str] = {}
        self._predicates: dict[tuple[str, str], dict[bytes, Predicate]] = {}
        self._scanned: dict[str, str] = {}
        self._tables: dict[str, tuple[str, int]] = {}
        self._missing: set[str] = set()
        self._whole_catalog: int | None = None

    @property
    def documents(self) -> int:
        """How many documents were read one by one."""
        return len(self._documents)

    def add_document(self, table: Table, document_id: str, version: int) -> None:
        """A document was read at a version, ABSENT when there is none; the first read counts."""
        self._names[table.table_id] = table.name
        self._documents.setdefault((table.table_id, document_id), version)

    def add_predicate(self, table: Table, index: Index, value: Any, key: bytes) -> Predicate:
        """Documents were looked up by the value of an indexed field."""
        by_key = self._predicates.setdefault((table.table_id, index.field), {})
        return by_key.setdefault(key, Predicate(table, index.field, value))

    def add_scan(self, table: Table) -> None:
        """Every document of the table was read, so any change of the table counts."""
        self._scanned[table.table_id] = table.name

    def add_table(self, table: Table, version: int) -> None:
        """A table's definition was used."""
        self._tables.setdefault(table.table_id, (table.name, version))

    def add_missing_table(self, name: str) -> None:
        """A table was asked for by name and there was none."""
        self._missing.add(name)

    def add_catalog(self, catalog: Catalog) -> None:
        """All definitions were read, so any change of a table or index counts."""
        if self._whole_catalog is None:
            self._whole_catalog = catalog.sequence_no

    def renew_tables(self, catalog: Catalog) -> None:
        """Go over to newer definitions of the tables used, as if they had been used all along.

        Good for a transaction that has read nothing else: which indexes there are matters to what
        it reads and to the entries its commit adds, and those are yet to be made. Raises
        ConflictError when a table is no longer there.
        """
        for table_id, (name, _) in self._tables.items():
            table = catalog.tables.get(table_id)
            if table is None or not table.active:
                raise ConflictError(
                    f"table {name} was dropped, at the latest in block {catalog.sequence_no},"
                    " after this transaction used it"
                )
            self._tables[table_id] = (name, catalog.versions[table_id])

    def check_catalog(self, catalog: Catalog) -> None:
        """Raise ConflictError unless the definitions that were used are still these."""
        if self._whole_catalog not in (None, catalog.sequence_no):
            raise ConflictError(
                f"tables or indexes were changed in block {catalog.sequence_no},"
                f" after they were read as of block {self._whole_catalog}"
            )
        for table_id, (name, version) in self._tables.items():
            if catalog.versions.get(table_id) != version:
                raise ConflictError(
                    f"the definition of table {name} was changed, at the latest in block"
                    f" {catalog.sequence_no}, after this transaction used it"
                )
        for name in self._missing:
            if catalog.active(name) is not None:
                raise ConflictError(
                    f"table {name} was created, at the latest in block {catalog.sequence_no},"
                    " after this transaction found none of that name"
                )

    def check(self, block: BlockChanges) -> None:
        """Raise ConflictError, saying what and where, if this block changed what was read."""
        for change in block.changes:
            conflict = self._conflict(change)
            if conflict is not None:
                raise ConflictError(f"{conflict} in block {block.sequence_no}")

    def _conflict(self, change: Change | Revision) -> str | None:
        return (
            self._document_conflict(change)
            or self._scan_conflict(change)
            or self._predicate_conflict(change)
        )

    def _scan_conflict(self, change: Change | Revision) -> str | None:
        scanned = self._scanned.get(change.table_id)
        if scanned is None:
            return None
        return (
            f"table {scanned}, read as a whole, had document {change.document_id}"
            f" changed to version {change.version}"
        )

    def _document_conflict(self, change: Change | Revision) -> str | None:
        version = self._documents.get((change.table_id, change.document_id))
        if version is None or change.version <= version:
            return None
        read = "found absent" if version == ABSENT else f"read at version {version}"
        table = self._names[change.table_id]
        done = "deleted by" if change.data is None else "changed to"
        return (
            f"document {change.document_id} of table {table}, {read},"
            f" was {done} version {change.version}"
        )

    def _predicate_conflict(self, change: Change | Revision) -> str | None:
        if change.data is None:
            return None
        for (table_id, name), by_key in self._predicates.items():
            if table_id != change.table_id:
                continue
            predicate = by_key.get(key_of(change.data, name) or b"")
            if predicate is not None and change.version > predicate.seen.get(
                change.document_id, ABSENT
            ):
                return (
                    f"predicate {name} = {_shown(predicate.value)} on table"
                    f" {predicate.table.name} came to match document {change.document_id}"
                    f" (version {change.version})"
                )
        return None


def _shown(value: Any) -> str:
    text = ion.text(value)
    return text if len(text) <= _VALUE_CHARACTERS_MAX else text[:_VALUE_CHARACTERS_MAX] + "…"
