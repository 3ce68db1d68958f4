"""The journal that other tests keep in memory behaves as the stores do."""

import pytest

from tests.contracts.journal_storage import JournalStorageContract
from tests.fakes import MemoryStorage


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


class TestMemoryStorage(JournalStorageContract):
    """The contract, in memory."""
