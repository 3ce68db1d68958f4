"""A SQLite file with the journal's tables: its connections, its transactions, its errors."""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from runtime.ledger.errors import CorruptJournalError, StorageError, UnavailableError
from runtime.ledger.sqlite_pages import PRIMARY_CODE, is_damage
from runtime.ledger.storage.log_truncation import LogTruncation
from runtime.ledger.storage.sqlite_check import IntegrityCheck

BUSY_TIMEOUT_S: Final = 10.0
"""How long a writer waits for another process to finish its transaction."""
IDLE_READERS_MAX: Final = 4
"""Connections kept for the next reads; each has a cache of up to 2 MB."""
PREPARE_ATTEMPTS_MAX: Final = 50
"""How often opening a file is tried while other processes are opening it too."""
FORMAT: Final = 1
"""Of the tables below, kept as the file's user_version."""

Row = tuple[Any, ...]
Execute = Callable[..., sqlite3.Cursor]

_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS block (
        sequence_no INTEGER PRIMARY KEY,
        block_hash BLOB NOT NULL,
        peaks BLOB NOT NULL,
        catalog_sequence_no INTEGER NOT NULL,
        ion BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS revision (
        table_id TEXT NOT NULL,
        document_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        sequence_no INTEGER NOT NULL,
        deleted INTEGER NOT NULL,
        ion BLOB NOT NULL,
        PRIMARY KEY (table_id, document_id, version)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS index_entry (
        index_id TEXT NOT NULL,
        key BLOB NOT NULL,
        document_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (index_id, key, document_id, version)
    ) STRICT""",
    f"PRAGMA user_version = {FORMAT}",
)


class SqliteFile:
    """One writing connection and as many reading ones as threads read at once."""

    def __init__(self, path: Path, *, checks: bool = True) -> None:
        """Open the file and make its tables; StorageError when its format is another.

        One that is damaged is refused, unless it is not to be checked: CorruptJournalError, at
        once or, where the file is large, from when that has been found.
        """
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._truncation = LogTruncation(partial(self._open, timeout_s=0))
        with self._wrapped("open"):
            self._writer = self._prepared()
            self._check = IntegrityCheck(path, self._connect()) if checks else None
        try:
            self._require_sound()
        except CorruptJournalError:
            self._writer.close()
            raise

    def read(self, query: str, *parameters: Any) -> list[Row]:
        """Every row of a query."""
        with self._wrapped("read"):
            reader = self._take()
            try:
                return reader.execute(query, parameters).fetchall()
            finally:
                self._give_back(reader)

    def page(
        self, rows_max: int, bytes_max: int, query: str, *parameters: Any
    ) -> tuple[list[Row], bool]:
        """The first rows of a query, and whether there may be more.

        It ends after `rows_max` rows, its last parameter, or with the row whose last column makes
        `bytes_max` full.
        """
        rows: list[Row] = []
        size = 0
        with self._wrapped("read"):
            reader = self._take()
            try:
                cursor = reader.execute(query, (*parameters, rows_max))
                for row in cursor:
                    if not isinstance(row[-1], bytes):
                        raise CorruptJournalError(
                            f"journal {self._path} has a row {row[:-1]} without Ion;"
                            " restore it from a backup"
                        )
                    rows.append(row)
                    size += len(row[-1])
                    if size >= bytes_max:
                        break
                cursor.close()
            finally:
                self._give_back(reader)
        return rows, len(rows) == rows_max or size >= bytes_max

    @contextmanager
    def transaction(self) -> Generator[Execute]:
        """Write all that is executed inside, durably, or nothing; one thread at a time."""
        self._require_sound()
        with self._wrapped("write"):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer.execute
                self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    def empty_log(self) -> None:
        """Take what was overwritten out of the log, too, at once or when nobody reads it."""
        self._truncation.request()

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._truncation.close()
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        if self._check is not None:
            self._check.stop()
        with self._wrapped("close"):
            for connection in (*idle, self._writer):
                connection.close()

    def _require_sound(self) -> None:
        if self._check is not None:
            self._check.require_sound()

    def _take(self) -> sqlite3.Connection:
        self._require_sound()
        with self._lock:
            if self._closed:
                raise StorageError(f"journal {self._path} has been closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, reader: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < IDLE_READERS_MAX:
                self._idle.append(reader)
                return
        reader.close()

    def _open(self, timeout_s: float = BUSY_TIMEOUT_S) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path, timeout=timeout_s, isolation_level=None, check_same_thread=False
        )

    def _connect(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _prepared(self) -> sqlite3.Connection:
        """A connection to the file in WAL mode with its tables.

        Changing the mode does not wait while another process does the same, so it is tried again.
        """
        connection = self._connect()
        for attempt in range(PREPARE_ATTEMPTS_MAX):
            try:
                self._make_tables(connection)
                return connection
            except sqlite3.OperationalError as error:
                locked = error.sqlite_errorcode & PRIMARY_CODE == sqlite3.SQLITE_BUSY
                if not locked or attempt == PREPARE_ATTEMPTS_MAX - 1:
                    connection.close()
                    raise
                threading.Event().wait(0.01)
        raise AssertionError("the loop above returns or raises")

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, FORMAT):
            connection.close()
            raise StorageError(
                f"{self._path} is a journal of format {version}, this ledger writes {FORMAT}:"
                " open it with the version that wrote it"
            )
        connection.execute("PRAGMA journal_mode = WAL")
        if version == 0:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("COMMIT")
            self._flush_folder()

    def _flush_folder(self) -> None:
        """Make durable that there is a new file; SQLite does so for its log, not for this one."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _wrapped(self, what: str) -> Generator[None]:
        """The one place where errors of sqlite3 become the ledger's."""
        try:
            yield
        except UnicodeDecodeError as error:
            message = f"cannot {what} journal {self._path}: {error}; restore it from a backup"
            raise CorruptJournalError(message) from error
        except sqlite3.Error as error:
            message = f"cannot {what} journal {self._path}: {error}"
            if is_damage(error):
                raise CorruptJournalError(f"{message}; restore it from a backup") from error
            if isinstance(error, sqlite3.OperationalError):
                raise UnavailableError(message) from error
            raise StorageError(message) from error
