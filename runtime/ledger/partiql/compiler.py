"""What turns syntax into closures: the frame they run in and the names they may use.

A frame is a list: parameters, access, time and the number of rows looked at come first, then one
slot for every variable of the statement, sub-selects included.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from runtime.ledger.errors import StatementError
from runtime.ledger.partiql.lexical import StatementText
from runtime.ledger.partiql.terms import Expression, Node, Variable

Frame = list[Any]
Evaluate = Callable[[Frame], Any]

PARAMETERS, ACCESS, NOW, ROWS, FIRST_SLOT = range(5)

nesting_max = 100


@dataclass(slots=True)
class Scope:
    """The variables of one FROM, inside those of the statement around it.

    `written` are the names given by AS, AT or BY; a table's own name is not. `values` are the
    slots whose fields may be named without their variable. While the projection of an aggregating
    query is compiled, `aggregates` collects what has to be computed from all rows, and a variable
    may only stand inside an aggregate.
    """

    outer: "Scope | None" = None
    names: dict[str, int] = field(default_factory=dict[str, int])
    written: set[str] = field(default_factory=set[str])
    values: list[int] = field(default_factory=list[int])
    aggregates: list[Any] | None = None
    inside_aggregate: bool = False


class Compiler:
    """Compiles the expressions of one statement; `forms` knows how for each kind of node."""

    def __init__(
        self,
        text: StatementText,
        forms: Mapping[type[Any], Callable[["Compiler", Any, Scope], Evaluate]],
    ) -> None:
        self.text = text
        self.slots = FIRST_SLOT
        self._forms = forms
        self._nesting = 0
        self._read: set[int] = set()
        self._compiled: dict[tuple[int, int], tuple[Evaluate, frozenset[int], Any]] = {}

    def expression(self, node: Expression, scope: Scope) -> Evaluate:
        """The closure for an expression; StatementError when it means nothing."""
        return self.tracked(node, scope)[0]

    def tracked(self, node: Expression, scope: Scope) -> tuple[Evaluate, frozenset[int]]:
        """The closure for an expression, made once, and the slots that it reads."""
        key = (id(node), id(scope))
        if key not in self._compiled:
            around, self._read = self._read, set()
            with self.nested(node):
                evaluate = self._forms[type(node)](self, node, scope)
            # The scope is kept, so that no other gets its id.
            self._compiled[key] = evaluate, frozenset(self._read), scope
            self._read = around
        evaluate, read, _ = self._compiled[key]
        self._read |= read
        return evaluate, read

    @contextmanager
    def nested(self, node: Node) -> Generator[None]:
        """One level deeper; StatementError beyond `nesting_max` levels."""
        self._nesting += 1
        try:
            if self._nesting > nesting_max:
                self.refuse(node, f"this is nested more than {nesting_max} levels deep")
            yield
        finally:
            self._nesting -= 1

    def slot(self) -> int:
        """A slot that nothing else uses."""
        self.slots += 1
        return self.slots - 1

    def find(self, node: Variable, scope: Scope) -> int | None:
        """The slot of a variable: of its exact name, else of a written name in other case."""
        level: Scope | None = scope
        while level is not None:
            slot = level.names.get(node.name)
            if slot is None:
                folded = node.name.lower()
                same = (level.names[name] for name in level.written if name.lower() == folded)
                slot = next(same, None)
            if slot is not None:
                self.reads(node, level, slot)
                return slot
            level = level.outer
        return None

    def reads(self, node: Variable, scope: Scope, slot: int) -> None:
        """Note that a slot of a scope is read; StatementError where only aggregates may."""
        if scope.aggregates is not None and not scope.inside_aggregate:
            self.refuse(
                node, f"{node.name} must stand inside an aggregate: GROUP BY is not supported"
            )
        self._read.add(slot)

    def error(self, node: Node, message: str) -> StatementError:
        """A semantic error at a node."""
        return self.text.semantic_error(node.at, message)

    def refuse(self, node: Node, message: str) -> NoReturn:
        """Raise a semantic error at a node."""
        raise self.error(node, message)
