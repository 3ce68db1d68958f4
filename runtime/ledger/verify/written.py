"""How the parts of a block are written: what is read is written again and held to what is there."""

from functools import lru_cache
from typing import Final

from runtime.ledger.verify.symbols import DoubtError

FIELDS_CACHED_MAX: Final = 1_024
MARKER: Final = b"\xe0\x01\x00\xea"
"""How every stream begins."""
HASH: Final = b"\xae\xa0"
"""How a hash begins, a blob of 32 bytes."""
NO_HASH: Final = b"\xa0"
ID: Final = b"\x8e\x96"
"""How a string of 22 characters begins, as ids have."""
ID_SIZE: Final = 22
INT, NEGATIVE, FLOAT, DECIMAL, TIMESTAMP, SYMBOL, STRING, CLOB, BLOB = range(2, 11)
LIST, SEXP, STRUCT, ANNOTATED = range(11, 15)
"""Kinds of values."""
LONG: Final = 14
"""Sizes from here on are written behind the head."""


def opening(kind: int, size: int) -> bytes:
    """What comes before the body of a value; DoubtError when that is longer than 16,383 bytes."""
    if not 0 <= size < 0x4000:
        raise DoubtError
    if size < LONG:
        return bytes((kind << 4 | size,))
    if size < 0x80:
        return bytes((kind << 4 | LONG, size | 0x80))
    return bytes((kind << 4 | LONG, size >> 7, size & 0x7F | 0x80))


@lru_cache(FIELDS_CACHED_MAX)
def field(number: int) -> bytes:
    """A symbol's number before a member."""
    written = bytes((number & 0x7F | 0x80,))
    while number := number >> 7:
        written = bytes((number & 0x7F,)) + written
    return written


def blob(value: bytes) -> bytes:
    """A hash, or that there is none."""
    return HASH + value if value else NO_HASH


def blobs(hashes: list[bytes]) -> bytes:
    """A list of hashes."""
    body = b"".join([HASH + value if value else NO_HASH for value in hashes])
    return (_SHORT_LISTS.get(len(body)) or opening(LIST, len(body))) + body


_SHORT_LISTS: Final = {size: opening(LIST, size) for size in range(0x100)}
