"""Tables, indexes and procedures."""

from collections.abc import Callable, Mapping
from typing import Any

from amazon.ion.simple_types import IonPyDict

from runtime.ledger.partiql import clauses
from runtime.ledger.partiql.access import Access
from runtime.ledger.partiql.compiler import ACCESS, Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.table_tags import table_tags
from runtime.ledger.partiql.values import is_true, string, struct, text_of

Run = Callable[[Frame], list[Any]]

REDACT_REVISION = "REDACT_REVISION"


def create_table(compiler: Compiler, node: clauses.CreateTable) -> Run:
    """Make a table with the tags given, if any."""
    tags = _option(compiler, node.option, "aws_tags")

    def run(frame: Frame) -> list[Any]:
        given: Mapping[str, str] = {}
        if tags and node.option:
            given, fault = table_tags(tags(frame))
            if fault:
                compiler.refuse(node.option, fault)
        return [_table_row(_access(frame).create_table(node.name.text, given))]

    return run


def drop_table(_: Compiler, node: clauses.DropTable) -> Run:
    """Make a table inactive."""
    return lambda frame: [_table_row(_access(frame).drop_table(node.name.text))]


def undrop_table(_: Compiler, node: clauses.UndropTable) -> Run:
    """Make a table active again, by its id."""
    return lambda frame: [_table_row(_access(frame).undrop_table(node.table_id.text))]


def create_index(compiler: Compiler, node: clauses.CreateIndex) -> Run:
    """Make an index on one top-level field."""
    if node.field.steps or node.field.root.local:
        compiler.refuse(node.field, "an index is on one top-level field")
    field = node.field.root.name

    def run(frame: Frame) -> list[Any]:
        access = _access(frame)
        return [_table_row(access.create_index(access.table(node.table.text), field))]

    return run


def drop_index(compiler: Compiler, node: clauses.DropIndex) -> Run:
    """Take an index away for good."""
    purge = _option(compiler, node.option, "purge")
    if purge is None:
        compiler.refuse(node, "DROP INDEX needs WITH (purge = true)")

    def run(frame: Frame) -> list[Any]:
        if not is_true(purge(frame)):
            compiler.refuse(node, "DROP INDEX needs WITH (purge = true)")
        access = _access(frame)
        return [_table_row(access.drop_index(access.table(node.table.text), node.index_id.text))]

    return run


def execute(compiler: Compiler, node: clauses.Execute) -> Run:
    """Run a procedure: there is REDACT_REVISION."""
    if node.procedure.text.upper() != REDACT_REVISION:
        compiler.refuse(node.procedure, f"there is no procedure {node.procedure.text}")
    if len(node.arguments) != 3:
        compiler.refuse(node, f"{REDACT_REVISION} takes a block address, a table id, a document id")
    address, table, document = [compiler.expression(part, Scope()) for part in node.arguments]

    def run(frame: Frame) -> list[Any]:
        table_id, document_id = text_of(table(frame)), text_of(document(frame))
        if table_id is None or document_id is None:
            compiler.refuse(
                node, f"{REDACT_REVISION} takes the ids of table and document as strings"
            )
        block_address = address(frame)
        if not isinstance(block_address, IonPyDict):
            compiler.refuse(node, f"{REDACT_REVISION} takes a block address as a struct")
        return [_access(frame).redact_revision(block_address, table_id, document_id)]

    return run


def _option(compiler: Compiler, option: clauses.Option | None, name: str) -> Evaluate | None:
    if option is None:
        return None
    if option.name.text.lower() != name:
        compiler.refuse(option, f"there is no option {option.name.text}, there is {name}")
    return compiler.expression(option.value, Scope())


def _access(frame: Frame) -> Access:
    return frame[ACCESS]


def _table_row(table_id: str) -> IonPyDict:
    return struct([("tableId", string(table_id))])
