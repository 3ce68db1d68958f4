"""What a journal of QLDB's tells late: the ids of tables, and which fields get an index.

A ledger of ours tells both at once. For QLDB's, the export is read once before it is imported, so
that documents get the entries of indexes that are made only after them, each in its own commit.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from runtime.ledger.identifiers import derived_id
from runtime.ledger.imports.definitions import Definition, definitions
from runtime.ledger.imports.faults import MALFORMED
from runtime.ledger.partiql import clauses
from runtime.ledger.partiql.access import Index


@dataclass(slots=True)
class Survey:
    """Knows nothing until blocks are shown to it."""

    _table_ids: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    _indexes: dict[str, list[Index]] = field(default_factory=dict[str, list[Index]])
    _unresolved: dict[str, Definition] = field(default_factory=dict[str, Definition])
    _seen: set[str] = field(default_factory=set[str])

    def table_id(self, definition: Definition) -> str:
        """The id that a CREATE TABLE gave, if it shows; one of its own, always the same, if not."""
        made = (definition.transaction_id, definition.statement)
        return self._table_ids.get(made) or derived_id("table", *made)

    def indexes(self, table_name: str) -> list[Index]:
        """Every index that is ever made on tables of this name."""
        return self._indexes.get(table_name, [])

    def look(self, blocks: Iterable[Any]) -> None:
        """Take note of blocks, Ion structs in the journal's order, checked or not."""
        for block in blocks:
            # What has not the layout of a block is found again, and named, when it is imported.
            with suppress(*MALFORMED):
                self._look(block)

    def _look(self, block: Any) -> None:
        for definition in definitions(block):
            self._note(definition)
        documents = block.get("transactionInfo", {}).get("documents", {})
        for document in documents.values():
            self._meet(str(document["tableName"]), str(document["tableId"]))

    def _note(self, definition: Definition) -> None:
        clause = definition.clause
        if isinstance(clause, clauses.CreateTable):
            self._unresolved[clause.name.text] = definition
        elif isinstance(clause, clauses.DropTable):
            self._unresolved.pop(clause.name.text, None)
        elif isinstance(clause, clauses.CreateIndex):
            index_id = derived_id("index", definition.transaction_id, definition.statement)
            made = self._indexes.setdefault(clause.table.text, [])
            made.append(Index(index_id, clause.field.root.name))

    def _meet(self, name: str, table_id: str) -> None:
        """A document is in this table: the newest CREATE of its name made it, if there was one."""
        if table_id in self._seen:
            return
        self._seen.add(table_id)
        made = self._unresolved.pop(name, None)
        if made is not None:
            self._table_ids[made.transaction_id, made.statement] = table_id
