"""Ledgers' SQLite files: made of commits, and changed behind the ledger's back."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from runtime.ledger.storage.port import Commit
from runtime.ledger.storage.sqlite import SqliteStorage


def written(path: Path, commits: Iterable[Commit]) -> Path:
    """The file with these commits."""
    storage = SqliteStorage(path)
    for commit in commits:
        storage.append(commit)
    storage.close()
    return path


def changed(path: Path, statement: str, *parameters: Any) -> None:
    """Run a statement on it."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, parameters)
    connection.close()


def revision_index(path: Path) -> range:
    """The bytes of the first page of the index by which revisions are found."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_revision_1'"
        [(page,)] = connection.execute(query).fetchall()
        [(size,)] = connection.execute("PRAGMA page_size").fetchall()
    return range((page - 1) * size, page * size)
