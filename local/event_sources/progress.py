"""How far a shard is done, though its lanes finish out of order."""

import threading
from collections import deque
from collections.abc import Callable, Iterable


class Progress:
    """Records enter in the order of the shard; the checkpoint moves over those that are done."""

    def __init__(self, checkpoint: Callable[[str], None]) -> None:
        """`checkpoint` is told the newest sequence number before which nothing is open."""
        self._checkpoint = checkpoint
        self._lock = threading.Lock()
        self._order: deque[str] = deque()
        self._done: set[str] = set()

    def enter(self, sequence: str) -> None:
        """A record has been read."""
        with self._lock:
            self._order.append(sequence)

    def leave(self, sequences: Iterable[str]) -> None:
        """These records are processed, discarded or not wanted."""
        with self._lock:
            self._done.update(sequences)
            reached = None
            while self._order and self._order[0] in self._done:
                reached = self._order.popleft()
                self._done.discard(reached)
            if reached is not None:
                self._checkpoint(reached)

    @property
    def open_count(self) -> int:
        """How many records have entered and are not passed by the checkpoint."""
        with self._lock:
            return len(self._order)
