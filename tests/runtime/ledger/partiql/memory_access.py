"""Tables in memory as a plan may use them, noting every read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from amazon.ion import simpleion

from runtime.ledger.errors import StatementError
from runtime.ledger.partiql.access import Document, Index, Table
from runtime.ledger.partiql.comparisons import equal
from runtime.ledger.partiql.statement import prepare
from runtime.ledger.partiql.values import MISSING
from runtime.ledger.partiql.values import field as field_of


def ion(text: str) -> Any:
    """The value of an Ion text."""
    return simpleion.loads(text)


def ion_text(value: Any) -> str:
    """A value as one line of Ion text."""
    return simpleion.dumps(value, binary=False, omit_version_marker=True)


@dataclass(slots=True)
class Version:
    """One revision of a document."""

    document_id: str
    version: int
    data: Any
    moment: datetime

    def revision(self) -> Any:
        """The revision as the committed view shows it."""
        metadata = {
            "id": self.document_id,
            "version": self.version,
            "txTime": self.moment,
            "txId": "transaction",
        }
        made = {"blockAddress": {"strandId": "s", "sequenceNo": self.version}, "hash": b"h"}
        data = {} if self.data is None else {"data": self.data}
        return simpleion.loads(simpleion.dumps({**made, **data, "metadata": metadata}))


@dataclass(slots=True)
class MemoryTable:
    """A table with every revision of its documents."""

    table: Table
    documents: dict[str, list[Version]] = field(default_factory=dict)


class MemoryAccess:
    """Every change is visible at once; `reads` lists what was asked for, in order."""

    transaction_id = "0123456789abcdefghijkl"

    def __init__(self) -> None:
        self.tables: dict[str, MemoryTable] = {}
        self.reads: list[tuple[Any, ...]] = []
        self.moment = datetime(2024, 1, 1, tzinfo=UTC)
        self._count = 0

    def run(self, statement: str, *parameters: Any) -> list[str]:
        """Run a statement with parameters as Ion text; its rows as Ion text."""
        return [ion_text(row) for row in self.rows(statement, *parameters)]

    def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """Run a statement with parameters as Ion text; its rows as Ion values."""
        self.moment += timedelta(seconds=1)
        return list(prepare(statement).run(self, [ion(parameter) for parameter in parameters]))

    def create(self, name: str, *documents: str, index: Iterable[str] = ()) -> list[str]:
        """A table with documents and indexes; the documents' ids."""
        self.create_table(name)
        for indexed in index:
            self.create_index(self.table(name), indexed)
        return [self.insert(self.table(name), ion(document)) for document in documents]

    def table(self, name: str) -> Table:
        found = self.tables.get(name)
        if found is None or not found.table.active:
            raise StatementError(f"no such table: {name}")
        return found.table

    def by_document_id(self, table: Table, document_ids: Iterable[str]) -> Iterator[Document]:
        ids = list(document_ids)
        self.reads.append(("document", table.name, *ids))
        wanted = dict.fromkeys(ids)
        return (found for found in self._newest(table) if found.document_id in wanted)

    def by_index(self, table: Table, index: Index, values: Iterable[Any]) -> Iterator[Document]:
        keys = list(values)
        self.reads.append(("index", table.name, index.field, *map(ion_text, keys)))
        return (
            found
            for found in self._newest(table)
            if any(equal(field_of(found.data, index.field), key) for key in keys)
        )

    def scan(self, table: Table) -> Iterator[Document]:
        self.reads.append(("scan", table.name))
        return iter(list(self._newest(table)))

    def history(
        self,
        table: str,
        start: datetime | None,
        end: datetime | None,
        document_ids: Iterable[str] | None,
    ) -> Iterator[Any]:
        ids = None if document_ids is None else list(document_ids)
        self.reads.append(("history", table, start, end, ids))
        for found in self.tables.values():
            if table in (found.table.name, found.table.table_id):
                for document_id, versions in found.documents.items():
                    if ids is None or document_id in ids:
                        yield from (version.revision() for version in versions)

    def user_tables(self) -> Iterator[Any]:
        self.reads.append(("tables",))
        for found in self.tables.values():
            table = found.table
            indexes = [{"indexId": i.index_id, "expr": f"[{i.field}]"} for i in table.indexes]
            row = {
                "tableId": table.table_id,
                "name": table.name,
                "indexes": indexes,
                "status": "ACTIVE" if table.active else "INACTIVE",
            }
            yield simpleion.loads(simpleion.dumps(row))

    def check_open(self) -> None:
        """It never ends."""

    def check_changes(self, documents: int) -> None:
        """As many as one likes."""

    def insert(self, table: Table, data: Any) -> str:
        document_id = self._new_id("document")
        self.tables[table.name].documents[document_id] = []
        self._append(table, document_id, data)
        return document_id

    def replace(self, table: Table, document_id: str, data: Any) -> None:
        self._append(table, document_id, data)

    def delete(self, table: Table, document_id: str) -> None:
        self._append(table, document_id, None)

    def create_table(self, name: str, tags: Mapping[str, str] = {}) -> str:
        table_id = self._new_id("table")
        self.tables[name] = MemoryTable(Table(table_id, name, True, ()))
        return table_id

    def drop_table(self, name: str) -> str:
        found = self.tables[self.table(name).name]
        found.table = replace(found.table, active=False)
        return found.table.table_id

    def undrop_table(self, table_id: str) -> str:
        for found in self.tables.values():
            if found.table.table_id == table_id:
                found.table = replace(found.table, active=True)
                return table_id
        raise StatementError(f"no such table: {table_id}")

    def create_index(self, table: Table, field: str) -> str:
        index = Index(self._new_id("index"), field)
        found = self.tables[table.name]
        found.table = replace(found.table, indexes=(*found.table.indexes, index))
        return table.table_id

    def drop_index(self, table: Table, index_id: str) -> str:
        found = self.tables[table.name]
        kept = tuple(index for index in table.indexes if index.index_id != index_id)
        found.table = replace(found.table, indexes=kept)
        return table.table_id

    def redact_revision(self, block_address: Any, table_id: str, document_id: str) -> Any:
        row = {
            "blockAddress": block_address,
            "tableId": table_id,
            "documentId": document_id,
            "version": 0,
        }
        return simpleion.loads(simpleion.dumps(row))

    def _newest(self, table: Table) -> Iterator[Document]:
        for document_id, versions in self.tables[table.name].documents.items():
            newest = versions[-1]
            if newest.data is not None and newest.data is not MISSING:
                yield Document(document_id, newest.data, newest.revision())

    def _append(self, table: Table, document_id: str, data: Any) -> None:
        versions = self.tables[table.name].documents[document_id]
        versions.append(Version(document_id, len(versions), data, self.moment))

    def _new_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"
