"""CAST: an Ion value as another Ion type."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import (
    IonPyBytes,
    IonPyDecimal,
    IonPyFloat,
    IonPyInt,
    IonPySymbol,
    IonPyTimestamp,
)

from runtime.ledger import ion
from runtime.ledger.partiql import terms
from runtime.ledger.partiql.arithmetic import digits_max, to_decimal
from runtime.ledger.partiql.comparisons import family
from runtime.ledger.partiql.compiler import Compiler, Evaluate, Frame, Scope
from runtime.ledger.partiql.kinds import known
from runtime.ledger.partiql.literals import is_bounded
from runtime.ledger.partiql.scalars import scalar
from runtime.ledger.partiql.times import parsed
from runtime.ledger.partiql.values import (
    NULL,
    bag,
    boolean,
    integer_of,
    is_unknown,
    sequence,
    string,
    text_of,
)

_SIZES_MAX = {"DECIMAL": 2, "NUMERIC": 2, "CHAR": 1, "CHARACTER": 1, "VARCHAR": 1}


class CastError(ValueError):
    """A value has no counterpart in the other type."""


def cast(compiler: Compiler, node: terms.Cast, scope: Scope) -> Evaluate:
    """The closure for a CAST; StatementError where a value cannot be cast."""
    operand = scalar(compiler, node.operand, scope)
    convert = _conversion(compiler, node.kind)

    def evaluate(frame: Frame) -> Any:
        value = operand(frame)
        if is_unknown(value):
            return NULL
        try:
            return convert(value)
        except (ValueError, ArithmeticError) as error:
            reason = f": {error}" if isinstance(error, CastError) else ""
            message = f"a {family(value)} cannot be cast to {node.kind.name}{reason}"
            raise compiler.error(node, message) from error

    return evaluate


def _conversion(compiler: Compiler, kind: terms.Kind) -> Callable[[Any], Any]:
    sizes = [_size(compiler, size) for size in kind.sizes]
    if len(sizes) > _SIZES_MAX.get(kind.name, 0):
        compiler.refuse(kind, f"{kind.name} takes {_SIZES_MAX.get(kind.name, 0)} sizes at most")
    if kind.name == "BAG":
        return lambda value: bag(_members(value))
    if kind.name in ("ANY", "NULL", "MISSING"):
        return _nothing if kind.name != "ANY" else lambda value: value
    ion_type = known(compiler, kind)
    convert = _CONVERSIONS[ion_type]
    if ion_type is IonType.DECIMAL and sizes:
        precision, scale = (*sizes, 0)[:2]
        return lambda value: _sized(convert(value), precision, scale)
    if ion_type is IonType.STRING and sizes:
        return lambda value: string(convert(value)[: sizes[0]])
    return lambda value: value if _is(value, ion_type) else convert(value)


def _size(compiler: Compiler, node: terms.Expression) -> int:
    size = integer_of(node.value) if isinstance(node, terms.Literal) else None
    if size is None or not 0 <= size <= digits_max:
        compiler.refuse(node, f"the size of a type is a number up to {digits_max}")
    return size


def _is(value: Any, ion_type: IonType) -> bool:
    return value.ion_type is ion_type and family(value) != "bag"


def _nothing(_: Any) -> Any:
    raise CastError("only NULL and MISSING are")


def _bool(value: Any) -> Any:
    match family(value):
        case "bool":
            return boolean(value == 1)
        case "number":
            return boolean(value != 0)
        case "text" if _text(value).lower() in ("true", "false"):
            return boolean(_text(value).lower() == "true")
        case _:
            raise CastError("it is neither true nor false")


def _int(value: Any) -> IonPyInt:
    if family(value) == "text":
        return IonPyInt(_number(value, int))
    exact = _decimal(value)
    if exact.adjusted() >= digits_max:
        raise CastError("it is too large")
    return IonPyInt(int(exact))


def _float(value: Any) -> IonPyFloat:
    return IonPyFloat(_number(value, float))


def _decimal(value: Any) -> IonPyDecimal:
    if family(value) == "number":
        return IonPyDecimal(to_decimal(value))
    found = _number(value, Decimal)
    if not found.is_finite() or not is_bounded(found):
        raise CastError("it is out of bounds")
    return IonPyDecimal(found)


def _number(value: Any, make: Callable[[Any], Any]) -> Any:
    match family(value):
        case "bool" | "number":
            return make(int(value) if family(value) == "bool" else value)
        case "text" if _text(value).isascii() and "_" not in _text(value):
            return make(_text(value).strip())
        case _:
            raise CastError("it is no number")


def _sized(value: Decimal, precision: int, scale: int) -> IonPyDecimal:
    context = Context(digits_max, ROUND_HALF_UP)
    rounded = value.quantize(Decimal((0, (1,), -scale)), context=context)
    if precision and len(rounded.as_tuple().digits) > max(precision, scale):
        raise CastError(f"it has more than {precision} digits")
    return IonPyDecimal(rounded)


def _timestamp(value: Any) -> Any:
    return parsed(_text(value))


def _string(value: Any) -> Any:
    return string(_written(value))


def _symbol(value: Any) -> IonPySymbol:
    return IonPySymbol.from_value(IonType.SYMBOL, _written(value))


def _written(value: Any) -> str:
    match family(value):
        case "text":
            return _text(value)
        case "bool":
            return "true" if value == 1 else "false"
        case "number":
            kind = float if value.ion_type is IonType.FLOAT else Decimal
            return str(kind(value))
        case "timestamp":
            return ion.text(IonPyTimestamp.from_value(IonType.TIMESTAMP, value))
        case _:
            raise CastError("it is no scalar")


def _text(value: Any) -> str:
    found = text_of(value)
    if found is None:
        raise CastError("it is no text")
    return found


def _lob(ion_type: IonType) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if family(value) != "lob":
            raise CastError("it is neither clob nor blob")
        return IonPyBytes.from_value(ion_type, bytes(value))

    return convert


def _members(value: Any) -> list[Any]:
    if family(value) not in ("list", "sexp", "bag"):
        raise CastError("it is no collection")
    return list(value)


def _struct(_: Any) -> Any:
    raise CastError("only a struct is")


_CONVERSIONS: Mapping[IonType, Callable[[Any], Any]] = {
    IonType.BOOL: _bool,
    IonType.INT: _int,
    IonType.FLOAT: _float,
    IonType.DECIMAL: _decimal,
    IonType.TIMESTAMP: _timestamp,
    IonType.STRING: _string,
    IonType.SYMBOL: _symbol,
    IonType.CLOB: _lob(IonType.CLOB),
    IonType.BLOB: _lob(IonType.BLOB),
    IonType.LIST: lambda value: sequence(_members(value)),
    IonType.SEXP: lambda value: sequence(_members(value), IonType.SEXP),
    IonType.STRUCT: _struct,
}
