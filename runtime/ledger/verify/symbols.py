"""What symbols and structs are in Ion hashes."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

SYMBOLS_CACHED_MAX: Final = 8192
END: Final = b"\x0e"
UNKNOWN: Final = b"\xff"
"""In place of a text that is not known; no text is written so."""
SYSTEM: Final = (
    UNKNOWN,
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
    """What a symbol with this text adds to hashes."""
    return b"\x0b\x70" + escape(text) + END


def id_symbol(text: bytes) -> bytes:
    """The same of a text without anything to escape; ids are too many to be kept."""
    return b"\x0b\x70" + text + END


def struct_hash(digests: list[bytes]) -> bytes:
    """The Ion hash of a struct with these members."""
    return sha256(serialized_struct(digests)).digest()


def serialized_struct(digests: list[bytes]) -> bytes:
    """What the hash of a struct with these members is made of."""
    digests.sort()
    joined = b"".join(digests).replace(b"\x0c", b"\x0c\x0c")
    return b"\x0b\xd0%b\x0e" % joined.replace(b"\x0b", b"\x0c\x0b").replace(b"\x0e", b"\x0c\x0e")
