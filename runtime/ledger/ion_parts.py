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


def uint(value: int) -> bytes:
    """A variable integer."""
    if value <= 0x7F:
        return bytes((value | 0x80,))
    parts = [value & 0x7F | 0x80]
    while value := value >> 7:
        parts.append(value & 0x7F)
    return bytes(reversed(parts))


def typed(kind: int, body: bytes) -> bytes:
    """A value of some kind."""
    size = len(body)
    if size <= _SHORT_MAX:
        return bytes((kind << 4 | size,)) + body
    return bytes((kind << 4 | 14,)) + uint(size) + body


def string(text: str) -> bytes:
    """A string."""
    return typed(_STRING, text.encode())


def integer(value: int) -> bytes:
    """An int that is not negative."""
    return typed(_INT, value.to_bytes((value.bit_length() + 7) // 8, "big"))


@lru_cache(MOMENTS_CACHED_MAX)
def moment_body(value: datetime) -> bytes:
    """The body of a time as the ledger writes them: milliseconds, UTC."""
    value = value.astimezone(UTC)
    milliseconds = value.microsecond // 1000
    fraction = milliseconds.to_bytes((milliseconds.bit_length() + 7) // 8, "big")
    if fraction and fraction[0] & _SIGN:
        fraction = b"\0" + fraction
    parts = (0, value.month, value.day, value.hour, value.minute, value.second)
    offset, *rest = (part | 0x80 for part in parts)
    return bytes((offset,)) + uint(value.year) + bytes(rest) + _MILLISECONDS + fraction


def moment(value: datetime) -> bytes:
    """A time, in milliseconds and UTC."""
    return typed(_TIMESTAMP, moment_body(value))
