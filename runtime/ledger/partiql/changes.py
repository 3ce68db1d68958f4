"""INSERT, and FROM … SET/REMOVE/INSERT INTO with UPDATE and DELETE, which are forms of it.

All bindings are found and all new values computed from what the documents were before; then each
document is changed once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from amazon.ion.simple_types import IonPyDict, IonPyList

from runtime.ledger.partiql import clauses, terms
from runtime.ledger.partiql.access import Access
from runtime.ledger.partiql.comparisons import family
from runtime.ledger.partiql.compiler import ACCESS, Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.documents import (
    Place,
    PlaceError,
    assigned,
    document_row,
    inserted,
    removed,
)
from runtime.ledger.partiql.places import Placed, placed
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.sources import Bound, Ranging, ranging
from runtime.ledger.partiql.values import MISSING, NULL, integer_of, text_of

Change = Callable[[Any], Any]
"""A document's data to its new data; MISSING deletes it."""


@dataclass(slots=True)
class Edits:
    """What is to become of one document."""

    data: Any
    changes: list[Change] = field(default_factory=list[Change])
    removals: set[Place] = field(default_factory=set[Place])

    def result(self) -> Any:
        """The new data, or MISSING when the document is deleted."""
        data = self.data
        if () in self.removals:
            return MISSING
        for change in self.changes:
            data = change(data)
        # The last positions of a list first, so that those before them stay what they were.
        for place in sorted(self.removals, key=_from_the_end, reverse=True):
            data = removed(data, place)
        return data


@dataclass(frozen=True, slots=True)
class Operation:
    """A compiled operation: adds to the edits of the document that the binding is about."""

    bound: Bound
    note: Callable[[Frame, Edits], None]


def insert(compiler: Compiler, node: clauses.Insert) -> Callable[[Frame], list[Any]]:
    """Add documents; the rows name their new ids."""
    value = compiler.expression(node.value, Scope())
    name = node.table.text

    def run(frame: Frame) -> list[Any]:
        access: Access = frame[ACCESS]
        found = value(frame)
        several = not node.single and isinstance(found, IonPyList)
        documents = [
            _document(compiler, node.value, data) for data in (found if several else [found])
        ]
        table = access.table(name)
        return [document_row(access.insert(table, data)) for data in documents]

    return run


def change(compiler: Compiler, node: clauses.Change) -> Callable[[Frame], list[Any]]:
    """Change or delete the documents that WHERE keeps; a row for each of them."""
    scope = Scope()
    found = ranging(compiler, node.sources, node.where, scope)
    operation = _operation(compiler, node, found, scope)
    bound = operation.bound
    name, identity = bound.table, bound.identity_slot
    if name is None or identity is None or bound.committed:
        compiler.refuse(node.operation, "only a table itself can be changed, not a view of it")

    def run(frame: Frame) -> list[Any]:
        access: Access = frame[ACCESS]
        edits: dict[str, Edits] = {}
        for _ in found.rows(frame):
            document_id = str(frame[identity])
            if document_id not in edits:
                edits[document_id] = Edits(frame[bound.value_slot])
                access.check_changes(len(edits))
            operation.note(frame, edits[document_id])
        results = {key: _result(compiler, node, edit) for key, edit in edits.items()}
        table = access.table(name)
        for document_id, data in results.items():
            if data is MISSING:
                access.delete(table, document_id)
            else:
                access.replace(table, document_id, data)
        return [document_row(document_id) for document_id in results]

    return run


def _result(compiler: Compiler, node: clauses.Change, edits: Edits) -> Any:
    try:
        data = edits.result()
    except PlaceError as error:
        raise compiler.error(node.operation, str(error)) from error
    return data if data is MISSING else _document(compiler, node.operation, data)


def _document(compiler: Compiler, node: terms.Node, data: Any) -> Any:
    if not isinstance(data, IonPyDict):
        compiler.refuse(node, f"a document is a struct, not a {family(data)}")
    return data


def _operation(compiler: Compiler, node: clauses.Change, found: Ranging, scope: Scope) -> Operation:
    match node.operation:
        case clauses.SetPaths():
            return _set(compiler, node.operation, found, scope)
        case clauses.Remove():
            target = placed(compiler, node.operation.target, found, scope)
            return Operation(
                target.bound, lambda frame, edits: edits.removals.add(target.place(frame))
            )
        case clauses.InsertInto():
            return _insert_into(compiler, node.operation, found, scope)
        case clauses.DeleteDocument():
            return Operation(found.bound[0], lambda _, edits: edits.removals.add(()))


def _set(compiler: Compiler, node: clauses.SetPaths, found: Ranging, scope: Scope) -> Operation:
    assignments: list[tuple[Placed, Evaluate]] = []
    for assignment in node.assignments:
        target = placed(compiler, assignment.target, found, scope)
        assignments.append((target, scalar(compiler, assignment.value, scope)))
        if target.bound != assignments[0][0].bound:
            compiler.refuse(assignment.target, "one statement changes the documents of one table")

    def note(frame: Frame, edits: Edits) -> None:
        for target, value in assignments:
            edits.changes.append(_assigning(target.place(frame), value(frame)))

    return Operation(assignments[0][0].bound, note)


def _assigning(place: Place, new: Any) -> Change:
    return lambda data: assigned(data, place, new)


def _insert_into(
    compiler: Compiler, node: clauses.InsertInto, found: Ranging, scope: Scope
) -> Operation:
    target = placed(compiler, node.target, found, scope)
    value = scalar(compiler, node.value, scope)
    position = scalar(compiler, node.position, scope) if node.position else None

    def note(frame: Frame, edits: Edits) -> None:
        at = None
        if position is not None and node.position is not None:
            key = position(frame)
            at = text_of(key) if integer_of(key) is None else integer_of(key)
            if at is None:
                compiler.refuse(node.position, "AT takes a position or the name of a field")
        new = value(frame)
        edits.changes.append(_inserting(target.place(frame), NULL if new is MISSING else new, at))

    return Operation(target.bound, note)


def _inserting(place: Place, new: Any, at: str | int | None) -> Change:
    return lambda data: inserted(data, place, new, at)


def _from_the_end(place: Place) -> list[tuple[int, str]]:
    return [(key, "") if isinstance(key, int) else (-1, key) for key in place]
