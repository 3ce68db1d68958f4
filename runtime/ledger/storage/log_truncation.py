"""Taking what a redaction replaced out of the write-ahead log, where it stays until it is emptied.

A log cannot be emptied while somebody reads an earlier state of the file, in another process
perhaps: it is tried again for a while.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

RETRY_S: Final = 0.5
ATTEMPTS_MAX: Final = 600
"""Five minutes; the log is emptied, too, when the last who has the file closes it."""

_log = logging.getLogger(__name__)


class LogTruncation:
    """Empties one file's write-ahead log when asked; threads may share it."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """Take how to open a connection that waits for nobody."""
        self._connect = connect
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def request(self) -> None:
        """Empty the log at once or, where it is being read, as soon as possible thereafter."""
        if self._attempt():
            return
        with self._lock:
            if self._stopping.is_set() or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._retry, name="log-truncation", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Try no more."""
        self._stopping.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _retry(self) -> None:
        for _ in range(ATTEMPTS_MAX):
            if self._stopping.wait(RETRY_S) or self._attempt():
                return
        _log.warning(
            "the write-ahead log could not be emptied for %.0f s after a redaction, since it is"
            " always read: what was redacted stays in it until all who have the file close it",
            RETRY_S * ATTEMPTS_MAX,
        )

    def _attempt(self) -> bool:
        try:
            with closing(self._connect()) as connection:
                is_held = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error:
            return False  # Locked, most likely; if it is not, appends and reads will say so.
        return not is_held
