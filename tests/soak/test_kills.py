"""Killed writers lose nothing that was acknowledged; `make soak` kills many more."""

from pathlib import Path

import pytest

from runtime.ledger.engine import Ledger
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.soak.kills import INSERT, REOPEN_S_MAX, Outcome, compared, kill_writers, run

KILLS = 6
SEED = 1


def test_what_was_acknowledged_survives_kills_during_concurrent_writes(tmp_path: Path) -> None:
    assert kill_writers(tmp_path, SEED, KILLS)["commits"] > KILLS
    assert list(tmp_path.iterdir()) == []


def test_the_harness_notices_what_is_lost_made_up_or_late(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "journal")
    ledger = Ledger(storage, name="docs")
    for statement in ("CREATE TABLE Docs", "CREATE INDEX ON Docs (writer)"):
        run(ledger, statement)
    for n in (0, 1):
        run(ledger, INSERT, {"writer": "w", "n": n})
    assert compared(storage, {"w": 2}, 0, 0.0) == compared(storage, {"w": 1}, 0, 0.0) == {"w": 2}
    with pytest.raises(Outcome, match="w has 2 commits; 3 were"):
        compared(storage, {"w": 3}, 0, 0.0)
    with pytest.raises(Outcome, match="at most one more"):
        compared(storage, {"w": 0}, 0, 0.0)
    with pytest.raises(Outcome, match="to open the journal"):
        compared(storage, {"w": 2}, 0, REOPEN_S_MAX + 1)
    run(ledger, INSERT, {"writer": "w", "n": 5})
    with pytest.raises(Outcome, match=r"has commits \[0, 1, 5\]"):
        compared(storage, {"w": 2}, 0, 0.0)
    storage.close()
