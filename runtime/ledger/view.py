"""What one transaction sees: the journal's documents with its own changes on top."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from runtime.ledger import ion
from runtime.ledger.budgets import Share
from runtime.ledger.catalog import Catalog, CatalogCache, row_of
from runtime.ledger.contents import decoded as decoded_of
from runtime.ledger.contents import key_of
from runtime.ledger.errors import StatementError
from runtime.ledger.index_key import index_key
from runtime.ledger.kept import NO_DOCUMENT, Current, Kept
from runtime.ledger.large_values import LargeValues
from runtime.ledger.limits import Limits
from runtime.ledger.partiql.access import Document, Index, Table
from runtime.ledger.partiql.values import field as field_of
from runtime.ledger.past import active_between, check_range
from runtime.ledger.read_set import ABSENT, Predicate, ReadSet
from runtime.ledger.readback import read_back
from runtime.ledger.storage.port import JournalStorage, StoredBlock, StoredRevision
from runtime.ledger.writes import Write, Writes

READ_BYTES: Final = 512
"""About what it takes to remember that a document was read, or is one of those an index named."""
WRITE_BYTES: Final = 1024
"""About what a write takes besides its data."""


class View:
    """Every read enters the read set; the first one fixes the block the transaction began after."""

    def __init__(
        self,
        storage: JournalStorage,
        catalogs: CatalogCache,
        limits: Limits,
        now: Callable[[], datetime],
        transaction_id: str,
        large_values: LargeValues,
        decoded: Share,
    ) -> None:
        """Read nothing yet."""
        self.check_open: Callable[[], None] = _always_open
        """Called again and again while a statement runs; what it raises ends the statement."""
        self.transaction_id = transaction_id
        self.reads = ReadSet()
        self.writes = Writes(limits)
        self.read_ios = 0
        self.storage_reads = 0
        """How many separate moments the reads stem from, two standing for many."""
        self.begun = False
        self.origin: StoredBlock | None = None
        self._storage = storage
        self._catalogs = catalogs
        self._limits = limits
        self._now = now
        self._large_values = large_values
        self._candidates = 0
        self._base = catalogs.newest
        self._defined: dict[str, Table] = {}
        self._kept = Kept(limits, large_values, decoded)
        self._unbuilt: set[str] = set()

    @property
    def catalog(self) -> Catalog:
        """Tables and indexes, own changes included; perhaps out of date before `begin`."""
        base = self._base or self.begin()
        return base.having(self._defined) if self._defined else base

    def begin(self) -> Catalog:
        """The catalog as of the head, which is read once.

        Raises ConflictError when a definition used before is out of date.
        """
        if self.begun and self._base is not None:
            return self._base
        self.origin = self._storage.head()
        self.begun = True
        catalog = self._catalogs.at(self.origin)
        self.reads.check_catalog(catalog)
        self._base = catalog
        return catalog

    def begin_at(self, head: StoredBlock | None, *, first: bool) -> None:
        """Begin a transaction that has read nothing at the moment it commits.

        When the commit is tried again, definitions are renewed; the begin stays where it was.
        """
        if first:
            self.origin = head
        self._base = self._catalogs.at(head)
        self.reads.renew_tables(self._base)

    def table(self, name: str) -> Table:
        """An active table by its exact name; StatementError when there is none."""
        table = self.catalog.active(name)
        if table is None and not self.begun:
            self.begin()
            table = self.catalog.active(name)
        if table is None:
            self.reads.add_missing_table(name)
            raise StatementError(f"no such table: {name}")
        self._use(table)
        return table

    def by_document_id(self, table: Table, document_ids: Iterable[str]) -> Iterator[Document]:
        """The documents with these ids, those that exist."""
        for document_id in dict.fromkeys(map(str, document_ids)):
            document = self._document(table, document_id)
            if document is not None:
                self.read_ios += 1
                yield document

    def by_index(self, table: Table, index: Index, values: Iterable[Any]) -> Iterator[Document]:
        """The documents whose indexed field equals one of these Ion values."""
        if index.index_id in self._unbuilt:
            yield from self._filtered(table, index.field, values)
            return
        for key, value in _keyed(values).items():
            predicate = self._lookup(table, index, value, key)
            for document_id in predicate.candidates or ():
                self.check_open()
                if self.writes.get(table.table_id, document_id) is not None:
                    continue
                current = self._current(table.table_id, document_id)
                predicate.seen.setdefault(document_id, current.version)
                if current.data is None or key_of(current.data, index.field) != key:
                    continue
                self.reads.add_document(table, document_id, current.version)
                self.read_ios += 1
                yield Document(document_id, current.data, current.revision)
            for write in self.writes.of_table(table.table_id):
                if write.data is not None and key_of(write.data, index.field) == key:
                    self.read_ios += 1
                    yield self._own(write)

    def scan(self, table: Table) -> Iterator[Document]:
        """Every document of the table."""
        self.begin()
        self.reads.add_scan(table)
        self.storage_reads += 2
        for stored in self._storage.documents(table.table_id):
            self.check_open()
            write = self.writes.get(table.table_id, stored.document_id)
            if write is not None:
                continue
            current = self._keep(stored)
            if current.data is not None:
                self.read_ios += 1
                yield Document(stored.document_id, current.data, current.revision)
        for write in self.writes.of_table(table.table_id):
            if write.data is not None:
                self.read_ios += 1
                yield self._own(write)

    def history(
        self,
        table: str,
        start: datetime | None,
        end: datetime | None,
        document_ids: Iterable[str] | None,
    ) -> Iterator[Any]:
        """Committed revisions (Ion structs, deletions included) active between two times.

        Both times are included. `table` is a name or a table id; `document_ids` narrows to these
        documents, None means all.
        """
        check_range(start, end, self._now())
        self.begin()
        found = self.catalog.named(table)
        if found is None:
            self.reads.add_missing_table(table)
            raise StatementError(f"no such table: {table}")
        self._use(found)
        revisions = map(self._read_back, self._revisions(found, document_ids))
        for revision in active_between(revisions, start, end):
            self.read_ios += 1
            yield revision

    def user_tables(self) -> Iterator[Any]:
        """The rows of information_schema.user_tables."""
        self.begin()
        self.reads.add_catalog(self.catalog)
        self.storage_reads += 2
        for table in self.catalog.tables.values():
            self.read_ios += 1
            yield row_of(table)

    @property
    def size_bytes(self) -> int:
        """About what it keeps in memory until the transaction ends, but for what is decoded."""
        reads = self.reads.documents + self._candidates
        return self.writes.size_bytes + reads * READ_BYTES + len(self.writes) * WRITE_BYTES

    def let_go(self) -> None:
        """End what the statement held while it ran."""
        self._large_values.leave()

    def _use(self, table: Table) -> None:
        version = self.catalog.versions.get(table.table_id)
        if version is not None:
            self.reads.add_table(table, version)

    def _lookup(self, table: Table, index: Index, value: Any, key: bytes) -> Predicate:
        predicate = self.reads.add_predicate(table, index, value, key)
        if predicate.candidates is None:
            self.begin()
            self.storage_reads += 1
            self.read_ios += 1
            entries = self._storage.lookup(index.index_id, key)
            predicate.candidates = tuple(dict.fromkeys(entry.document_id for entry in entries))
            self._candidates += len(predicate.candidates)
        return predicate

    def _filtered(self, table: Table, field: str, values: Iterable[Any]) -> Iterator[Document]:
        """What an index made by this same transaction would find."""
        keys = _keyed(values)
        for document in self.scan(table):
            if index_key(field_of(document.data, field)) in keys:
                yield document

    def _document(self, table: Table, document_id: str) -> Document | None:
        write = self.writes.get(table.table_id, document_id)
        if write is not None:
            return None if write.data is None else self._own(write)
        current = self._current(table.table_id, document_id)
        self.reads.add_document(table, document_id, current.version)
        if current.data is None:
            return None
        return Document(document_id, current.data, current.revision)

    def _own(self, write: Write) -> Document:
        self._large_values.enter(write.size_bytes, self.check_open)
        data = decoded_of(write.data)
        metadata = {"id": write.document_id, "version": write.version, "txId": self.transaction_id}
        revision = ion.decode(ion.encode({"data": data, "metadata": metadata}))
        return Document(write.document_id, data, revision)

    def _current(self, table_id: str, document_id: str) -> Current:
        """The newest committed revision, the same each time it is asked for."""
        kept = self._kept.find(table_id, document_id)
        if kept is not None:
            return kept
        self.begin()
        self.storage_reads += 1
        stored = self._storage.current(table_id, document_id)
        if stored is not None:
            return self._keep(stored)
        self._kept.add(table_id, document_id, NO_DOCUMENT, 0)
        return NO_DOCUMENT

    def _keep(self, stored: StoredRevision) -> Current:
        place = stored.table_id, stored.document_id
        kept = self._kept.find(*place)
        if kept is not None:
            return kept
        revision = self._read_back(stored)
        current = Current(stored.version, revision, revision.get("data"))
        self._kept.add(*place, current, len(stored.ion))
        return current

    def _read_back(self, stored: StoredRevision) -> Any:
        self.check_open()
        self._large_values.enter(len(stored.ion), self.check_open)
        return read_back(stored, self._catalogs.strand)

    def _revisions(
        self, table: Table, document_ids: Iterable[str] | None
    ) -> Iterator[StoredRevision]:
        if document_ids is None:
            self.reads.add_scan(table)
            self.storage_reads += 2
            yield from self._storage.revisions(table.table_id)
            return
        for document_id in dict.fromkeys(map(str, document_ids)):
            self.storage_reads += 1
            version = ABSENT
            try:
                for stored in self._storage.history(table.table_id, document_id):
                    version = stored.version
                    yield stored
            finally:
                self.reads.add_document(table, document_id, version)


def _always_open() -> None:
    """The check of a view that is no transaction's."""


def _keyed(values: Iterable[Any]) -> dict[bytes, Any]:
    """Each distinct value by its index key; null and missing equal nothing."""
    keys = ((index_key(value), value) for value in values)
    return {key: value for key, value in keys if key is not None}
