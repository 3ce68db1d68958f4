"""Tables and indexes: documents of the system table, read again when the head names newer ones."""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.ledger import ion
from runtime.ledger.block import NO_CATALOG
from runtime.ledger.errors import LimitExceededError, StatementError
from runtime.ledger.limits import Limits
from runtime.ledger.partiql.access import Index, Table
from runtime.ledger.readback import Strand, read_back
from runtime.ledger.storage.port import JournalStorage, StoredBlock

SYSTEM_TABLE = Table(
    table_id="SystemUserTables000001",
    name="information_schema.user_tables",
    active=True,
    indexes=(),
)
"""Its documents are the tables: a document's id is the table's id, its data the row of the view."""

_TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_COMMITTED_PREFIX = "_ql_committed_"


def row_of(table: Table) -> Any:
    """The table's row in information_schema.user_tables, an Ion struct and also its document."""
    row = {
        "tableId": table.table_id,
        "name": table.name,
        "indexes": [
            {"indexId": index.index_id, "expr": f"[{index.field}]", "status": "ONLINE"}
            for index in table.indexes
        ],
        "status": "ACTIVE" if table.active else "INACTIVE",
    }
    return ion.decode(ion.encode(row))


def table_of(row: Mapping[str, Any]) -> Table:
    """The table a document of the system table describes."""
    return Table(
        table_id=str(row["tableId"]),
        name=str(row["name"]),
        active=row["status"] == "ACTIVE",
        indexes=tuple(
            Index(index_id=str(index["indexId"]), field=str(index["expr"])[1:-1])
            for index in row["indexes"]
        ),
    )


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every table at one moment, dropped ones included; a change makes a new catalog."""

    sequence_no: int = NO_CATALOG
    """The catalog_sequence_no this was read at."""
    tables: Mapping[str, Table] = field(default_factory=dict[str, Table])
    """By table id."""
    versions: Mapping[str, int] = field(default_factory=dict[str, int])
    """The committed version of each table's document, by table id."""

    def active(self, name: str) -> Table | None:
        """The active table of exactly this name."""
        return next((t for t in self.tables.values() if t.name == name and t.active), None)

    def named(self, name_or_id: str) -> Table | None:
        """A table by its name while it is active, or by its id even when it was dropped."""
        return self.active(name_or_id) or self.tables.get(name_or_id)

    def having(self, tables: Mapping[str, Table]) -> "Catalog":
        """This catalog with tables added or changed, by table id."""
        return replace(self, tables={**self.tables, **tables})

    def created(self, name: str, table_id: str, limits: Limits) -> Table:
        """A new table, once its name and the number of tables have been checked."""
        if not _TABLE_NAME.fullmatch(name) or name.startswith(_COMMITTED_PREFIX):
            raise StatementError(
                f"'{name}' cannot name a table: use letters, digits and underscores, at most 128,"
                f" no digit first, and not the prefix {_COMMITTED_PREFIX}"
            )
        self._check_name_is_free(name)
        if len(self.tables) >= limits.tables_total_max:
            raise LimitExceededError(
                f"table {name} would be one too many: the ledger has {len(self.tables)} tables,"
                " dropped ones counted, the most there may be; undrop a table instead"
            )
        self._check_active_count(name, limits)
        return Table(table_id=table_id, name=name, active=True, indexes=())

    def undropped(self, table_id: str, limits: Limits) -> Table:
        """A dropped table made active again."""
        table = self.tables.get(table_id)
        if table is None:
            raise StatementError(f"no table has the id {table_id}")
        if table.active:
            raise StatementError(f"table {table.name} ({table_id}) is active: nothing to undrop")
        self._check_name_is_free(table.name)
        self._check_active_count(table.name, limits)
        return replace(table, active=True)

    def _check_name_is_free(self, name: str) -> None:
        if self.active(name) is not None:
            raise StatementError(f"table {name} exists already: drop it first or choose a name")

    def _check_active_count(self, name: str, limits: Limits) -> None:
        active = sum(table.active for table in self.tables.values())
        if active >= limits.tables_active_max:
            raise LimitExceededError(
                f"table {name} would be one too many: the ledger has {active} active tables,"
                " the most there may be; drop a table first"
            )


def indexed(table: Table, index: Index, limits: Limits) -> Table:
    """The table with one more index, once field and number have been checked."""
    if not 1 <= len(index.field) <= limits.index_field_characters_max:
        raise StatementError(
            f"an index on table {table.name} needs a field name of 1 to"
            f" {limits.index_field_characters_max} characters, not {len(index.field)}"
        )
    if any(existing.field == index.field for existing in table.indexes):
        raise StatementError(f"table {table.name} has an index on {index.field} already")
    if len(table.indexes) >= limits.table_indexes_max:
        raise LimitExceededError(
            f"table {table.name} has {len(table.indexes)} indexes, the most there may be:"
            f" drop one before indexing {index.field}"
        )
    return replace(table, indexes=(*table.indexes, index))


def unindexed(table: Table, index_id: str) -> Table:
    """The table without one of its indexes."""
    remaining = tuple(index for index in table.indexes if index.index_id != index_id)
    if len(remaining) == len(table.indexes):
        raise StatementError(f"table {table.name} has no index with the id {index_id}")
    return replace(table, indexes=remaining)


class CatalogCache:
    """The newest catalog this process has seen; threads may share it."""

    def __init__(self, storage: JournalStorage) -> None:
        """Read nothing yet."""
        self._storage = storage
        self._lock = threading.Lock()
        self._newest: Catalog | None = None
        self.strand = Strand()
        """The journal's, by which revisions that are read are held to it."""

    @property
    def newest(self) -> Catalog | None:
        """What is kept, perhaps out of date; None before the first read."""
        return self._newest

    def at(self, head: StoredBlock | None) -> Catalog:
        """The catalog the head names; the store is asked only when it is not the one kept."""
        wanted = NO_CATALOG if head is None else head.catalog_sequence_no
        kept = self._newest
        if kept is not None and kept.sequence_no == wanted:
            return kept
        read = self._read(wanted)
        self._take(read)
        return read

    def keep(self, committed: Catalog, changed: Iterable[str], sequence_no: int) -> None:
        """Take over what a commit has made of the newest catalog, saving a read of it.

        `changed` are the ids of the tables that got a new version in block `sequence_no`.
        """
        versions = {**committed.versions}
        for table_id in changed:
            versions[table_id] = versions.get(table_id, -1) + 1
        self._take(Catalog(sequence_no, committed.tables, versions))

    def _take(self, catalog: Catalog) -> None:
        with self._lock:
            if self._newest is None or self._newest.sequence_no < catalog.sequence_no:
                self._newest = catalog

    def _read(self, sequence_no: int) -> Catalog:
        if sequence_no == NO_CATALOG:
            return Catalog()
        tables: dict[str, Table] = {}
        versions: dict[str, int] = {}
        for stored in self._storage.documents(SYSTEM_TABLE.table_id):
            tables[stored.document_id] = table_of(read_back(stored, self.strand)["data"])
            versions[stored.document_id] = stored.version
        return Catalog(sequence_no, tables, versions)
