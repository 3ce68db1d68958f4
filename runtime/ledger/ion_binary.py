"""The Ion hash of a value, computed from its binary encoding without building the value.

Ion hash: SHA-256 over s(value), where a scalar is 0B tag content 0E. For nearly every scalar tag
and content are the type nibble and the body of the canonical binary encoding, so the bytes are
copied rather than decoded. The input must be canonical, as `ion.encode` writes it.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

VERSION_MARKER: Final = b"\xe0\x01\x00\xea"
SYMBOL_NAMES_CACHED_MAX: Final = 4096
SYMBOL_CACHED_BYTES_MAX: Final = 128
TABLES_CACHED_MAX: Final = 128
TABLE_CACHED_BYTES_MAX: Final = 2_048
"""Larger ones are not kept."""

_END: Final = b"\x0e"
_OPENINGS: Final = [bytes((0x0B, kind << 4)) for kind in range(16)]
_BOOL, _SYMBOL, _LIST, _SEXP, _STRUCT, _ANNOTATED = 1, 7, 11, 12, 13, 14
_NULL_NIBBLE, _LENGTH_FOLLOWS = 15, 14
_LOCAL_SYMBOL_TABLE, _SYMBOLS_FIELD = 3, 7

SYSTEM_SYMBOLS: Final = (
    b"$ion",
    b"$ion_1_0",
    b"$ion_symbol_table",
    b"name",
    b"version",
    b"imports",
    b"symbols",
    b"max_id",
    b"$ion_shared_symbol_table",
)

Symbols = list[bytes]
"""s(symbol) by symbol id."""


class Hashed(NamedTuple):
    """A value as it was hashed."""

    ion: bytes
    """Canonical Ion binary."""
    hash: bytes
    """The Ion hash, 32 bytes."""
    table: bytes
    """Its symbols as they are written, behind one another."""
    start: int
    """Where the value begins, behind its symbol table."""
    places: list[int]
    """Where a symbol's number is: the last byte of each."""


def hashed_stream(data: bytes) -> Hashed:
    """Hash the one value of an encoded stream."""
    begin, start = _table(data)
    table = data[begin:start]
    places: list[int] = []
    serialized, _ = _serialize(data, start, _numbered(table), places)
    return Hashed(data, sha256(serialized).digest(), table, start, places)


def value_hash(data: bytes) -> bytes:
    """The Ion hash, 32 bytes, of the one value of an encoded stream."""
    return hashed_stream(data).hash


def member_hashes(data: bytes) -> list[bytes]:
    """The Ion hash of every member of the one list of an encoded stream."""
    begin, start = _table(data)
    symbols, places = _numbered(data[begin:start]), list[int]()
    _, position, end = _header(data, start)
    hashes: list[bytes] = []
    while position < end:
        serialized, position = _serialize(data, position, symbols, places)
        hashes.append(sha256(serialized).digest())
    return hashes


def escape(content: bytes) -> bytes:
    """Content with the bytes that delimit values marked as plain bytes."""
    if content.isalnum():
        return content
    return (
        content.replace(b"\x0c", b"\x0c\x0c")
        .replace(b"\x0b", b"\x0c\x0b")
        .replace(b"\x0e", b"\x0c\x0e")
    )


def string_hash(text: str) -> bytes:
    """The Ion hash, 32 bytes, of an Ion string without annotations."""
    return sha256(b"\x0b\x80" + escape(text.encode()) + _END).digest()


def _symbol(text: bytes) -> bytes:
    return _kept_symbol(text) if len(text) <= SYMBOL_CACHED_BYTES_MAX else _made_symbol(text)


def _made_symbol(text: bytes) -> bytes:
    return b"\x0b\x70" + escape(text) + _END


_kept_symbol: Final = lru_cache(SYMBOL_NAMES_CACHED_MAX)(_made_symbol)


_UNKNOWN_SYMBOL: Final = b"\x0b\x71\x0e"
_SYSTEM: Final = [_UNKNOWN_SYMBOL, *map(_symbol, SYSTEM_SYMBOLS)]


