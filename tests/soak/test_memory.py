"""A server's memory stays small while clients scan large documents; `make soak` scans more."""

from pathlib import Path

import pytest

from tests.soak.memory import MEMORY_MB_MAX, fill, peak_mb

DOCUMENTS = 4
SECONDS = 1.0


@pytest.mark.timeout(180)
def test_scans_of_large_documents_by_eight_clients_take_little_memory(tmp_path: Path) -> None:
    fill(tmp_path, DOCUMENTS)
    peak, scans = peak_mb(tmp_path, SECONDS)
    assert peak < MEMORY_MB_MAX
    assert scans >= 1
