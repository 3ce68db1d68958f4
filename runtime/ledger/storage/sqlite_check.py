"""Whether a SQLite file is what was written to it, as far as SQLite itself can tell.

Each table is kept twice over, as rows and as their index, and SQLite can hold the one to the
other: a bit that flipped in either is found. Else a damaged index hides rows without a word.
"""

import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.sqlite_pages import damaged_pages, is_damage

AT_ONCE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Files up to this size are checked before they are used, in some 0.1 s; larger ones meanwhile."""
STOP_S_MAX: Final = 5.0
"""How long a check that is interrupted is waited for."""
STOP_LOOK_S: Final = 0.05
"""Between two looks whether it has ended."""


def findings(connection: sqlite3.Connection) -> list[str]:
    """What is damaged in a connection's file; empty where nothing is. Reads all of it."""
    try:
        return damaged_pages(connection)
    except sqlite3.Error as error:
        if is_damage(error):
            return [str(error)]
        raise


class IntegrityCheck:
    """One look at a whole file; threads may share it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Check it, or where it is large begin to; the connection is closed afterwards."""
        self._path = path
        self._connection = connection
        self._damage = ""
        self._thread: threading.Thread | None = None
        if path.stat().st_size <= AT_ONCE_BYTES_MAX:
            self._run()
        else:
            self._thread = threading.Thread(target=self._run, name=f"check {path}", daemon=True)
            self._thread.start()

    def require_sound(self) -> None:
        """Raise CorruptJournalError once damage has been found."""
        if self._damage:
            raise CorruptJournalError(
                f"journal {self._path} is damaged ({self._damage}): restore it from a backup;"
                f" what is left of it tells `python -m runtime.ledger.audit {self._path}`"
            )

    def stop(self) -> None:
        """End what is still under way."""
        if self._thread is None:
            return
        ends_at_s = time.monotonic() + STOP_S_MAX
        while self._thread.is_alive() and time.monotonic() < ends_at_s:
            # It interrupts only what has begun; and the thread may have closed it by now.
            with suppress(sqlite3.ProgrammingError):
                self._connection.interrupt()
            self._thread.join(STOP_LOOK_S)

    def _run(self) -> None:
        try:
            self._damage = "; ".join(findings(self._connection))
        except sqlite3.OperationalError:
            pass  # It was interrupted, or cannot be read now: whoever reads next is told that.
        finally:
            self._connection.close()
