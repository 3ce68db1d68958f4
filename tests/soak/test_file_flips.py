"""Some bits of a ledger's file; `make soak` flips many more."""

from pathlib import Path

import pytest

from runtime.ledger.storage import sqlite_file
from tests.soak.file_flips import REFUSED, LedgerFile, flip_file
from tests.soak.flips import Silent

SEED = 20260102
FLIPS = 120


def test_nobody_reads_a_damaged_file_as_another_one(tmp_path: Path) -> None:
    found = flip_file(LedgerFile(tmp_path / "journal.sqlite"), FLIPS, SEED)
    assert found[REFUSED] > FLIPS // 10


def test_without_the_check_of_the_file_some_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file.SqliteFile, "_require_sound", lambda _: None)
    with pytest.raises(Silent, match="nobody noticed"):
        flip_file(LedgerFile(tmp_path / "journal.sqlite"), 10 * FLIPS, SEED)
