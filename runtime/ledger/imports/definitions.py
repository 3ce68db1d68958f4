"""The statements of a block that define tables and indexes, read from their text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from runtime.ledger.errors import StatementError
from runtime.ledger.partiql import clauses
from runtime.ledger.partiql.lexical import StatementText
from runtime.ledger.partiql.parser import parse

DefiningClause = (
    clauses.CreateTable
    | clauses.DropTable
    | clauses.UndropTable
    | clauses.CreateIndex
    | clauses.DropIndex
)

_PERHAPS: Final = re.compile(r"\b(create|drop|undrop)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Definition:
    """One statement that makes, changes or drops a table or an index."""

    transaction_id: str
    statement: int
    """Its place among the transaction's statements."""
    clause: DefiningClause


def definitions(block: Any) -> Iterator[Definition]:
    """The definitions among a block's statements, in order; `block` is an Ion struct."""
    statements = block.get("transactionInfo", {}).get("statements", ())
    for number, statement in enumerate(statements):
        clause = _clause(str(statement["statement"]))
        if clause is not None:
            yield Definition(str(block["transactionId"]), number, clause)


def _clause(text: str) -> DefiningClause | None:
    if not _PERHAPS.search(text):
        return None
    try:
        tree, _ = parse(StatementText(text))
    except StatementError:
        # QLDB has run it; what is not understood here defines nothing that is known here.
        return None
    return tree if isinstance(tree, DefiningClause) else None
