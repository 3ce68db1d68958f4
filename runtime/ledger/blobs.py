"""Blobs out of Ion values that nobody has checked."""

from typing import Any


def blob(value: Any) -> bytes:
    """The bytes of a blob or clob; TypeError for others: of an int, Python makes so many zeros."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} instead of a blob")
    return bytes(value)
