"""Appends that wait for one another and share one flush of the disk.

The first thread to come leads: it writes what is queued, its own append included. Whoever comes
meanwhile queues and sleeps; at the end the leader hands over to one of those. A thread is woken
once, when its append has an outcome or when it is to lead.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from runtime.ledger.errors import LedgerError, UnavailableError
from runtime.ledger.storage.port import Commit

GROUP_COMMITS_MAX: Final = 64
"""Appends that share one flush."""
PREDECESSOR_WAIT_S: Final = 0.5
"""How long an append waits for the block before its own, which another thread is bringing."""


class Waiting:
    """An append in the queue."""

    __slots__ = ("_asleep", "_early_since_s", "commit", "done", "error")

    def __init__(self, commit: Commit) -> None:
        """Nothing has become of it yet."""
        self.commit = commit
        self.done = False
        self.error: LedgerError | None = None
        self._early_since_s: float | None = None
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def sleep(self) -> None:
        """Wait to be woken."""
        self._asleep.acquire()

    def wake(self) -> None:
        """Let its thread go on, as soon as it sleeps if it does not yet."""
        self._asleep.release()

    def finish(self, error: LedgerError | None = None) -> None:
        """This has become of it."""
        self.error = error
        self.done = True

    def waits_for_predecessor(self) -> bool:
        """Whether a missing predecessor may still come; afterwards it means that the head moved."""
        if self._early_since_s is None:
            self._early_since_s = monotonic()
        return monotonic() - self._early_since_s < PREDECESSOR_WAIT_S


class GroupCommit:
    """The queue of a store's appends; threads share it."""

    def __init__(self, write: Callable[[Sequence[Waiting]], None]) -> None:
        """`write` makes appends durable in one go, in the order of their blocks.

        It finishes each that it writes or refuses, and leaves alone those that wait for their
        predecessor. It raises when it wrote none of them.
        """
        self._write = write
        self._changed = threading.Condition(threading.Lock())
        self._queue: deque[Waiting] = deque()
        self._led = False

    def append(self, commit: Commit) -> None:
        """Write the commit with others or alone; the error that it met is raised."""
        waiting = Waiting(commit)
        with self._changed:
            self._queue.append(waiting)
            leads = not self._led
            self._led = True
            self._changed.notify()
        if not leads:
            waiting.sleep()
        if not waiting.done:
            self._lead(waiting)
        if waiting.error is not None:
            raise waiting.error

    def _lead(self, own: Waiting) -> None:
        """Write until one's own append is done, then let another thread do so."""
        try:
            while not own.done:
                group = self._take()
                try:
                    self._write_group(group)
                finally:
                    self._settle(group, own)
        finally:
            with self._changed:
                if own in self._queue:  # Interrupted: this thread goes, its append stays undone.
                    self._queue.remove(own)
                if self._queue:
                    self._queue[0].wake()
                else:
                    self._led = False

    def _take(self) -> list[Waiting]:
        """What the chain needs first of everything in the queue."""
        with self._changed:
            queued = sorted(self._queue, key=lambda waiting: waiting.commit.block.sequence_no)
            self._queue = deque(queued[GROUP_COMMITS_MAX:])
        return queued[:GROUP_COMMITS_MAX]

    def _settle(self, group: list[Waiting], own: Waiting) -> None:
        """Wake those that are done and queue the others again, to wait for who is to come."""
        unfinished = [waiting for waiting in group if not waiting.done]
        for waiting in group:
            if waiting.done and waiting is not own:
                waiting.wake()
        if unfinished:
            with self._changed:
                nobody_came = not self._queue
                self._queue.extendleft(reversed(unfinished))
                if nobody_came:
                    self._changed.wait(PREDECESSOR_WAIT_S / 100)

    def _write_group(self, group: list[Waiting]) -> None:
        """Write; when a group is refused, find out for whose sake it was."""
        try:
            self._write(group)
        except LedgerError as error:
            refused = not isinstance(error, UnavailableError)
            for waiting in group:
                if refused and len(group) > 1:
                    self._write_group([waiting])
                else:
                    waiting.finish(error)
