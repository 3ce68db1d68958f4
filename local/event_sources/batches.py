"""Records gathered into one invocation: by number, by waiting time, by size."""

import threading
import time
from collections import deque
from collections.abc import Iterable

from local.event_sources.sources import Record

PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
ENVELOPE_BYTES = len('{"Records": []}')
SEPARATOR_BYTES = len(", ")
IDLE_S = 1.0


class Batches:
    """A lane's queue: one thread puts records in, another takes batches out."""

    def __init__(self, size_max: int, window_s: float) -> None:
        self._size_max, self._window_s = size_max, window_s
        self._changed = threading.Condition()
        self._records: deque[Record] = deque()
        self._since = 0.0
        self._closed = False

    def put(self, records: Iterable[Record]) -> None:
        with self._changed:
            if not self._records:
                self._since = time.monotonic()
            self._records.extend(records)
            self._changed.notify_all()

    def close(self) -> None:
        """Let the taker go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self) -> list[Record] | None:
        """The next batch, once it is full or its window is over; None after close."""
        with self._changed:
            while not self._closed:
                wait_s = self._wait_s()
                if wait_s <= 0:
                    return self._cut()
                self._changed.wait(wait_s)
        return None

    def __len__(self) -> int:
        with self._changed:
            return len(self._records)

    def _wait_s(self) -> float:
        if not self._records:
            return IDLE_S
        size, payload = self._extent()
        if size >= self._size_max or size < len(self._records) or payload >= PAYLOAD_BYTES_MAX:
            return 0
        return self._since + self._window_s - time.monotonic()

    def _extent(self) -> tuple[int, int]:
        """How many records the next batch can have, and its bytes."""
        size, payload = 0, ENVELOPE_BYTES
        for record in self._records:
            grown = payload + record.size + SEPARATOR_BYTES
            if size == self._size_max or (size and grown > PAYLOAD_BYTES_MAX):
                break
            size, payload = size + 1, grown
        return size, payload

    def _cut(self) -> list[Record]:
        size, _ = self._extent()
        batch = [self._records.popleft() for _ in range(size)]
        self._since = time.monotonic()
        return batch
