"""Function calls: which functions there are, what they take, when they are NULL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from amazon.ion.simple_types import IonPyDict, IonPyInt, IonPyList

from runtime.ledger.partiql import terms, texts, times
from runtime.ledger.partiql.access import Access
from runtime.ledger.partiql.aggregates import TOTALS, aggregate
from runtime.ledger.partiql.comparisons import equal, family
from runtime.ledger.partiql.compiler import ACCESS, NOW, Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.values import NULL, boolean, is_unknown, string

Apply = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Function:
    """What to apply to how many arguments; with `part` the first is a word such as year.

    `apply` gets Ion values of which none is unknown and raises ValueError for those it refuses.
    """

    apply: Apply
    minimum: int
    maximum: int
    part: bool = False


FUNCTIONS: Mapping[str, Function] = {
    "CHAR_LENGTH": Function(texts.length, 1, 1),
    "CHARACTER_LENGTH": Function(texts.length, 1, 1),
    "LOWER": Function(texts.lower, 1, 1),
    "UPPER": Function(texts.upper, 1, 1),
    "SUBSTRING": Function(texts.substring, 2, 3),
    "TRIM BOTH": Function(texts.trim, 1, 2),
    "TRIM LEADING": Function(texts.trim_leading, 1, 2),
    "TRIM TRAILING": Function(texts.trim_trailing, 1, 2),
    "DATE_ADD": Function(times.date_add, 3, 3, part=True),
    "DATE_DIFF": Function(times.date_diff, 3, 3, part=True),
    "EXTRACT": Function(times.extract, 2, 2, part=True),
    "TO_STRING": Function(times.to_string, 2, 2),
    "TO_TIMESTAMP": Function(times.to_timestamp, 1, 2),
}


def call(compiler: Compiler, node: terms.Call, scope: Scope) -> Evaluate:
    """The closure for a call; StatementError for an unknown function or a wrong count."""
    if node.name in TOTALS:
        return aggregate(compiler, node, scope)
    special = _SPECIAL.get(node.name)
    if special is not None and not node.star:
        return special(compiler, node, scope)
    function = FUNCTIONS.get(node.name)
    if function is None or node.star:
        compiler.refuse(node, f"there is no function {node.name}{'(*)' if node.star else ''}")
    _count(compiler, node, function.minimum, function.maximum)
    return _applied(compiler, node, function, scope)


def _applied(compiler: Compiler, node: terms.Call, function: Function, scope: Scope) -> Evaluate:
    fixed: list[str] = []
    arguments = node.arguments
    if function.part:
        fixed.append(_part(compiler, arguments[0]))
        arguments = arguments[1:]
    operands = [scalar(compiler, argument, scope) for argument in arguments]

    def evaluate(frame: Frame) -> Any:
        values = [operand(frame) for operand in operands]
        if any(is_unknown(value) for value in values):
            return NULL
        try:
            return function.apply(*fixed, *values)
        except (ValueError, ArithmeticError) as error:
            raise compiler.error(node, f"{node.name}: {error}") from error

    return evaluate


def _part(compiler: Compiler, node: terms.Expression) -> str:
    name = node.name.upper() if isinstance(node, terms.Variable) else ""
    if name not in times.PARTS:
        compiler.refuse(node, f"a part of a timestamp is one of {', '.join(times.PARTS)}")
    return name


def _count(compiler: Compiler, node: terms.Call, minimum: int, maximum: int | None) -> None:
    count = len(node.arguments)
    if count < minimum or (maximum is not None and count > maximum):
        wanted = str(minimum) if maximum == minimum else f"{minimum} to {maximum}"
        if maximum is None:
            wanted = f"at least {minimum}"
        compiler.refuse(node, f"{node.name} takes {wanted} arguments, not {count}")


def _coalesce(compiler: Compiler, node: terms.Call, scope: Scope) -> Evaluate:
    _count(compiler, node, 1, None)
    operands = [scalar(compiler, argument, scope) for argument in node.arguments]

    def evaluate(frame: Frame) -> Any:
        for operand in operands:
            value = operand(frame)
            if not is_unknown(value):
                return value
        return NULL

    return evaluate


def _nullif(compiler: Compiler, node: terms.Call, scope: Scope) -> Evaluate:
    _count(compiler, node, 2, 2)
    left, right = [scalar(compiler, argument, scope) for argument in node.arguments]

    def evaluate(frame: Frame) -> Any:
        value, other = left(frame), right(frame)
        if is_unknown(value):
            return NULL
        return NULL if not is_unknown(other) and equal(value, other) else value

    return evaluate


def _exists(compiler: Compiler, node: terms.Call, scope: Scope) -> Evaluate:
    _count(compiler, node, 1, 1)
    operand = compiler.expression(node.arguments[0], scope)
    return lambda frame: boolean(_size(compiler, node, operand(frame)) > 0)


def _size_of(compiler: Compiler, node: terms.Call, scope: Scope) -> Evaluate:
    _count(compiler, node, 1, 1)
    operand = compiler.expression(node.arguments[0], scope)

    def evaluate(frame: Frame) -> Any:
        value = operand(frame)
        return NULL if is_unknown(value) else IonPyInt(_size(compiler, node, value))

    return evaluate


def _size(compiler: Compiler, node: terms.Call, value: Any) -> int:
    if is_unknown(value):
        return 0
    if not isinstance(value, IonPyList | IonPyDict):
        compiler.refuse(node, f"{node.name} takes a collection or a struct, not a {family(value)}")
    return len(value)


def _utcnow(compiler: Compiler, node: terms.Call, _scope: Scope) -> Evaluate:
    _count(compiler, node, 0, 0)

    def evaluate(frame: Frame) -> Any:
        if frame[NOW] is None:
            frame[NOW] = times.timestamp_ms(datetime.now(UTC))
        return frame[NOW]

    return evaluate


def _txid(compiler: Compiler, node: terms.Call, _scope: Scope) -> Evaluate:
    _count(compiler, node, 0, 0)

    def evaluate(frame: Frame) -> Any:
        access: Access = frame[ACCESS]
        return string(access.transaction_id)

    return evaluate


_SPECIAL: Mapping[str, Callable[[Compiler, terms.Call, Scope], Evaluate]] = {
    "COALESCE": _coalesce,
    "NULLIF": _nullif,
    "EXISTS": _exists,
    "SIZE": _size_of,
    "UTCNOW": _utcnow,
    "TXID": _txid,
}
