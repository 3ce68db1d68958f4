"""Where in which document the target of a change is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.ledger.partiql import clauses, terms
from runtime.ledger.partiql.comparisons import family
from runtime.ledger.partiql.compiler import Compiler, Frame, Scope
from runtime.ledger.partiql.documents import Place
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.sources import Bound, Ranging
from runtime.ledger.partiql.values import integer_of, text_of

Key = Callable[[Frame], str | int]


@dataclass(frozen=True, slots=True)
class Placed:
    """A place in the documents of the table that `bound` ranges over."""

    bound: Bound
    keys: tuple[Key, ...]

    def place(self, frame: Frame) -> Place:
        """The place in the document of the present binding."""
        return tuple(key(frame) for key in self.keys)


def placed(compiler: Compiler, target: clauses.Target, found: Ranging, scope: Scope) -> Placed:
    """Follow a target to its table; StatementError when it does not lead to one.

    A variable that ranges over a list of a document stands for that element of the document.
    """
    keys = [_key(compiler, step, scope) for step in target.steps]
    slot = compiler.find(target.root, scope)
    if slot is None:
        if len(found.bound) != 1:
            compiler.refuse(target, f"there is no variable {target.root.name} to change")
        keys.insert(0, _constant(target.root.name))
        slot = found.bound[0].value_slot
    by_slot = {bound.value_slot: bound for bound in found.bound}
    while (bound := by_slot.get(slot)) is not None and bound.origin is not None:
        origin = bound.origin
        steps = [_key(compiler, step, scope) for step in origin.steps]
        keys = [*steps, _ordinal(compiler, target, origin.ordinal_slot), *keys]
        slot = origin.slot
    if bound is None:
        compiler.refuse(target, f"{target.root.name} is no document of a table, it cannot change")
    return Placed(bound, tuple(keys))


def _key(compiler: Compiler, step: terms.Step, scope: Scope) -> Key:
    if isinstance(step, terms.Field):
        return _constant(step.name)
    if isinstance(step, terms.Spread):
        compiler.refuse(step, "* names no single place to change")
    index = scalar(compiler, step.index, scope)

    def key(frame: Frame) -> str | int:
        value: Any = index(frame)
        position = integer_of(value)
        found = text_of(value) if position is None else position
        if found is None:
            compiler.refuse(step, f"an index is an int or a name, not a {family(value)}")
        return found

    return key


def _constant(name: str) -> Key:
    return lambda _: name


def _ordinal(compiler: Compiler, target: clauses.Target, slot: int) -> Key:
    def key(frame: Frame) -> int:
        ordinal = frame[slot]
        if ordinal is None:
            compiler.refuse(target, f"{target.root.name} is no element of a list here")
        return ordinal

    return key
