"""Closures for constants, variables, paths and constructors."""

from collections.abc import Callable
from typing import Any

from amazon.ion.simple_types import IonPyDict, IonPyList

from runtime.ledger.partiql import terms
from runtime.ledger.partiql.comparisons import equal, family
from runtime.ledger.partiql.compiler import PARAMETERS, Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.values import (
    MISSING,
    NULL,
    bag,
    element,
    field,
    integer_of,
    is_true,
    is_unknown,
    sequence,
    struct,
    text_of,
)

Take = Callable[[Any, Frame], Any]


def literal(_compiler: Compiler, node: terms.Literal, _scope: Scope) -> Evaluate:
    """The constant."""
    value = node.value
    return lambda _: value


def parameter(_compiler: Compiler, node: terms.Parameter, _scope: Scope) -> Evaluate:
    """The value given for a `?`."""
    index = node.index
    return lambda frame: frame[PARAMETERS][index]


def parenthesized(compiler: Compiler, node: terms.Parenthesized, scope: Scope) -> Evaluate:
    """What is inside."""
    return compiler.expression(node.inner, scope)


def variable(compiler: Compiler, node: terms.Variable, scope: Scope) -> Evaluate:
    """A variable of FROM, or a field of one: of the innermost FROM that has the field."""
    slot = compiler.find(node, scope)
    if slot is not None:
        return lambda frame: frame[slot]
    slots: list[int] = []
    level: Scope | None = scope
    while level is not None:
        for slot in level.values:
            compiler.reads(node, level, slot)
            slots.append(slot)
        level = level.outer
    return _implicit(node.name, slots)


def _implicit(name: str, slots: list[int]) -> Evaluate:
    if len(slots) == 1:
        slot = slots[0]
        return lambda frame: field(frame[slot], name)

    def evaluate(frame: Frame) -> Any:
        for slot in slots:
            value = field(frame[slot], name)
            if value is not MISSING:
                return value
        return MISSING

    return evaluate


def path(compiler: Compiler, node: terms.Path, scope: Scope) -> Evaluate:
    """What is found by following the steps; after `[*]` or `.*` the bag of all found."""
    root = compiler.expression(node.root, scope)
    for position, step in enumerate(node.steps):
        if isinstance(step, terms.Spread):
            rest = [take(compiler, later, scope) for later in node.steps[position + 1 :]]
            spreads = [isinstance(later, terms.Spread) for later in node.steps[position + 1 :]]
            return _spread(root, step.fields, list(zip(rest, spreads, strict=True)))
        root = _stepped(root, compiler, step, scope)
    return root


def _stepped(root: Evaluate, compiler: Compiler, step: terms.Step, scope: Scope) -> Evaluate:
    if isinstance(step, terms.Field):
        name = step.name
        return lambda frame: field(root(frame), name)
    follow = take(compiler, step, scope)
    return lambda frame: follow(root(frame), frame)


def take(compiler: Compiler, step: terms.Step, scope: Scope) -> Take:
    """What a step takes from a value: a part, MISSING, or for a spread the list of all parts."""
    if isinstance(step, terms.Field):
        name = step.name
        return lambda value, _: field(value, name)
    if isinstance(step, terms.Spread):
        return lambda value, _: _parts(value, step.fields)
    index = scalar(compiler, step.index, scope)

    def follow(value: Any, frame: Frame) -> Any:
        key = index(frame)
        position = integer_of(key)
        if position is not None:
            return element(value, position)
        name = text_of(key)
        return MISSING if name is None else field(value, name)

    return follow


def _spread(root: Evaluate, fields: bool, rest: list[tuple[Take, bool]]) -> Evaluate:
    def evaluate(frame: Frame) -> Any:
        found = _parts(root(frame), fields)
        for follow, spreads in rest:
            taken = [follow(value, frame) for value in found]
            found = [part for parts in taken for part in parts] if spreads else taken
        return bag(value for value in found if value is not MISSING)

    return evaluate


def _parts(value: Any, fields: bool) -> list[Any]:
    if fields:
        return [part for _, part in value.items()] if isinstance(value, IonPyDict) else []
    return list(value) if isinstance(value, IonPyList) else []


def collection(compiler: Compiler, node: terms.Sequence, scope: Scope) -> Evaluate:
    """A list or bag; MISSING items are left out."""
    items = [compiler.expression(item, scope) for item in node.items]
    make = bag if node.bag else sequence
    return lambda frame: make(value for item in items if (value := item(frame)) is not MISSING)


def constructor(compiler: Compiler, node: terms.Struct, scope: Scope) -> Evaluate:
    """A struct; members that are MISSING are left out, names must be text."""
    members = [
        (scalar(compiler, part.name, scope), compiler.expression(part.value, scope), part)
        for part in node.members
    ]

    def evaluate(frame: Frame) -> IonPyDict:
        made: list[tuple[str, Any]] = []
        for name, value, part in members:
            key = name(frame)
            text = text_of(key)
            if text is None:
                compiler.refuse(part, f"a field's name is text, not a {family(key)}")
            made.append((text, value(frame)))
        return struct(made)

    return evaluate


def case(compiler: Compiler, node: terms.Case, scope: Scope) -> Evaluate:
    """The value of the first WHEN that is true, or equal to the subject; else NULL."""
    subject = scalar(compiler, node.subject, scope) if node.subject else None
    whens = [
        (scalar(compiler, when.condition, scope), compiler.expression(when.value, scope))
        for when in node.whens
    ]
    otherwise = compiler.expression(node.otherwise, scope) if node.otherwise else None

    def evaluate(frame: Frame) -> Any:
        wanted = subject(frame) if subject else None
        for condition, value in whens:
            found = condition(frame)
            if _matches(wanted, found) if subject else is_true(found):
                return value(frame)
        return otherwise(frame) if otherwise else NULL

    return evaluate


def _matches(wanted: Any, found: Any) -> bool:
    return not is_unknown(wanted) and not is_unknown(found) and equal(wanted, found)
