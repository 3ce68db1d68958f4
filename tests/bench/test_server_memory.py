"""The benchmark of the server's memory does all that it says; a million revisions take minutes."""

from pathlib import Path

from bench.server_memory import LEDGER, MEMORY_MB_MAX, peak_mb, prepared

REVISIONS = 400
SECONDS = 1.5
SESSIONS = 20
WORK = {
    "commits",
    "exports",
    "proofs",
    "reads by index",
    "scans",
    "rounds of hoarding sessions",
    "rounds of open sessions",
    "streams",
}


def test_the_server_is_kept_busy_and_its_memory_is_told(tmp_path: Path) -> None:
    path = prepared(tmp_path, None, REVISIONS)
    assert path.name == f"{LEDGER}.sqlite"
    peak, done, streamed = peak_mb(tmp_path, REVISIONS, SECONDS, SESSIONS)
    assert 20 < peak < MEMORY_MB_MAX
    assert done.keys() >= WORK  # Besides, refusals are counted.
    assert streamed > 0
