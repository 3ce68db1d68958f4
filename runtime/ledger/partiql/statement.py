"""A statement ready to run, and the cache of those seen before."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from runtime.ledger.errors import ParseError, StatementError
from runtime.ledger.partiql import (
    arithmetic,
    changes,
    clauses,
    conditions,
    definitions,
    expressions,
    queries,
    terms,
)
from runtime.ledger.partiql.access import Access
from runtime.ledger.partiql.calls import call
from runtime.ledger.partiql.casts import cast
from runtime.ledger.partiql.compiler import FIRST_SLOT, Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.lexical import StatementText
from runtime.ledger.partiql.parser import parse
from runtime.ledger.partiql.values import MISSING

statements_cached_max = 512
statement_cached_characters_max = 8_192
statement_characters_max = 100_000

Run = Callable[[Frame], Iterable[Any]]


class Statement:
    """The plan of a statement; it never changes, so any thread may run it."""

    def __init__(self, text: str) -> None:
        """Parse and compile; ParseError or StatementError when the text cannot be run."""
        if not 0 < len(text) <= statement_characters_max:
            raise ParseError(
                f"Parser Error: a statement has 1 to {statement_characters_max} characters,"
                f" this one {len(text)}"
            )
        source = StatementText(text)
        tree, self.parameter_count = parse(source)
        compiler = Compiler(source, _FORMS)
        self._is_query = isinstance(tree, clauses.Select)
        try:
            self._run = _plan(compiler, tree)
        except RecursionError as error:
            raise StatementError("Semantic Error: the statement is nested too deeply") from error
        # MISSING is also where a document of a table stands, which has no order: AT names that.
        self._slots = (MISSING,) * (compiler.slots - FIRST_SLOT)

    def run(self, access: Access, parameters: Sequence[Any]) -> Iterator[Any]:
        """The rows, Ion values; a query reads as its rows are taken, a change is made at once."""
        if len(parameters) != self.parameter_count:
            raise StatementError(
                f"the statement takes {self.parameter_count} parameters, {len(parameters)} were"
                " given: give one for each ?"
            )
        rows = self._rows([parameters, access, None, 0, *self._slots])
        return rows if self._is_query else iter(list(rows))

    def _rows(self, frame: Frame) -> Iterator[Any]:
        try:
            yield from self._run(frame)
        except RecursionError as error:
            raise StatementError("a value is nested too deeply to be compared or read") from error


def prepare(text: str) -> Statement:
    """The plan of a statement, cached; ParseError or StatementError when it cannot be run."""
    if len(text) > statement_cached_characters_max:
        return Statement(text)
    return _cached(text)


_cached = lru_cache(maxsize=statements_cached_max)(Statement)


def _plan(compiler: Compiler, tree: clauses.Statement) -> Run:
    if isinstance(tree, clauses.Select):
        return queries.query(compiler, tree, None)
    return _CHANGES[type(tree)](compiler, tree)


def _binary(compiler: Compiler, node: terms.Binary, scope: Scope) -> Evaluate:
    return _OPERATORS.get(node.operator, arithmetic.binary)(compiler, node, scope)


_OPERATORS: Mapping[str, Callable[[Compiler, terms.Binary, Scope], Evaluate]] = {
    "EQ": conditions.equality,
    "NE": conditions.equality,
    "LT": conditions.ordering,
    "LE": conditions.ordering,
    "GT": conditions.ordering,
    "GE": conditions.ordering,
    "CONCAT": arithmetic.concatenation,
}

_FORMS: Mapping[type[Any], Callable[[Compiler, Any, Scope], Evaluate]] = {
    terms.Literal: expressions.literal,
    terms.Parameter: expressions.parameter,
    terms.Variable: expressions.variable,
    terms.Path: expressions.path,
    terms.Unary: arithmetic.unary,
    terms.Binary: _binary,
    terms.Every: conditions.every,
    terms.Some: conditions.some,
    terms.Not: conditions.negate,
    terms.IsKind: conditions.is_kind,
    terms.Within: conditions.within,
    terms.Between: conditions.between,
    terms.Like: conditions.like,
    terms.Call: call,
    terms.Case: expressions.case,
    terms.Cast: cast,
    terms.Sequence: expressions.collection,
    terms.Struct: expressions.constructor,
    terms.Parenthesized: expressions.parenthesized,
    terms.Subquery: queries.subquery,
}

_CHANGES: Mapping[type[Any], Callable[[Compiler, Any], Run]] = {
    clauses.Insert: changes.insert,
    clauses.Change: changes.change,
    clauses.CreateTable: definitions.create_table,
    clauses.DropTable: definitions.drop_table,
    clauses.UndropTable: definitions.undrop_table,
    clauses.CreateIndex: definitions.create_index,
    clauses.DropIndex: definitions.drop_index,
    clauses.Execute: definitions.execute,
}
