"""One server a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.ledger.server.serving import Clients, serving


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    with serving(tmp_path) as clients:
        yield clients
