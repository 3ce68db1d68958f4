"""Which conditions of WHERE name the documents of a table by their id or by a field.

The conditions are checked on every row all the same: a lookup only narrows what is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyList, IonPyText

from runtime.ledger.partiql import terms
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.conditions import column
from runtime.ledger.partiql.scalars import scalar, unwrapped
from runtime.ledger.partiql.values import text_of

DOCUMENT_ID: Final = ("metadata", "id")
DATA: Final = "data"

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A path that must equal one of some values, known before the row is read."""

    key: Key
    values: Evaluate


@dataclass(frozen=True, slots=True)
class Subject:
    """The variables of a source that rows are to be looked up for.

    `committed` when its value is a revision, else it is a document's data.
    """

    value_slot: int
    identity_slot: int | None
    committed: bool
    unbound: frozenset[int]
    """The slots that have no value yet when the source is read."""


def conjuncts(conditions: Iterable[terms.Expression]) -> list[terms.Expression]:
    """The conditions with every AND taken apart."""
    parts: list[terms.Expression] = []
    for condition in conditions:
        inner = unwrapped(condition)
        if isinstance(inner, terms.Every):
            parts.extend(conjuncts(inner.operands))
        else:
            parts.append(inner)
    return parts


def lookups(
    compiler: Compiler, scope: Scope, subject: Subject, conditions: Iterable[terms.Expression]
) -> list[Lookup]:
    """What the conditions fix of a source, those by document id first."""
    found: list[Lookup] = []
    for condition in conditions:
        if isinstance(condition, terms.Binary) and condition.operator == "EQ":
            sides = ((condition.left, condition.right), (condition.right, condition.left))
            for operand, other in sides:
                key = _key(compiler, scope, subject, operand)
                if key and _known(compiler, scope, subject, other):
                    found.append(Lookup(key, _single(scalar(compiler, other, scope))))
        elif isinstance(condition, terms.Within):
            key = _key(compiler, scope, subject, condition.operand)
            if key and _known(compiler, scope, subject, condition.members):
                found.append(Lookup(key, _several(column(compiler, condition.members, scope))))
    return sorted(found, key=lambda lookup: lookup.key != DOCUMENT_ID)


def _single(value: Evaluate) -> Evaluate:
    return lambda frame: [value(frame)]


def _several(members: Evaluate) -> Evaluate:
    def values(frame: Frame) -> list[Any]:
        collection = members(frame)
        return list(collection) if isinstance(collection, IonPyList) else []

    return values


def _known(compiler: Compiler, scope: Scope, subject: Subject, node: terms.Expression) -> bool:
    return not compiler.tracked(node, scope)[1] & subject.unbound


def _key(compiler: Compiler, scope: Scope, subject: Subject, node: terms.Expression) -> Key | None:
    """DOCUMENT_ID, or the field of the data, that an expression stands for."""
    node = unwrapped(node)
    root, steps = (node.root, node.steps) if isinstance(node, terms.Path) else (node, ())
    root = unwrapped(root)
    if not isinstance(root, terms.Variable):
        return None
    names = _names(steps)
    slot = compiler.find(root, scope)
    if slot is None and scope.values == [subject.value_slot] and scope.outer is None:
        names = None if names is None else (root.name, *names)
    elif slot is not None and slot == subject.identity_slot:
        return DOCUMENT_ID if names == () else None
    elif slot != subject.value_slot:
        return None
    if not subject.committed:
        return names if names is not None and len(names) == 1 else None
    if names == DOCUMENT_ID:
        return DOCUMENT_ID
    return names[1:] if names is not None and len(names) == 2 and names[0] == DATA else None


def _names(steps: Iterable[terms.Step]) -> Key | None:
    names: list[str] = []
    for step in steps:
        if isinstance(step, terms.Field):
            names.append(step.name)
            continue
        index = unwrapped(step.index) if isinstance(step, terms.Element) else None
        if not isinstance(index, terms.Literal) or not _is_string(index.value):
            return None
        names.append(str(text_of(index.value)))
    return tuple(names)


def _is_string(value: Any) -> bool:
    return isinstance(value, IonPyText) and value.ion_type is IonType.STRING
