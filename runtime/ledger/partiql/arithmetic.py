"""Arithmetic on Ion numbers: ints without bound, decimals exact, floats only among themselves."""

import math
from collections.abc import Callable
from decimal import (
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
)
from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyDecimal, IonPyFloat, IonPyInt

from runtime.ledger.partiql import terms
from runtime.ledger.partiql.comparisons import family
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.literals import number_exponent_max
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.values import NULL, is_unknown, string, text_of

digits_max = 4_096
quotient_digits = 38
integer_bits_max = 131_072 * 8

_BOUNDS = [Clamped, InvalidOperation, Overflow, Subnormal]
_EXACT = Context(
    digits_max, Emin=-number_exponent_max, Emax=number_exponent_max, traps=[*_BOUNDS, Inexact]
)
_ROUNDED = Context(
    quotient_digits, ROUND_HALF_EVEN, -number_exponent_max, number_exponent_max, traps=_BOUNDS
)

Operate = Callable[[Any, Any], Any]


def binary(compiler: Compiler, node: terms.Binary, scope: Scope) -> Evaluate:
    """`+ - * / %`: NULL when a side is unknown, StatementError for what is no number."""
    left, right = scalar(compiler, node.left, scope), scalar(compiler, node.right, scope)
    operate = _OPERATIONS[node.operator]

    def evaluate(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if is_unknown(one) or is_unknown(other):
            return NULL
        try:
            return operate(one, other)
        except (ValueError, ArithmeticError) as error:
            raise compiler.error(node, explained(error)) from error

    return evaluate


def unary(compiler: Compiler, node: terms.Unary, scope: Scope) -> Evaluate:
    """The sign of a number."""
    operand = scalar(compiler, node.operand, scope)
    negative = node.operator == "MINUS"

    def evaluate(frame: Frame) -> Any:
        value = operand(frame)
        if is_unknown(value):
            return NULL
        if family(value) != "number":
            compiler.refuse(node, f"a {family(value)} has no sign")
        return _negated(value) if negative else value

    return evaluate


def concatenation(compiler: Compiler, node: terms.Binary, scope: Scope) -> Evaluate:
    """`||` of strings and symbols: a string."""
    left, right = scalar(compiler, node.left, scope), scalar(compiler, node.right, scope)

    def evaluate(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        if is_unknown(one) or is_unknown(other):
            return NULL
        head, tail = text_of(one), text_of(other)
        if head is None or tail is None:
            return compiler.refuse(
                node, f"|| joins texts, not a {family(one)} and a {family(other)}"
            )
        return string(head + tail)

    return evaluate


def add(left: Any, right: Any) -> Any:
    """The sum of two Ion numbers; ValueError for what is none, ArithmeticError if too large."""
    return _calculate(left, right, lambda a, b: a + b, lambda a, b: a + b, _EXACT.add)


def subtract(left: Any, right: Any) -> Any:
    """The difference of two Ion numbers."""
    return _calculate(left, right, lambda a, b: a - b, lambda a, b: a - b, _EXACT.subtract)


def multiply(left: Any, right: Any) -> Any:
    """The product of two Ion numbers."""
    return _calculate(left, right, _product, lambda a, b: a * b, _EXACT.multiply)


def divide(left: Any, right: Any) -> Any:
    """The quotient: of ints without its fraction, of decimals with 38 digits."""
    return _calculate(
        left, right, _quotient, lambda a, b: a / b, lambda a, b: _ROUNDED.divide(a, _divisor(b))
    )


def remainder(left: Any, right: Any) -> Any:
    """What divide leaves, with the sign of the left number."""
    return _calculate(
        left,
        right,
        lambda a, b: a - b * _quotient(a, b),
        lambda a, b: math.fmod(a, _divisor(b)),
        lambda a, b: _EXACT.remainder(a, _divisor(b)),
    )


def average(total: Any, count: int) -> IonPyDecimal:
    """The mean of numbers as a decimal of 38 digits."""
    return IonPyDecimal(_ROUNDED.divide(to_decimal(total), Decimal(count)))


def explained(error: Exception) -> str:
    """Why a calculation failed, for a message."""
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    return f"the result has more than {digits_max} digits or is out of bounds"


def to_decimal(value: Any) -> Decimal:
    """The exact decimal of an int or decimal; of a float the shortest that reads back as it."""
    if value.ion_type is not IonType.FLOAT:
        return Decimal(value)
    found = Decimal(repr(float(value)))
    if not found.is_finite():
        raise ValueError("nan and inf are no decimals")
    return found


def _calculate(
    left: Any, right: Any, on_ints: Operate, on_floats: Operate, on_decimals: Operate
) -> Any:
    for value in (left, right):
        if family(value) != "number":
            raise ValueError(f"a {family(value)} is no number to calculate with")
    kinds = {left.ion_type, right.ion_type}
    if kinds == {IonType.INT}:
        return IonPyInt(_bounded(on_ints(int(left), int(right))))
    if IonType.DECIMAL not in kinds:
        return IonPyFloat(on_floats(float(left), float(right)))
    return IonPyDecimal(on_decimals(to_decimal(left), to_decimal(right)))


def _product(left: int, right: int) -> int:
    if left.bit_length() + right.bit_length() > integer_bits_max:
        raise OverflowError
    return left * right


def _quotient(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _divisor(value: Any) -> Any:
    if value == 0:
        raise ZeroDivisionError
    return value


def _bounded(value: int) -> int:
    if value.bit_length() > integer_bits_max:
        raise OverflowError
    return value


def _negated(value: Any) -> Any:
    if value.ion_type is IonType.DECIMAL:
        return IonPyDecimal(value.copy_negate())
    return IonPyFloat(-value) if value.ion_type is IonType.FLOAT else IonPyInt(-value)


_OPERATIONS: dict[str, Operate] = {
    "PLUS": add,
    "MINUS": subtract,
    "STAR": multiply,
    "SLASH": divide,
    "PERCENT": remainder,
}
