"""Single values as Ion binary: what the encoder would make of them, without going there."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

MOMENTS_CACHED_MAX: Final = 64
_SHORT_MAX: Final = 13
"""The longest body whose length its first byte tells."""
_INT, _TIMESTAMP, _STRING = 2, 6, 8
_MILLISECONDS: Final = b"\xc3"
_SIGN: Final = 0x80
_KINDS: Final = 15
_KEPT_MAX: Final = 0xFF
"""Bodies up to this length have their first bytes ready."""


def _made_uint(value: int) -> bytes:
    parts = [value & 0x7F | 0x80]
    while value := value >> 7:
        parts.append(value & 0x7F)
    return bytes(reversed(parts))


def _made_head(kind: int, size: int) -> bytes:
    if size <= _SHORT_MAX:
        return bytes((kind << 4 | size,))
    return bytes((kind << 4 | 14,)) + uint(size)


def _fraction(milliseconds: int) -> bytes:
    fraction = milliseconds.to_bytes((milliseconds.bit_length() + 7) // 8, "big")
    return b"\0" + fraction if fraction and fraction[0] & _SIGN else fraction


def uint(value: int) -> bytes:
    """A variable integer."""
    return _UINTS[value] if value <= _KEPT_MAX else _made_uint(value)


def typed(kind: int, body: bytes) -> bytes:
    """A value of some kind."""
    size = len(body)
    return (_HEADS[kind][size] if size <= _KEPT_MAX else _made_head(kind, size)) + body


def string(text: str) -> bytes:
    """A string."""
    return typed(_STRING, text.encode())


def integer(value: int) -> bytes:
    """An int that is not negative."""
    return typed(_INT, value.to_bytes((value.bit_length() + 7) // 8, "big"))


@lru_cache(MOMENTS_CACHED_MAX)
def moment_body(value: datetime) -> bytes:
    """The body of a time as the ledger writes them: milliseconds, UTC."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    time = (value.month, value.day, value.hour, value.minute, value.second)
    parts = bytes([part | 0x80 for part in time])
    written = b"\x80" + uint(value.year) + parts + _MILLISECONDS
    return written + _FRACTIONS[value.microsecond // 1000]


def moment(value: datetime) -> bytes:
    """A time, in milliseconds and UTC."""
    return typed(_TIMESTAMP, moment_body(value))


_UINTS: Final = [_made_uint(value) for value in range(_KEPT_MAX + 1)]
_HEADS: Final = [
    [_made_head(kind, size) for size in range(_KEPT_MAX + 1)] for kind in range(_KINDS)
]
_FRACTIONS: Final = [_fraction(milliseconds) for milliseconds in range(1000)]
