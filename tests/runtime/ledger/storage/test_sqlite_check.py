"""Files are checked when they are opened; large ones meanwhile."""

import sqlite3
import threading
from pathlib import Path

import pytest

from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage import sqlite_check
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.contracts.journal_storage import TABLE, filled, following, revision
from tests.runtime.ledger.files import revision_index

FOUND_S_MAX = 30.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sound file with some documents."""
    path = tmp_path / "journal.sqlite"
    storage = SqliteStorage(path)
    [head] = filled(storage, 1)
    storage.append(following(head, tuple(revision(f"d{n:02d}") for n in range(40))))
    storage.close()
    return path


def checks() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("check ")]


def damage(path: Path) -> None:
    """Flip a bit of an id in the index of revisions, which alone is asked for documents."""
    data = bytearray(path.read_bytes())
    data[data.index(b"d17", revision_index(path).start) + 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_index_is_told_when_the_file_is_opened(path: Path) -> None:
    damage(path)
    with pytest.raises(CorruptJournalError, match="missing from index sqlite_autoindex_revision_1"):
        SqliteStorage(path)


def test_a_large_file_is_refused_once_damage_is_found(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_open, findings = threading.Event(), sqlite_check.findings

    def later(connection: sqlite3.Connection) -> list[str]:
        is_open.wait(FOUND_S_MAX)
        return findings(connection)

    damage(path)
    monkeypatch.setattr(sqlite_check, "AT_ONCE_BYTES_MAX", 0)
    monkeypatch.setattr(sqlite_check, "findings", later)
    storage = SqliteStorage(path)
    assert len(list(storage.blocks(0))) == 2
    is_open.set()
    for thread in checks():
        thread.join(FOUND_S_MAX)
    with pytest.raises(CorruptJournalError, match=r"runtime\.ledger\.audit"):
        next(storage.documents(TABLE))
    with pytest.raises(CorruptJournalError, match="is damaged"):
        storage.append(following(None))
    storage.close()


def test_a_sound_large_file_is_used_meanwhile_and_closed_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> list[str]:
        begun.set()
        may_go_on.wait(FOUND_S_MAX)
        connection.close()
        return []

    monkeypatch.setattr(sqlite_check, "AT_ONCE_BYTES_MAX", 0)
    monkeypatch.setattr(sqlite_check, "findings", slow)
    storage = SqliteStorage(path)
    assert begun.wait(FOUND_S_MAX)
    assert len(list(storage.documents(TABLE))) == 40
    may_go_on.set()
    storage.close()
    assert checks() == []


def test_a_check_under_way_ends_when_the_file_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    monkeypatch.setattr(sqlite_check, "AT_ONCE_BYTES_MAX", 0)
    monkeypatch.setattr(sqlite_check, "findings", lambda each: each.execute(endless).fetchall())
    storage = SqliteStorage(path)
    storage.close()
    assert checks() == []
