"""What SQLite can tell of damage to its own file, to a store and to the independent verifier."""

import sqlite3
from typing import Final

FINDINGS_MAX: Final = 3
"""Told of a damaged file."""
PRIMARY_CODE: Final = 0xFF
"""The part of an extended result code that names the kind of error."""
_HEADING: Final = "***"
_SOUND: Final = "ok"
_CORRUPT: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_TEXT: Final = "Could not decode to UTF-8"
"""How the error begins of a text that is none; it has no code."""


def damaged_pages(connection: sqlite3.Connection) -> list[str]:
    """What is damaged in a connection's file, all of which is read; empty where nothing is."""
    query = f"PRAGMA integrity_check({FINDINGS_MAX})"
    lines = [line for (told,) in connection.execute(query) for line in str(told).splitlines()]
    return [line for line in lines if line != _SOUND and not line.startswith(_HEADING)]


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error means that the file is not what was written to it."""
    code = getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE
    return code in _CORRUPT or str(error).startswith(_NO_TEXT)
