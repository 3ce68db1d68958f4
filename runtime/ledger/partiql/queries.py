"""SELECT: rows from a FROM, or one row of aggregates."""

from collections.abc import Callable, Iterator
from typing import Any

from amazon.ion.simple_types import IonPyDict

from runtime.ledger.partiql import clauses, terms
from runtime.ledger.partiql.aggregates import Aggregate, has_aggregate
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.scalars import scalar, unwrapped
from runtime.ledger.partiql.sources import ranging
from runtime.ledger.partiql.values import MISSING, bag, struct, text_of

Rows = Callable[[Frame], Iterator[Any]]


def subquery(compiler: Compiler, node: terms.Subquery, scope: Scope) -> Evaluate:
    """The bag of the rows of a sub-select."""
    rows = query(compiler, node.select, scope)
    return lambda frame: bag(rows(frame))


def query(compiler: Compiler, node: clauses.Select, outer: Scope | None) -> Rows:
    """The rows of a SELECT."""
    scope = Scope(outer)
    found = ranging(compiler, node.sources, node.where, scope)
    if isinstance(node.projection, clauses.ProjectItems) and any(
        has_aggregate(item.expression) for item in node.projection.items
    ):
        return _aggregated(compiler, node.projection, scope, found.rows)
    project = _projection(compiler, node.projection, scope)

    def rows(frame: Frame) -> Iterator[Any]:
        for _ in found.rows(frame):
            row = project(frame)
            if row is not MISSING:
                yield row

    return rows


def _aggregated(
    compiler: Compiler,
    projection: clauses.ProjectItems,
    scope: Scope,
    bindings: Callable[[Frame], Iterator[None]],
) -> Rows:
    aggregates: list[Aggregate] = []
    scope.aggregates = aggregates
    project = _items(compiler, projection, scope)

    def rows(frame: Frame) -> Iterator[Any]:
        totals = [aggregate.start() for aggregate in aggregates]
        for _ in bindings(frame):
            for aggregate, total in zip(aggregates, totals, strict=True):
                aggregate.take(frame, total)
        for aggregate, total in zip(aggregates, totals, strict=True):
            frame[aggregate.slot] = total.value()
        yield project(frame)

    return rows


def _projection(compiler: Compiler, projection: clauses.Projection, scope: Scope) -> Evaluate:
    match projection:
        case clauses.ProjectAll():
            return _all(scope)
        case clauses.ProjectValue():
            return compiler.expression(projection.expression, scope)
        case clauses.ProjectItems():
            return _items(compiler, projection, scope)


def _all(scope: Scope) -> Evaluate:
    """The fields of every source; what is no struct under its name or its position."""
    if len(scope.values) == 1:
        only, name = scope.values[0], _names(scope)[0]
        return lambda frame: _row(frame[only], name)
    slots = list(zip(scope.values, _names(scope), strict=True))
    return lambda frame: struct(
        member for slot, name in slots for member in _members(frame[slot], name)
    )


def _names(scope: Scope) -> list[str]:
    names = {slot: name for name, slot in scope.names.items()}
    return [names.get(slot, f"_{number}") for number, slot in enumerate(scope.values, 1)]


def _row(value: Any, name: str) -> Any:
    if isinstance(value, IonPyDict) and not value.ion_annotations:
        return value
    return struct(_members(value, name))


def _members(value: Any, name: str) -> list[tuple[str, Any]]:
    return value.items() if isinstance(value, IonPyDict) else [(name, value)]


def _items(compiler: Compiler, projection: clauses.ProjectItems, scope: Scope) -> Evaluate:
    parts = [
        _item(compiler, item, number, scope) for number, item in enumerate(projection.items, 1)
    ]
    return lambda frame: struct(member for part in parts for member in part(frame))


def _item(
    compiler: Compiler, item: clauses.Item, number: int, scope: Scope
) -> Callable[[Frame], list[tuple[str, Any]]]:
    node = unwrapped(item.expression)
    if isinstance(node, terms.Path) and item.name is None and _spreads_fields(node.steps[-1]):
        whole = terms.Path(node.at, node.root, node.steps[:-1]) if node.steps[1:] else node.root
        value = compiler.expression(whole, scope)
        return lambda frame: _members(value(frame), f"_{number}")
    name = item.name.text if item.name else _implied_name(node) or f"_{number}"
    value = scalar(compiler, item.expression, scope)
    return lambda frame: [(name, value(frame))]


def _spreads_fields(step: terms.Step) -> bool:
    return isinstance(step, terms.Spread) and step.fields


def _implied_name(node: terms.Expression) -> str | None:
    if isinstance(node, terms.Variable):
        return node.name
    last = node.steps[-1] if isinstance(node, terms.Path) else None
    if isinstance(last, terms.Field):
        return last.name
    index = unwrapped(last.index) if isinstance(last, terms.Element) else None
    return text_of(index.value) if isinstance(index, terms.Literal) else None
