"""`python -m runtime.ledger.audit`, as it is called."""

import sqlite3
from base64 import b64encode
from pathlib import Path

import pytest

from runtime.ledger.audit.__main__ import UNKNOWN, WRONG, main
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.ledgers import insert, with_ads


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.sqlite"
    storage = SqliteStorage(path)
    ledger = with_ads(storage)
    for number in range(5):
        insert(ledger, n=number, category="x")
    storage.close()
    return path


def digest_of(path: Path) -> str:
    storage = SqliteStorage(path)
    digest = b64encode(Ledger(storage, name="ads-0").digest().value).decode()
    storage.close()
    return digest


def test_a_sound_file(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = digest_of(path)
    assert main([str(path), "--digest", digest]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("audited 7 blocks, 7 revisions and 5 index entries")
    assert digest in shown.out


def test_what_is_not_what_the_journal_says_is_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM index_entry WHERE rowid = 3")
    assert main([str(path)]) == WRONG
    assert "lacks document" in capsys.readouterr().err


def test_a_damaged_file_is_audited_as_far_as_it_can_be_read(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = path.read_bytes()
    page = sqlite3.connect(path).execute("PRAGMA page_size").fetchone()[0]
    path.write_bytes(data[: -page // 2] + bytes(page - page // 2))
    assert main([str(path)]) == WRONG
    assert "not in order: " in capsys.readouterr().err


def test_another_digest_is_told(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(path), "--digest", b64encode(bytes(32)).decode()]) == WRONG
    assert "not the one given" in capsys.readouterr().err


def test_a_file_that_is_not_there_cannot_be_audited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none")]) == UNKNOWN
    assert "there is no file" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
