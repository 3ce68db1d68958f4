"""FROM and WHERE: which sources are looped over, by what they are looked up, when rows are kept."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.ledger.partiql import clauses, terms
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Scope
from runtime.ledger.partiql.conditions import condition
from runtime.ledger.partiql.lookups import Lookup, Subject, conjuncts, lookups
from runtime.ledger.partiql.ranges import (
    Iterate,
    filtered,
    nested,
    over_collection,
    over_history,
    over_table,
    over_user_tables,
)
from runtime.ledger.partiql.scalars import scalar, unwrapped
from runtime.ledger.partiql.values import TRUE, text_of

COMMITTED_PREFIX = "_ql_committed_"
SYSTEM_SCHEMA = "information_schema"
USER_TABLES = "user_tables"

sources_max = 32

Open = Callable[[list[Lookup]], Iterate]
"""Makes the loop of a source once it is known what its rows can be looked up by."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the collection that a source ranges over is in the value of an earlier variable."""

    slot: int
    steps: tuple[terms.Step, ...]
    ordinal_slot: int


@dataclass(frozen=True, slots=True)
class Bound:
    """The slots that a source fills, and what a change may want to know of it."""

    value_slot: int
    slots: frozenset[int]
    identity_slot: int | None = None
    table: str | None = None
    committed: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Ranging:
    """A compiled FROM and WHERE: its loops, and what each source fills."""

    rows: Iterate
    bound: tuple[Bound, ...]


def ranging(
    compiler: Compiler,
    sources: clauses.Sources,
    where: terms.Expression | None,
    scope: Scope,
) -> Ranging:
    """Compile FROM and WHERE, putting their variables into the scope."""
    if len(sources.sources) > sources_max:
        compiler.refuse(sources, f"FROM has at most {sources_max} sources")
    opened = [_open(compiler, source, scope) for source in sources.sources]
    parts = conjuncts([*sources.conditions, *([where] if where else [])])
    waiting = [(condition(compiler, part, scope), *compiler.tracked(part, scope)) for part in parts]
    loops: list[Iterate] = []
    for number, (bound, open_loop) in enumerate(opened):
        unbound = frozenset[int]().union(*(later.slots for later, _ in opened[number:]))
        subject = Subject(bound.value_slot, bound.identity_slot, bound.committed, unbound)
        after = unbound - bound.slots
        ready = [holds for holds, _, read in waiting if not read & after]
        waiting = [entry for entry in waiting if entry[2] & after]
        loop = open_loop(lookups(compiler, scope, subject, parts))
        loops.append(filtered(loop, ready, TRUE))
    return Ranging(nested(loops), tuple(bound for bound, _ in opened))


def _open(compiler: Compiler, source: clauses.Source, scope: Scope) -> tuple[Bound, Open]:
    expression = unwrapped(source.expression)
    match expression:
        case terms.Variable() if not _is_local(compiler, expression, scope):
            return _table(compiler, source, expression, scope)
        case terms.Path(root=terms.Variable() as root) if _is_system(compiler, root, scope):
            return _user_tables(compiler, source, expression, scope)
        case terms.Call(name="HISTORY"):
            return _history(compiler, source, expression, scope)
        case _:
            return _collection(compiler, source, expression, scope)


def _is_local(compiler: Compiler, node: terms.Variable, scope: Scope) -> bool:
    if node.local:
        if compiler.find(node, scope) is None:
            compiler.refuse(node, f"there is no variable {node.name}")
        return True
    level: Scope | None = scope
    while level is not None:
        if node.name in level.written:
            return True
        level = level.outer
    return False


def _is_system(compiler: Compiler, root: terms.Variable, scope: Scope) -> bool:
    return root.name == SYSTEM_SCHEMA and not root.local and compiler.find(root, scope) is None


def _table(
    compiler: Compiler, source: clauses.Source, node: terms.Variable, scope: Scope
) -> tuple[Bound, Open]:
    committed = node.name.startswith(COMMITTED_PREFIX)
    name = node.name.removeprefix(COMMITTED_PREFIX)
    value, identity = compiler.slot(), compiler.slot()
    _name(compiler, source, scope, value, node.name, identity=identity)
    bound = Bound(value, frozenset((value, identity)), identity, name, committed)
    return bound, lambda by: over_table(name, committed, value, identity, by)


def _history(
    compiler: Compiler, source: clauses.Source, node: terms.Call, scope: Scope
) -> tuple[Bound, Open]:
    if not 1 <= len(node.arguments) <= 3:
        compiler.refuse(node, "history takes a table and at most a start and an end")
    table, *times = node.arguments
    name = table.name if isinstance(table, terms.Variable) else None
    if isinstance(table, terms.Literal):
        name = text_of(table.value)
    if name is None:
        compiler.refuse(node, "history takes the name of a table, or its id as a string")
    limits = [scalar(compiler, time, scope) for time in times]
    value = compiler.slot()
    _name(compiler, source, scope, value, "")
    return (
        Bound(value, frozenset((value,)), committed=True),
        lambda by: over_history(
            name, limits, lambda message: compiler.error(node, message), value, by
        ),
    )


def _user_tables(
    compiler: Compiler, source: clauses.Source, node: terms.Path, scope: Scope
) -> tuple[Bound, Open]:
    if [step.name for step in node.steps if isinstance(step, terms.Field)] != [USER_TABLES]:
        compiler.refuse(node, f"{SYSTEM_SCHEMA} has only {USER_TABLES}")
    value = compiler.slot()
    _name(compiler, source, scope, value, USER_TABLES)
    return Bound(value, frozenset((value,))), lambda _: over_user_tables(value)


def _collection(
    compiler: Compiler, source: clauses.Source, node: terms.Expression, scope: Scope
) -> tuple[Bound, Open]:
    items: Evaluate = compiler.expression(node, scope)
    origin_slot, steps = _origin(compiler, node, scope)
    value, ordinal, position = compiler.slot(), compiler.slot(), compiler.slot()
    last = steps[-1] if steps else None
    alias = last.name if isinstance(last, terms.Field) else ""
    _name(compiler, source, scope, value, alias, position=position)
    origin = None if origin_slot is None else Origin(origin_slot, steps, ordinal)
    bound = Bound(value, frozenset((value, ordinal, position)), origin=origin)
    return bound, lambda _: over_collection(items, value, ordinal, position)


def _origin(
    compiler: Compiler, node: terms.Expression, scope: Scope
) -> tuple[int | None, tuple[terms.Step, ...]]:
    root, steps = (node.root, node.steps) if isinstance(node, terms.Path) else (node, ())
    if isinstance(root, terms.Variable):
        return compiler.find(root, scope), steps
    return None, steps


def _name(
    compiler: Compiler,
    source: clauses.Source,
    scope: Scope,
    value: int,
    alias: str,
    identity: int | None = None,
    position: int | None = None,
) -> None:
    """Put the names of a source's variables into the scope."""
    if source.identity and identity is None:
        compiler.refuse(source.identity, "BY names the document id of a table, here is none")
    if source.position and position is None:
        position = compiler.slot()
    scope.values.append(value)
    if source.alias is None and alias:
        scope.names.setdefault(alias, value)
    slots = ((source.alias, value), (source.identity, identity), (source.position, position))
    for name, slot in slots:
        if name is None or slot is None:
            continue
        if name.text in scope.written:
            compiler.refuse(name, f"the name {name.text} is given twice")
        scope.names[name.text] = slot
        scope.written.add(name.text)
