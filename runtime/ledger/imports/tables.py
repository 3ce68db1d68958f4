"""Tables and indexes of an imported journal, followed from block to block.

Exports show revisions of system tables as hashes alone, so that tables and indexes are told from
what is left: the text of the statements that define them, and transactionInfo.documents, which
names the table of every document. In a block of this ledger it also names the table that each
definition is about, and an index's id follows from transaction and statement; so nothing is
guessed there, and `restoration` proves it. QLDB's blocks tell less:

- which id CREATE TABLE gave shows when a document is first put there. The survey looks ahead for
  it; a table that never had a document gets an id of its own.
- which index DROP INDEX meant shows only when the table has one. Otherwise all are kept, as an
  index changes no answer; one goes when an index is made on its field again.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from runtime.ledger.catalog import SYSTEM_TABLE, Catalog
from runtime.ledger.identifiers import derived_id
from runtime.ledger.imports.definitions import Definition, definitions
from runtime.ledger.imports.survey import Survey
from runtime.ledger.partiql import clauses
from runtime.ledger.partiql.access import Index, Table


class Tables:
    """The catalog as of the newest block that was followed."""

    def __init__(self, catalog: Catalog, survey: Survey) -> None:
        """Begin with what is in the store already."""
        self._catalog = catalog
        self._survey = survey
        self._changed: dict[str, Table] = {}
        self._new_indexes: list[tuple[str, Index]] = []

    @property
    def new_indexes(self) -> list[tuple[Table, Index]]:
        """Indexes that the block followed last has made, each with its table."""
        made = ((self.get(table_id), index) for table_id, index in self._new_indexes)
        return [(table, index) for table, index in made if index in table.indexes]

    def get(self, table_id: str) -> Table:
        """A table that a followed block names."""
        return self._catalog.tables[table_id]

    def version(self, table_id: str) -> int:
        """The version of the table's newest revision."""
        return self._catalog.versions[table_id]

    def follow(self, block: Any) -> dict[str, Table]:
        """The tables that a block makes or changes, by id."""
        self._changed, self._new_indexes = {}, []
        documents = block.get("transactionInfo", {}).get("documents", {})
        named = dict(_defined_ids(documents))
        for definition in definitions(block):
            self._define(definition, named.get(definition.statement))
        for document in documents.values():
            if document["tableId"] != SYSTEM_TABLE.table_id:
                self._meet(str(document["tableId"]), str(document["tableName"]))
        versions = {**self._catalog.versions}
        for table_id in self._changed:
            versions[table_id] = versions.get(table_id, -1) + 1
        self._catalog = replace(self._catalog, versions=versions)
        return self._changed

    def _define(self, definition: Definition, table_id: str | None) -> None:
        match definition.clause:
            case clauses.CreateTable() as clause:
                self._create(definition, clause, table_id)
            case clauses.DropTable() as clause:
                self._switch(self._found(table_id, clause.name.text), active=False)
            case clauses.UndropTable() as clause:
                self._switch(self._found(clause.table_id.text), active=True)
            case clauses.CreateIndex() as clause:
                self._index(definition, clause, self._found(table_id, clause.table.text))
            case clauses.DropIndex() as clause:
                self._unindex(clause, self._found(table_id, clause.table.text))

    def _create(
        self, definition: Definition, clause: clauses.CreateTable, table_id: str | None
    ) -> None:
        table_id = table_id or self._survey.table_id(definition)
        if table_id not in self._catalog.tables:
            self._set(Table(table_id, clause.name.text, active=True, indexes=()))

    def _meet(self, table_id: str, name: str) -> None:
        """A document is in this table; if its making was not seen, it is made up for."""
        if table_id in self._catalog.tables:
            return
        unused = self._catalog.active(name)
        self._switch(unused, active=False)
        indexes = () if unused is None else unused.indexes
        self._set(Table(table_id, name, active=True, indexes=indexes))

    def _switch(self, table: Table | None, *, active: bool) -> None:
        if table is not None:
            self._set(replace(table, active=active))

    def _index(
        self, definition: Definition, clause: clauses.CreateIndex, table: Table | None
    ) -> None:
        if table is None:
            return
        field = clause.field.root.name
        index = Index(derived_id("index", definition.transaction_id, definition.statement), field)
        others = tuple(each for each in table.indexes if each.field != field)
        self._new_indexes.append((table.table_id, index))
        self._set(replace(table, indexes=(*others, index)))

    def _unindex(self, clause: clauses.DropIndex, table: Table | None) -> None:
        if table is None:
            return
        named = [index for index in table.indexes if index.index_id == clause.index_id.text]
        gone = named or list(table.indexes if len(table.indexes) == 1 else ())
        if gone:
            kept = tuple(index for index in table.indexes if index not in gone)
            self._set(replace(table, indexes=kept))

    def _found(self, *names_or_ids: str | None) -> Table | None:
        named = (self._catalog.named(each) for each in names_or_ids if each is not None)
        return next((table for table in named if table is not None), None)

    def _set(self, table: Table) -> None:
        self._changed[table.table_id] = table
        self._catalog = self._catalog.having({table.table_id: table})


def _defined_ids(documents: Any) -> Iterator[tuple[int, str]]:
    """Statements of this ledger that define something, with the id of the table it is about."""
    for document_id, document in documents.items():
        if document["tableId"] == SYSTEM_TABLE.table_id:
            for statement in document["statements"]:
                yield int(statement), str(document_id)
