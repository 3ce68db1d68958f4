"""Puts commits into a store in order, several on their way where that shares flushes."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from runtime.ledger.errors import (
    HeadMovedError,
    LedgerError,
    LimitExceededError,
    UnavailableError,
    UnknownOutcomeError,
)
from runtime.ledger.imports.errors import OtherLedgerError
from runtime.ledger.storage.port import (
    Commit,
    JournalStorage,
    QueuingStorage,
    StepwiseStorage,
)

APPENDS_WAITING_MAX: Final = 32
"""Blocks that wait for one flush, in a store that takes them so."""
WAITING_BYTES_MAX: Final = 16 * 1024 * 1024
ATTEMPTS_MAX: Final = 12
BACKOFF_BASE_S: Final = 0.05
BACKOFF_MAX_S: Final = 5.0


class Appending:
    """A context in which commits are appended; at its end all of them are durable."""

    def __init__(
        self, storage: JournalStorage, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Append nothing yet."""
        self._storage = storage
        self._sleep = sleep
        self._waiting: deque[tuple[Commit, Future[None]]] = deque()
        self._waiting_bytes = 0
        self._waiting_max = APPENDS_WAITING_MAX if isinstance(storage, QueuingStorage) else 1
        self._failed = threading.Event()
        self._threads = ThreadPoolExecutor(self._waiting_max, thread_name_prefix="import")

    def append(self, commit: Commit) -> None:
        """Append the next block, some time before the context ends.

        Raises what an earlier append failed with: OtherLedgerError when there is another block in
        its place, UnknownOutcomeError when the store stays silent, StorageError when it refuses.
        """
        while self._waiting and (
            len(self._waiting) >= self._waiting_max
            or self._waiting_bytes + len(commit.block.ion) > WAITING_BYTES_MAX
        ):
            self._settle_first()
        self._waiting_bytes += len(commit.block.ion)
        self._waiting.append((commit, self._threads.submit(self._append, commit)))

    def settle(self) -> None:
        """Wait until everything is in the store."""
        while self._waiting:
            self._settle_first()

    def __enter__(self) -> "Appending":
        """Begin."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Wait for what is on its way, even after an error elsewhere: it is sound and stays."""
        try:
            if error is None or not self._failed.is_set():
                self.settle()
        finally:
            self._threads.shutdown(wait=True, cancel_futures=self._failed.is_set())

    def _settle_first(self) -> None:
        commit, future = self._waiting.popleft()
        self._waiting_bytes -= len(commit.block.ion)
        future.result()

    def _append(self, commit: Commit) -> None:
        try:
            self._append_at_last(commit)
        except BaseException:
            self._failed.set()
            raise

    def _append_at_last(self, commit: Commit) -> None:
        """Append one block until it is there; a repeated append of the same block does no harm."""
        number = commit.block.sequence_no
        failure: LedgerError | None = None
        for attempt in range(ATTEMPTS_MAX):
            try:
                self._append_once(commit)
                return
            except (HeadMovedError, UnavailableError) as error:
                failure = error
            if self._is_there(commit):
                return
            if self._failed.is_set():
                break
            self._sleep(min(BACKOFF_BASE_S * 2.0**attempt, BACKOFF_MAX_S))
        raise UnknownOutcomeError(
            f"block {number} could not be appended: {failure}; import again to go on"
        ) from failure

    def _append_once(self, commit: Commit) -> None:
        try:
            self._storage.append(commit)
        except LimitExceededError:
            if not isinstance(self._storage, StepwiseStorage):
                raise
            self._storage.append_in_steps(commit)

    def _is_there(self, commit: Commit) -> bool:
        number = commit.block.sequence_no
        try:
            found = next(iter(self._storage.blocks(number, number)), None)
        except UnavailableError:
            return False
        if found is not None and found.block_hash != commit.block.block_hash:
            raise OtherLedgerError(
                f"another writer has appended a block {number}: nobody may use a ledger while it"
                " is imported"
            )
        return found is not None