def _table(data: bytes) -> tuple[int, int]:
    """Where the symbols of an encoded stream begin, and where its value does."""
    if data[:4] != VERSION_MARKER:
        raise ValueError("Ion binary begins with its version marker; these bytes do not")
    if data[4] >> 4 != _ANNOTATED:
        return 4, 4
    _, position, end = _header(data, 4)
    _, position = _var_uint(data, position)
    annotation, position = _var_uint(data, position)
    if annotation != _LOCAL_SYMBOL_TABLE:
        return 4, 4
    _, position, table_end = _header(data, position)
    field, position = _var_uint(data, position)
    _, position, symbols_end = _header(data, position)
    if field != _SYMBOLS_FIELD or symbols_end != table_end:
        raise ValueError("a symbol table the ledger does not write: only `symbols` is expected")
    return position, end


def texts(table: bytes) -> list[bytes]:
    """The text of each symbol of a table, UTF-8."""
    position, found = 0, list[bytes]()
    while position < len(table):
        _, begin, position = _header(table, position)
        found.append(table[begin:position])
    return found


def _numbered(table: bytes) -> Symbols:
    return _kept_symbols(table) if len(table) <= TABLE_CACHED_BYTES_MAX else _all_symbols(table)


def _all_symbols(table: bytes) -> Symbols:
    return [*_SYSTEM, *map(_symbol, texts(table))]


_kept_symbols: Final = lru_cache(TABLES_CACHED_MAX)(_all_symbols)


def _var_uint(data: bytes, position: int) -> tuple[int, int]:
    byte = data[position]
    value = byte & 0x7F
    position += 1
    while byte < 0x80:
        byte = data[position]
        value = value << 7 | byte & 0x7F
        position += 1
    return value, position


def _header(data: bytes, position: int) -> tuple[int, int, int]:
    """Type nibble, first byte of the body and the byte after it, of the value at `position`."""
    head = data[position]
    position += 1
    length = head & 0x0F
    if length == _LENGTH_FOLLOWS:
        length, position = _var_uint(data, position)
    return head >> 4, position, position + length


def _serialize(
    data: bytes, position: int, symbols: Symbols, places: list[int]
) -> tuple[bytes, int]:
    """s(value) of the value at `position`, and where the next one begins."""
    head = data[position]
    kind = head >> 4
    length = head & 0x0F
    position += 1
    if kind == _BOOL or length == _NULL_NIBBLE:
        return bytes((0x0B, head, 0x0E)), position
    if length == _LENGTH_FOLLOWS:
        length, position = _var_uint(data, position)
    end = position + length
    if kind < _LIST:
        if kind == _SYMBOL:
            places.append(end - 1)
            return symbols[int.from_bytes(data[position:end], "big")], end
        return _OPENINGS[kind] + escape(data[position:end]) + _END, end
    if kind == _STRUCT:
        return _struct(data, position, end, symbols, places), end
    if kind == _ANNOTATED:
        return _annotated(data, position, symbols, places), end
    return _sequence(data, position, end, symbols, places, kind), end


def _sequence(
    data: bytes, position: int, end: int, symbols: Symbols, places: list[int], kind: int
) -> bytes:
    parts = [_OPENINGS[kind]]
    while position < end:
        part, position = _serialize(data, position, symbols, places)
        parts.append(part)
    parts.append(_END)
    return b"".join(parts)


def _struct(data: bytes, position: int, end: int, symbols: Symbols, places: list[int]) -> bytes:
    digests: list[bytes] = []
    while position < end:
        field = data[position]
        if field >= 0x80:
            field &= 0x7F
            position += 1
        else:
            field, position = _var_uint(data, position)
        places.append(position - 1)
        part, position = _serialize(data, position, symbols, places)
        digests.append(sha256(symbols[field] + part).digest())
    digests.sort()
    return b"\x0b\xd0" + escape(b"".join(digests)) + _END


def _annotated(data: bytes, position: int, symbols: Symbols, places: list[int]) -> bytes:
    length, position = _var_uint(data, position)
    parts = [b"\x0b\xe0"]
    value = position + length
    while position < value:
        annotation, position = _var_uint(data, position)
        places.append(position - 1)
        parts.append(symbols[annotation])
    parts.append(_serialize(data, value, symbols, places)[0])
    parts.append(_END)
    return b"".join(parts)
