"""Who may hold large values decoded: so many threads at a time, the others wait.

Ion takes a hundred times its size once it is decoded. Python decodes one value at a time anyway,
so waiting costs no time over all; it only bounds the memory.
"""

import threading
from collections.abc import Callable
from typing import Final

WAIT_S: Final = 0.25
"""How often whoever waits looks whether it should still."""


class LargeValues:
    """Turns of threads, each kept until `leave`; threads and ledgers may share it."""

    def __init__(self, threads_max: int | None = None, bytes_min: int = 16 * 1024) -> None:
        """Let any number of threads in where `threads_max` is None; smaller values do not count."""
        self._turns = None if threads_max is None else threading.BoundedSemaphore(threads_max)
        self._bytes_min = bytes_min
        self._own = threading.local()

    def is_large(self, size_bytes: int) -> bool:
        """Whether a value of so many bytes of Ion counts."""
        return size_bytes >= self._bytes_min

    def enter(self, size_bytes: int, go_on: Callable[[], None]) -> None:
        """Wait for a turn, unless the thread has one or the value is small.

        `go_on` is called again and again meanwhile; what it raises ends the wait.
        """
        if self._turns is None or not self.is_large(size_bytes) or self._holds():
            return
        while not self._turns.acquire(timeout=WAIT_S):
            go_on()
        self._own.holds = True

    def leave(self) -> None:
        """Let another thread have the turn, if this one has it."""
        if self._turns is not None and self._holds():
            self._own.holds = False
            self._turns.release()

    def _holds(self) -> bool:
        return getattr(self._own, "holds", False)
