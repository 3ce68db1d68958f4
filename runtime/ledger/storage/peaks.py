"""Merkle peaks as one string of bytes, as stores keep them."""

import struct
from typing import Final

HASH_SIZE: Final = 32


def join(peaks: tuple[bytes, ...]) -> bytes:
    """The peaks behind one another, 32 bytes each."""
    return b"".join(peaks)


def split(joined: bytes) -> tuple[bytes, ...]:
    """The peaks again; the last is shorter where bytes are missing."""
    count, rest = divmod(len(joined), HASH_SIZE)
    if not rest:
        return struct.unpack(f"{HASH_SIZE}s" * count, joined)
    return tuple(joined[i : i + HASH_SIZE] for i in range(0, len(joined), HASH_SIZE))
