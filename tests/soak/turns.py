"""Threads of which one runs at a time: a seed decides at each pause which goes on.

Whoever takes part calls `pause` wherever another could come in between, such as at every call of a
store. So the same seed gives the same interleaving, and all interleavings can come about.
"""

import random
import threading
from collections.abc import Callable, Sequence


class Turns:
    """One run of some threads, each given the turn by another."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._locks: dict[int, threading.Lock] = {}
        self._errors: list[BaseException] = []

    def pause(self) -> None:
        """Let another go on, perhaps; threads that do not take part just pass."""
        own = threading.get_ident()
        if own not in self._locks:
            return
        chosen = self._random.choice(list(self._locks))
        if chosen != own:
            self._locks[chosen].release()
            self._locks[own].acquire()

    def run(self, works: Sequence[Callable[[], None]]) -> None:
        """Run all to their ends; the first error that one raised is raised."""
        ready = threading.Barrier(len(works) + 1)
        threads = [threading.Thread(target=self._take_part, args=(ready, w)) for w in works]
        for thread in threads:
            thread.start()
        ready.wait()
        # Idents come in no order that repeats, so the turns go by the order of the works.
        self._locks = {thread.ident or 0: self._locks[thread.ident or 0] for thread in threads}
        self._hand_over()
        for thread in threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _take_part(self, ready: threading.Barrier, work: Callable[[], None]) -> None:
        own = threading.get_ident()
        lock = self._locks[own] = threading.Lock()
        lock.acquire()
        ready.wait()
        lock.acquire()
        try:
            work()
        except BaseException as error:
            self._errors.append(error)
        finally:
            del self._locks[own]
            self._hand_over()

    def _hand_over(self) -> None:
        if self._locks:
            self._locks[self._random.choice(list(self._locks))].release()
