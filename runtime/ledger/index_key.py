"""The key of an index entry: equal exactly for values that PartiQL's `=` holds equal."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyNull, IonPyText

from runtime.ledger.partiql.comparisons import instant

_NULL_MEMBER = bytes(32)
"""Stands for a null inside a container; a null itself has no key, since it equals nothing."""


def index_key(value: Any) -> bytes | None:
    """32 bytes for a value; None for null and missing, which are in no index.

    Annotations do not count, nor does a number's type or scale, nor a timestamp's offset, nor
    whether text is a string or a symbol.
    """
    if isinstance(value, IonPyText):
        return sha256(b"text" + value.encode()).digest()
    kind = getattr(value, "ion_type", None)
    if kind is None or isinstance(value, IonPyNull):
        return None
    return sha256(_CONTENT[kind](value)).digest()


def _text(value: Any) -> bytes:
    return b"text" + (value.text or "").encode()


def _bool(value: Any) -> bytes:
    return b"true" if value else b"false"


def _number(value: Any) -> bytes:
    exact = Decimal(value)
    if not exact.is_finite():
        return f"number{exact}".encode()
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return b"number0"
    scale = int(exponent) + len(text) - len(stripped)
    return f"number{'-' * sign}{stripped}e{scale}".encode()


def _timestamp(value: Any) -> bytes:
    seconds, fraction = instant(value)
    return f"time{seconds}".encode() + _number(fraction)


def _bytes(value: Any) -> bytes:
    return b"bytes" + bytes(value)


def _sequence(value: Any) -> bytes:
    return b"list" + b"".join(_member(item) for item in value)


def _struct(value: Any) -> bytes:
    members: Mapping[str, Any] = value
    pairs = sorted(sha256(name.encode()).digest() + _member(v) for name, v in members.items())
    return b"struct" + b"".join(pairs)


def _member(value: Any) -> bytes:
    return index_key(value) or _NULL_MEMBER


_CONTENT: Mapping[IonType, Callable[[Any], bytes]] = {
    IonType.BOOL: _bool,
    IonType.INT: _number,
    IonType.FLOAT: _number,
    IonType.DECIMAL: _number,
    IonType.TIMESTAMP: _timestamp,
    IonType.SYMBOL: _text,
    IonType.STRING: _text,
    IonType.CLOB: _bytes,
    IonType.BLOB: _bytes,
    IonType.LIST: _sequence,
    IonType.SEXP: lambda value: b"s" + _sequence(value),
    IonType.STRUCT: _struct,
}
