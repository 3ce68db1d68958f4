"""Which values can be stored and read back: what amazon.ion 0.15 writes wrongly, or dies of.

Its writer crashes on huge ints and exponents, never returns from decimals that are not finite, and
writes some long decimals as other ones; its readers move exponents that are too large.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from amazon.ion.core import Timestamp
from amazon.ion.simple_types import (
    IonPyBool,
    IonPyBytes,
    IonPyDict,
    IonPyFloat,
    IonPyNull,
    IonPySymbol,
    IonPyText,
)

from runtime.ledger.errors import IonError

DEPTH_MAX: Final = 128
"""Containers within containers."""
DOCUMENT_DEPTH_MAX: Final = 100
"""Of a document or a parameter, since blocks and stream records hold it within their own."""
MEMBERS_MAX: Final = 1 << 20
"""Values at one depth: a container may contain another one many times over."""
INT_BITS_MAX: Final = 14_000
"""Python writes no int of more than 4,300 digits as text."""
INT_BYTES_MISREAD: Final = 31
"""Ints of so many bytes, and of each multiple of it, are read by amazon.ion as other ones."""
DECIMAL_EXPONENT_MAX: Final = 6_000
"""Either way."""
DECIMAL_DIGITS_MAX: Final = 72
DECIMAL_ROUND_DIGITS_MAX: Final = 34
"""Of a decimal that ends in zeros: the writer drops them when the rest has no more digits."""
NUMBER_CHARACTERS_MAX: Final = 4_300
"""Of a number in text: Python reads no longer ones."""
FRACTION_DIGITS_MAX: Final = 9
"""Of a second."""

_EXPONENT_BYTES_MAX: Final = 3
_SMALL_COEFFICIENT_BYTES: Final = 14
"""Fewer digits than may end in zeros."""
_COEFFICIENT_BYTES_MAX: Final = 31
"""What the largest number of digits takes, and a byte for its sign."""

_BOUNDED: Final = {
    bool,
    bytes,
    float,
    str,
    type(None),
    IonPyBool,
    IonPyBytes,
    IonPyFloat,
    IonPyNull,
    IonPySymbol,
    IonPyText,
}
_SMALL_INT: Final = 1 << 64


def check_value(value: Any, depth_max: int = DEPTH_MAX) -> None:
    """Raise IonError for a value that cannot be written as Ion and read back as the same."""
    level = [value]
    for depth in range(depth_max + 1):
        members: list[Any] = []
        for each in level:
            if type(each) not in _BOUNDED and _is_container(each, members) and depth == depth_max:
                raise IonError(
                    f"more than {depth_max} containers within containers, or one within itself"
                )
        if len(members) > MEMBERS_MAX:
            raise IonError(f"a value of more than {MEMBERS_MAX} members at one depth")
        if not members:
            return
        level = members


def check_decimal(coefficient: str, exponent: int) -> None:
    """Raise IonError for a decimal, given by its digits and exponent, that would not come back."""
    if abs(exponent) > DECIMAL_EXPONENT_MAX:
        raise IonError(
            f"a decimal with exponent {exponent}: from {-DECIMAL_EXPONENT_MAX} to"
            f" {DECIMAL_EXPONENT_MAX} can be stored"
        )
    digits = len(coefficient)
    if digits <= DECIMAL_ROUND_DIGITS_MAX:
        return
    if digits > DECIMAL_DIGITS_MAX:
        raise IonError(f"a decimal of {digits} digits: {DECIMAL_DIGITS_MAX} can be stored")
    if len(coefficient.rstrip("0")) <= DECIMAL_ROUND_DIGITS_MAX:
        raise IonError(
            f"a decimal of {digits} digits that ends in zeros: write at most"
            f" {DECIMAL_ROUND_DIGITS_MAX} digits and an exponent"
        )


def check_number(digits: str, exponent: str | None) -> None:
    """As check_decimal or check_int, for the parts of a number in Ion text."""
    whole, point, places = digits.replace("_", "").partition(".")
    if len(whole) + len(places) > NUMBER_CHARACTERS_MAX:
        raise IonError(f"a number of {len(whole) + len(places)} digits cannot be stored")
    if point or exponent is not None:
        check_decimal((whole + places).lstrip("0"), int(exponent or 0) - len(places))


def check_int(bits: int) -> None:
    """Raise IonError for an int that is too large, or would be read as another one."""
    if bits > INT_BITS_MAX:
        raise IonError(f"an int of {bits} bits: {INT_BITS_MAX} can be stored")
    size = -(-bits // 8)
    if size and size % INT_BYTES_MISREAD == 0:
        raise IonError(
            f"an int of {size} bytes, which would be read as another one: write it as a"
            " decimal or a string"
        )


def check_decimal_content(content: bytes) -> None:
    """As check_decimal, for the bytes of a decimal in Ion binary: exponent, then coefficient."""
    exponent, start = _var_int(content)
    size = len(content) - start
    if size > _COEFFICIENT_BYTES_MAX:
        raise IonError(f"a decimal of {size} bytes: {DECIMAL_DIGITS_MAX} digits can be stored")
    digits = ""
    if size > _SMALL_COEFFICIENT_BYTES:
        sign = 1 << size * 8 - 1
        digits = str(int.from_bytes(content[start:], "big") & ~sign)
    check_decimal(digits, exponent)


def check_fraction_content(content: bytes) -> None:
    """Raise IonError unless these bytes of a timestamp are less than a second, and not too fine."""
    exponent, start = _var_int(content)
    coefficient = int.from_bytes(content[start:], "big")
    if not -FRACTION_DIGITS_MAX <= exponent <= 0 or coefficient >= 10**-exponent:
        raise IonError("a fraction that is no part of a second, or too fine to be kept")


def _var_int(content: bytes) -> tuple[int, int]:
    """The variable integer, its second bit the sign, that bytes begin with, and where it ends."""
    value = 0
    for at, byte in enumerate(content[:_EXPONENT_BYTES_MAX]):
        value = value << 7 | byte & 0x7F
        if byte >= 0x80:
            sign = 1 << 7 * (at + 1) - 1
            return (sign - value if value & sign else value), at + 1
    raise IonError("an exponent that is too large, or does not end")


def _is_container(value: Any, members: list[Any]) -> bool:
    """Whether a value contains others, which are added to `members`; else it is checked."""
    if isinstance(value, IonPyDict):
        members.extend(member for _, member in value.iteritems())
    elif isinstance(value, Mapping):
        members.extend(value.values())  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, (list, tuple)):
        members.extend(value)  # pyright: ignore[reportUnknownArgumentType]
    else:
        _check_scalar(value)
        return False
    return True


def _check_scalar(value: Any) -> None:
    if isinstance(value, int):
        if not -_SMALL_INT < value < _SMALL_INT:
            check_int(value.bit_length())
    elif isinstance(value, Decimal):
        _check_decimal(value)
    elif isinstance(value, Timestamp):
        _check_timestamp(value)


def _check_decimal(value: Decimal) -> None:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise IonError(f"{value} is not finite: Ion has no such decimal, it may be a float")
    check_decimal("".join(map(str, digits)), exponent)


def _check_timestamp(value: Timestamp) -> None:
    fraction: Any = value.fractional_seconds
    if fraction is not None and -fraction.as_tuple().exponent > FRACTION_DIGITS_MAX:
        raise IonError(
            f"a timestamp with the fraction {fraction} of a second:"
            f" {FRACTION_DIGITS_MAX} digits can be stored"
        )
