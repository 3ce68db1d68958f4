"""The symbols of an encoded value, from the bytes of its symbol table, and hashes with them."""

import re
from functools import lru_cache
from hashlib import sha256
from typing import Final

SYMBOLS_CACHED_MAX: Final = 8192
LISTS_CACHED_MAX: Final = 256
DIGESTS_CACHED_MAX: Final = 2_048
DIGEST_KEY_BYTES_MAX: Final = 64

_ID_HEADER: Final = b"\x8e\x96"
"""Of a string with 22 characters, as ids have."""
_ID_BYTES: Final = 24
_SPECIAL: Final = re.compile(rb"[\x0b\x0c\x0e]").search
DIGESTS: Final[dict[bytes, bytes]] = {}
"""What short members add to hashes, by symbol and written value: most are seen again and again."""
END: Final = b"\x0e"
SYSTEM: Final = (
    b"",
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


class DoubtError(Exception):
    """The bytes are not what the ledger's encoder writes, or not what hashes say."""


def escape(content: bytes) -> bytes:
    """Content with the bytes that delimit values marked as plain bytes."""
    return (
        content.replace(b"\x0c", b"\x0c\x0c")
        .replace(b"\x0b", b"\x0c\x0b")
        .replace(b"\x0e", b"\x0c\x0e")
    )


@lru_cache(SYMBOLS_CACHED_MAX)
def symbol(text: bytes) -> bytes:
    return b"\x0b\x70" + escape(text) + END


def names_and_symbols(table: bytes) -> tuple[list[bytes], list[bytes]]:
    """The symbols of a table and what they add to hashes; most of it is the same in most blocks."""
    try:
        return _around_ids(table)
    except DoubtError:
        texts, symbols = _texts(table)
        return [*SYSTEM, *texts], [*_SYSTEM_SYMBOLS, *symbols]


def _around_ids(table: bytes) -> tuple[list[bytes], list[bytes]]:
    """The same, where an id's header is nowhere inside a string; DoubtError where it is."""
    names, symbols = [*SYSTEM], [*_SYSTEM_SYMBOLS]
    start = 0
    while (at := table.find(_ID_HEADER, start)) >= 0:
        _extend(names, symbols, table[start:at])
        start = at + _ID_BYTES
        text = table[at + len(_ID_HEADER) : start]
        names.append(text)
        symbols.append(symbol(text))
    _extend(names, symbols, table[start:])
    return names, symbols


_SYSTEM_SYMBOLS: Final = [b"\x0b\x71\x0e", *map(symbol, SYSTEM[1:])]


def _extend(names: list[bytes], symbols: list[bytes], table: bytes) -> None:
    more_names, more_symbols = _texts(table)
    names += more_names
    symbols += more_symbols


@lru_cache(LISTS_CACHED_MAX)
def _texts(table: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """The strings in a table and what they add to hashes; DoubtError when they are not whole."""
    texts: list[bytes] = []
    position = 0
    while position < len(table):
        size = table[position] - 0x80
        position += 1
        if size == 14:
            size = table[position] - 0x80
            position += 1
            if size < 14:
                raise DoubtError
        if not 0 <= size < 0x80:
            raise DoubtError
        texts.append(table[position : position + size])
        position += size
    if position != len(table) or any(not _is_text(text) for text in texts):
        raise DoubtError
    return tuple(texts), tuple(map(symbol, texts))


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def plain_digest(key: bytes, opening: bytes, content: bytes) -> bytes:
    """What a member adds to the hash of its struct; kept under the key where that is short."""
    if _SPECIAL(content):
        content = escape(content)
    digest = sha256(opening + content + END).digest()
    if len(key) <= DIGEST_KEY_BYTES_MAX:
        if len(DIGESTS) >= DIGESTS_CACHED_MAX:
            DIGESTS.clear()
        DIGESTS[key] = digest
    return digest


def struct_hash(digests: list[bytes]) -> bytes:
    """The Ion hash of a struct with these members."""
    return sha256(serialized_struct(digests)).digest()


def serialized_struct(digests: list[bytes]) -> bytes:
    """What the hash of a struct with these members is made of."""
    digests.sort()
    joined = b"".join(digests).replace(b"\x0c", b"\x0c\x0c")
    return b"\x0b\xd0%b\x0e" % joined.replace(b"\x0b", b"\x0c\x0b").replace(b"\x0e", b"\x0c\x0e")
