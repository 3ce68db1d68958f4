"""COUNT, SUM, AVG, MIN and MAX over all rows; NULL and MISSING are left out."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol, cast

from amazon.ion.simple_types import IonPyInt

from runtime.ledger.partiql import terms
from runtime.ledger.partiql.arithmetic import add, average, explained
from runtime.ledger.partiql.comparisons import family, order
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.values import NULL, is_unknown


class Total(Protocol):
    """What has been taken so far."""

    def take(self, value: Any) -> None:
        """Take one value that is known; ValueError when it does not fit."""
        ...

    def value(self) -> Any:
        """The aggregate of what was taken."""
        ...


class Count:
    """How many."""

    def __init__(self) -> None:
        self._count = 0

    def take(self, value: Any) -> None:  # noqa: ARG002  A count takes any value.
        self._count += 1

    def value(self) -> Any:
        return IonPyInt(self._count)


class Sum:
    """The sum, NULL of nothing."""

    def __init__(self) -> None:
        self._sum: Any = IonPyInt(0)
        self._count = 0

    def take(self, value: Any) -> None:
        self._sum = add(self._sum, value)
        self._count += 1

    def value(self) -> Any:
        return self._sum if self._count else NULL


class Average(Sum):
    """The mean as a decimal, NULL of nothing."""

    def value(self) -> Any:
        return average(self._sum, self._count) if self._count else NULL


class Least:
    """The least value, NULL of nothing."""

    sign = -1

    def __init__(self) -> None:
        self._best: Any = NULL

    def take(self, value: Any) -> None:
        found = self.sign if self._best is NULL else order(value, self._best)
        if found is None:
            raise ValueError(f"a {family(value)} cannot be compared with a {family(self._best)}")
        if found * self.sign > 0:
            self._best = value

    def value(self) -> Any:
        return self._best


class Greatest(Least):
    """The greatest value, NULL of nothing."""

    sign = 1


TOTALS: dict[str, type[Total]] = {
    "COUNT": Count,
    "SUM": Sum,
    "AVG": Average,
    "MIN": Least,
    "MAX": Greatest,
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate of a projection: takes `operand` of each row, ends up in `slot`."""

    compiler: Compiler
    node: terms.Call
    operand: Evaluate | None
    slot: int

    def start(self) -> Total:
        """A total of nothing."""
        return TOTALS[self.node.name]()

    def take(self, frame: Frame, total: Total) -> None:
        """Take the operand's value in the present row; StatementError when it does not fit."""
        value = NULL if self.operand is None else self.operand(frame)
        if self.operand is not None and is_unknown(value):
            return
        try:
            total.take(value)
        except (ValueError, ArithmeticError) as error:
            raise self.compiler.error(self.node, explained(error)) from error


def aggregate(compiler: Compiler, node: terms.Call, scope: Scope) -> Evaluate:
    """The value of an aggregate once all rows are taken; StatementError outside a projection."""
    if scope.aggregates is None or scope.inside_aggregate:
        compiler.refuse(node, f"{node.name} stands in the projection of a SELECT only")
    if len(node.arguments) != (0 if node.star else 1):
        compiler.refuse(node, f"{node.name} takes one argument")
    scope.inside_aggregate = True
    try:
        operand = scalar(compiler, node.arguments[0], scope) if node.arguments else None
    finally:
        scope.inside_aggregate = False
    slot = compiler.slot()
    scope.aggregates.append(Aggregate(compiler, node, operand, slot))
    return lambda frame: frame[slot]


def has_aggregate(node: terms.Expression) -> bool:
    """Whether an expression has an aggregate that is not of a sub-select."""
    return any(isinstance(part, terms.Call) and part.name in TOTALS for part in _parts(node))


def _parts(node: Any) -> Iterator[Any]:
    waiting: list[Any] = [node]
    for part in waiting:
        if isinstance(part, terms.Subquery):
            continue
        if isinstance(part, tuple):
            waiting.extend(cast("tuple[Any, ...]", part))
        elif is_dataclass(part):
            yield part
            waiting.extend(getattr(part, attribute.name) for attribute in fields(part))
