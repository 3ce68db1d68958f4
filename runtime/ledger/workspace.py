"""What the statements of one transaction may do: everything a plan asks of its ledger."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from amazon.ion.core import IonType

from runtime.ledger import ion
from runtime.ledger.budgets import Share
from runtime.ledger.catalog import SYSTEM_TABLE, CatalogCache, indexed, row_of, unindexed
from runtime.ledger.contents import encoded
from runtime.ledger.errors import LimitExceededError, StatementError
from runtime.ledger.identifiers import derived_id, new_id
from runtime.ledger.index_key import index_key
from runtime.ledger.large_values import LargeValues
from runtime.ledger.limits import Limits
from runtime.ledger.parameters import Parameters
from runtime.ledger.partiql.access import Index, Table
from runtime.ledger.partiql.values import field as field_of
from runtime.ledger.redaction import requested
from runtime.ledger.storage.port import IndexEntry, JournalStorage
from runtime.ledger.view import View
from runtime.ledger.writes import Write, index_entries


class Workspace(View):
    """A view that can be written to; what is written stays private until the commit."""

    def __init__(
        self,
        storage: JournalStorage,
        catalogs: CatalogCache,
        limits: Limits,
        now: Callable[[], datetime],
        transaction_id: str,
        new_document_id: Callable[[], str],
        large_values: LargeValues,
        decoded: Share,
    ) -> None:
        """Read and write nothing yet."""
        super().__init__(storage, catalogs, limits, now, transaction_id, large_values, decoded)
        self.statement = 0
        """The index of the statement that runs, which writes are put down to."""
        self.parameters = Parameters()
        """The running statement's."""
        self.table_tags: dict[str, Mapping[str, str]] = {}
        """Of the tables made here, by their id."""
        self._new_document_id = new_document_id
        self.redaction: Any = None
        """The row of the revision that the commit redacts."""
        self._backfill: list[IndexEntry] = []

    def insert(self, table: Table, data: Any) -> str:
        """Add a document; its new id. StatementError when it is not a struct."""
        _check_struct(table, data)
        document_id = self._new_document_id()
        self._put(table, document_id, version=0, before=None, data=data)
        return document_id

    def replace(self, table: Table, document_id: str, data: Any) -> None:
        """Give a document new contents."""
        _check_struct(table, data)
        self._follow(table, str(document_id), data)

    def delete(self, table: Table, document_id: str) -> None:
        """Delete a document; its id is never used again."""
        write = self.writes.get(table.table_id, str(document_id))
        if write is not None and write.version == 0:
            self.writes.forget(write)
        else:
            self._follow(table, str(document_id), None)

    def create_table(self, name: str, tags: Mapping[str, str]) -> str:
        """The new table's id; the commit hands on its tags, which are no part of the journal."""
        self._read_catalog()
        table_id = self._define(self.catalog.created(name, new_id(), self._limits))
        if tags:
            self.table_tags[table_id] = tags
        return table_id

    def drop_table(self, name: str) -> str:
        """The dropped table's id."""
        self._read_catalog()
        table = self.table(name)
        return self._define(Table(table.table_id, table.name, active=False, indexes=table.indexes))

    def undrop_table(self, table_id: str) -> str:
        """The id of the table that is active again."""
        self._read_catalog()
        return self._define(self.catalog.undropped(table_id, self._limits))

    def create_index(self, table: Table, field: str) -> str:
        """The table's id; the documents that are there already get their entries in this commit."""
        self._read_catalog()
        # Exports hide the revision that has the id; whoever imports one can still tell it.
        index_id = derived_id("index", self.transaction_id, self.statement)
        index = Index(index_id=index_id, field=field)
        changed = indexed(self.catalog.tables[table.table_id], index, self._limits)
        self._backfill.extend(self._built(table, index))
        self._unbuilt.add(index.index_id)
        return self._define(changed)

    def drop_index(self, table: Table, index_id: str) -> str:
        """The table's id."""
        self._read_catalog()
        return self._define(unindexed(self.catalog.tables[table.table_id], index_id))

    def redact_revision(self, block_address: Any, table_id: str, document_id: str) -> Any:
        """The row {blockAddress, tableId, documentId, version} of the revision to be redacted."""
        self.begin()
        if self.redaction is not None:
            raise StatementError(
                f"the transaction redacts {ion.text(self.redaction)} already, one revision is all"
                " that it can: commit and redact the other in another"
            )
        self.redaction = requested(self._storage, block_address, table_id, document_id)
        return self.redaction

    def check_changes(self, documents: int) -> None:
        """Raise LimitExceededError when so many documents are too many to be changed at once.

        Those that the transaction inserted itself can be deleted without a trace.
        """
        documents_max = self._limits.transaction_documents_max
        if documents > documents_max + len(self.writes):
            raise LimitExceededError(
                f"the statement would change more than {documents_max} documents, the most that a"
                " transaction may: narrow it, and go on in another"
            )

    @property
    def changes_anything(self) -> bool:
        """Whether its commit needs a block."""
        return len(self.writes) > 0 or self.redaction is not None

    def index_entries(self) -> Iterator[IndexEntry]:
        """Every entry the commit adds, for changed values and for indexes made here."""
        yield from self._backfill
        for write in self.writes:
            if write.table.table_id != SYSTEM_TABLE.table_id:
                yield from index_entries(write, self.catalog.tables[write.table.table_id])

    def checkpoint(self) -> tuple[Any, ...]:
        """A state to which `restore` can go back; reads are not part of it."""
        return (
            self.writes.checkpoint(),
            self._defined.copy(),
            self.table_tags.copy(),
            len(self._backfill),
            frozenset(self._unbuilt),
            self.redaction,
        )

    def restore(self, checkpoint: tuple[Any, ...]) -> None:
        """Forget what was written and defined since."""
        writes, self._defined, self.table_tags, backfill, unbuilt, self.redaction = checkpoint
        self.writes.restore(writes)
        del self._backfill[backfill:]
        self._unbuilt = set(unbuilt)

    def _read_catalog(self) -> None:
        """A definition depends on all others: names are unique and tables are counted."""
        self.begin()
        self.reads.add_catalog(self.catalog)

    def _define(self, table: Table) -> str:
        version = self.catalog.versions.get(table.table_id, -1) + 1
        self._put(SYSTEM_TABLE, table.table_id, version=version, before=None, data=row_of(table))
        self._defined[table.table_id] = table
        return table.table_id

    def _follow(self, table: Table, document_id: str, data: Any) -> None:
        write = self.writes.get(table.table_id, document_id)
        if write is not None:
            version, before, absent = write.version, write.before, write.data is None
        else:
            current = self._current(table.table_id, document_id)
            self.reads.add_document(table, document_id, current.version)
            version, absent = current.version + 1, current.data is None
            before = None if absent else self._before(table, document_id, current.data)
        if absent:
            raise StatementError(f"table {table.name} has no document {document_id}")
        self._put(table, document_id, version=version, before=before, data=data)

    def _put(self, table: Table, document_id: str, *, version: int, before: Any, data: Any) -> None:
        earlier = self.writes.get(table.table_id, document_id)
        statements = earlier.statements if earlier is not None else ()
        if self.statement not in statements:
            statements = (*statements, self.statement)
        hashed = None if data is None else self.parameters.hashed(data)
        if hashed is not None and not self._kept.has_room(len(hashed.ion)):
            data = encoded(data, hashed.ion, table.indexes)
        self.writes.put(Write(table, document_id, version, before, data, hashed, statements))

    def _before(self, table: Table, document_id: str, data: Any) -> Any:
        """What is kept of the data of a version that is followed."""
        if self._kept.find(table.table_id, document_id) is not None:
            return data
        return encoded(data, ion.encode(data), table.indexes)

    def _built(self, table: Table, index: Index) -> Iterator[IndexEntry]:
        """The entries of a new index for the documents that are there; the table is scanned."""
        self.reads.add_scan(table)
        entries_max = self._limits.backfill_documents_max
        count = 0
        for stored in self._storage.documents(table.table_id):
            self.check_open()
            if stored.deleted:
                continue
            count += 1
            if count > entries_max:
                raise LimitExceededError(
                    f"table {table.name} has more than {entries_max} documents, too many for an"
                    f" index on {index.field} to be built in one commit: make a table with the"
                    " index first and insert the documents there"
                )
            key = index_key(field_of(self._keep(stored).data, index.field))
            if key is not None:
                yield IndexEntry(index.index_id, key, stored.document_id, stored.version)


def _check_struct(table: Table, data: Any) -> None:
    if getattr(data, "ion_type", None) is not IonType.STRUCT or not hasattr(data, "items"):
        kind = getattr(data, "ion_type", None)
        shown = kind.name.lower() if kind is not None else type(data).__name__
        raise StatementError(
            f"a document of table {table.name} must be a struct, not {shown}: wrap it in one"
        )
