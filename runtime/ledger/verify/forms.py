"""Whether plain values are written the one way in which the ledger's encoder writes them."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import check_form
from runtime.ledger.verify.symbols import DoubtError
from runtime.ledger.verify.written import (
    BLOB,
    CLOB,
    DECIMAL,
    FLOAT,
    INT,
    MARKER,
    NEGATIVE,
    STRING,
    TIMESTAMP,
    opening,
)

EXACT_CACHED_MAX: Final = 1_024
_INT_BYTES_MAX: Final = 8
_FLOAT_BYTES: Final = 8
_OFFSET: Final = rb"(?:[\x80-\xff]|[\x00\x40][\xc0-\xff]|[\x01-\x0a\x41-\x4a][\x80-\xff])"
"""Minutes, up to 1,407 of them; unknown ones, too."""
_DATE: Final = (
    rb"[\x0e\x0f][\x80-\xff](?:[\x81-\x8c][\x81-\x9c]|[\x81\x83-\x8c][\x9d\x9e]"
    rb"|[\x81\x83\x85\x87\x88\x8a\x8c]\x9f)"
)
"""Year, month and day, from 1792 to 2047, but for 29 February."""
_TIME: Final = rb"[\x80-\x97][\x80-\xbb][\x80-\xbb]"
_SMALL: Final = rb"[\x01-\x7f]|\x00[\x80-\xff]|"
_FRACTION: Final = (
    rb"\xc3(?:" + _SMALL + rb"[\x01\x02].|\x03[\x00-\xe7])?"
    rb"|\xc6(?:" + _SMALL + rb"[\x01-\x7f].|\x00[\x80-\xff].|[\x01-\x0e].."
    rb"|\x0f[\x00-\x41].|\x0f\x42[\x00-\x3f])?"
)
"""Thousandths or millionths of a second; the first bit is a sign, zero has no bytes."""
_is_usual_moment: Final = re.compile(
    _OFFSET + _DATE + _TIME + rb"(?:" + _FRACTION + rb")?", re.DOTALL
).fullmatch
_is_usual_decimal: Final = re.compile(
    rb"[\x80-\xbf\xc1-\xff](?:[\x01-\x7f\x81-\xff].{0,6}|[\x00\x80][\x80-\xff].{0,5})", re.DOTALL
).fullmatch


def require_form(kind: int, content: bytes) -> None:
    """DoubtError unless content of this kind is what the encoder writes for what it means."""
    if kind == STRING:
        if not content.isascii():
            content.decode()
    elif kind == TIMESTAMP:
        require_moment(content)
    elif kind not in (BLOB, CLOB) and not _USUAL[kind](content):
        _require_exact(kind, content)


def require_moment(content: bytes) -> None:
    """The same for a timestamp."""
    if _is_usual_moment(content) is None:
        _require_exact(TIMESTAMP, content)


@lru_cache(EXACT_CACHED_MAX)
def _require_exact(kind: int, content: bytes) -> None:
    data = MARKER + opening(kind, len(content)) + content
    try:
        check_form(data)
        exact = ion.encode(ion.decode(data)) == data
    except IonError as error:
        raise DoubtError from error
    if not exact:
        raise DoubtError


def _is_usual_int(content: bytes) -> bool:
    return not content.startswith(b"\x00") and len(content) <= _INT_BYTES_MAX


def _is_usual_negative(content: bytes) -> bool:
    return bool(content) and _is_usual_int(content)


def _is_usual_float(content: bytes) -> bool:
    """Zero, or eight bytes of a finite number that is not zero."""
    if len(content) != _FLOAT_BYTES:
        return not content
    exponent = int.from_bytes(content[:2], "big") & 0x7FF0
    return 0 < exponent < 0x7FF0


_USUAL: Final[dict[int, Callable[[bytes], object]]] = {
    INT: _is_usual_int,
    NEGATIVE: _is_usual_negative,
    FLOAT: _is_usual_float,
    DECIMAL: _is_usual_decimal,
}
