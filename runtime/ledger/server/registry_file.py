"""The SQLite file that remembers which ledgers, tags, exports and streams there are."""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from runtime.ledger.errors import CorruptJournalError, StorageError

BUSY_TIMEOUT_S: Final = 10.0
FORMAT: Final = 1
"""Of the tables below, kept as the file's user_version."""

Row = tuple[Any, ...]

_SCHEMA: Final = (
    """CREATE TABLE ledger (
        name TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        permissions_mode TEXT NOT NULL,
        deletion_protection INTEGER NOT NULL,
        kms_key TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE tag (
        arn TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (arn, key)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE job (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        ledger TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        status TEXT NOT NULL,
        error_cause TEXT,
        finished_ms INTEGER,
        position INTEGER,
        request TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX job_by_ledger ON job (kind, ledger, id)",
    f"PRAGMA user_version = {FORMAT}",
)


class RegistryFile:
    """One connection that threads take turns at; every change is durable when it returns."""

    def __init__(self, path: Path) -> None:
        """Open the file and make its tables; StorageError when it cannot be opened."""
        self._path = path
        self._lock = threading.RLock()
        with self._wrapped("open"):
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        self._prepare()

    @contextmanager
    def changing(self) -> Generator[None]:
        """Make all that is changed inside durable, or nothing; others wait meanwhile."""
        with self._lock, self._wrapped("change"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        """Every row of a query, or of a change that returns some."""
        with self._lock, self._wrapped("use"):
            return self._connection.execute(statement, parameters).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._wrapped("close"):
            self._connection.close()

    def _prepare(self) -> None:
        version = self.rows("PRAGMA user_version")[0][0]
        if version not in (0, FORMAT):
            self.close()
            raise StorageError(
                f"{self._path} has format {version}, this server writes {FORMAT}: use the version"
                " that wrote it"
            )
        if version == 0:
            with self.changing():
                for statement in _SCHEMA:
                    self._connection.execute(statement)

    @contextmanager
    def _wrapped(self, what: str) -> Generator[None]:
        """The one place where errors of sqlite3 become the ledger's."""
        try:
            yield
        except sqlite3.Error as error:
            message = f"cannot {what} the registry {self._path}: {error}"
            if isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorname in (
                "SQLITE_CORRUPT",
                "SQLITE_NOTADB",
            ):
                raise CorruptJournalError(f"{message}; restore it from a backup") from error
            raise StorageError(message) from error
