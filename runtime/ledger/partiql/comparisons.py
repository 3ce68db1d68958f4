"""Equality and order of Ion values by PartiQL's rules.

Numbers compare by value whatever their type, strings and symbols by text, timestamps by instant,
clobs and blobs by bytes; annotations do not count.
"""

from decimal import Decimal
from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyDict, IonPyNull

from runtime.ledger.partiql.values import MISSING, Bag, text_of

_FAMILIES = {
    IonType.BOOL: "bool",
    IonType.INT: "number",
    IonType.FLOAT: "number",
    IonType.DECIMAL: "number",
    IonType.TIMESTAMP: "timestamp",
    IonType.SYMBOL: "text",
    IonType.STRING: "text",
    IonType.CLOB: "lob",
    IonType.BLOB: "lob",
    IonType.LIST: "list",
    IonType.SEXP: "sexp",
    IonType.STRUCT: "struct",
}


def family(value: Any) -> str:
    """What a value can be compared with: bool, number, timestamp, text, lob, list … or null."""
    if value is MISSING:
        return "missing"
    if isinstance(value, IonPyNull):
        return "null"
    if isinstance(value, Bag):
        return "bag"
    return _FAMILIES[value.ion_type]


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same to PartiQL; nulls are, which `=` must rule out before."""
    kind = family(left)
    if kind != family(right):
        return False
    match kind:
        case "text":
            return text_of(left) == text_of(right)
        case "number":
            return left == right or (left != left and right != right)
        case "timestamp":
            return instant(left) == instant(right)
        case "list" | "sexp":
            return len(left) == len(right) and all(map(equal, left, right))
        case "bag":
            return _same_members(list(left), list(right))
        case "struct":
            return _same_fields(left, right)
        case "null" | "missing":
            return True
        case _:
            return bool(left == right)


def order(left: Any, right: Any) -> int | None:
    """Negative, zero or positive as left is below, equal to or above right; None if neither.

    NaN is below every other number.
    """
    kind = family(left)
    if kind != family(right):
        return None
    match kind:
        case "number":
            return _order(*_without_nan(left, right))
        case "text":
            return _order(text_of(left) or "", text_of(right) or "")
        case "timestamp":
            return _order(instant(left), instant(right))
        case "bool" | "lob":
            return _order(left, right)
        case _:
            return None


def instant(timestamp: Any) -> tuple[int, Decimal]:
    """Seconds since 0001-01-01T00:00Z and the fraction of one; an unknown offset counts as UTC."""
    fraction = timestamp.fractional_seconds
    if fraction is None:
        fraction = Decimal(timestamp.microsecond).scaleb(-6)
    seconds = (timestamp.toordinal() * 24 + timestamp.hour) * 3_600
    seconds += timestamp.minute * 60 + timestamp.second
    offset = timestamp.utcoffset()
    if offset is not None:
        seconds -= offset.days * 86_400 + offset.seconds
    return seconds, Decimal(fraction)


def _order(left: Any, right: Any) -> int:
    return (left > right) - (left < right)


def _without_nan(left: Any, right: Any) -> tuple[Any, Any]:
    left_known, right_known = left == left, right == right
    if left_known and right_known:
        return left, right
    return left_known, right_known


def _same_members(left: list[Any], right: list[Any]) -> bool:
    if len(left) != len(right):
        return False
    for value in left:
        for position, candidate in enumerate(right):
            if equal(value, candidate):
                del right[position]
                break
        else:
            return False
    return True


def _same_fields(left: IonPyDict, right: IonPyDict) -> bool:
    if len(left) != len(right) or set(left) != set(right):
        return False
    return all(
        _same_members(list(left.get_all_values(name)), list(right.get_all_values(name)))
        for name in left
    )
