"""How the C library keeps freed memory: little of it, in a process of many threads."""

import ctypes
from typing import Final

ARENAS_MAX: Final = 2
"""Of glibc's heaps; it would make one for each thread, each keeping what it had at its most."""
MMAP_BYTES_MIN: Final = 64 * 1024
"""Blocks that are handed back to the system as soon as they are freed."""
TRIM_BYTES: Final = 128 * 1024
"""Free at a heap's end, beyond which it is handed back."""

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Parameters of glibc's mallopt, from malloc.h."""


def bound_arenas() -> None:
    """Tell the C library before threads are started; one that is not glibc is left as it is."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in (
        (_ARENA_MAX, ARENAS_MAX),
        (_MMAP_THRESHOLD, MMAP_BYTES_MIN),
        (_TRIM_THRESHOLD, TRIM_BYTES),
    ):
        mallopt(parameter, value)
