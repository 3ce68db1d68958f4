"""Random concurrent histories are strictly serializable; `make soak` runs many more."""

from pathlib import Path
from typing import Any

import pytest

from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.settling import Settling
from tests.soak.isolation import simulated, threaded
from tests.soak.serializability import Anomaly

SEEDS = 30
"""In each of the tests below that run simulated histories."""
HASTY_SEEDS = range(15, 200)


def test_histories_on_a_faulty_table_are_strictly_serializable() -> None:
    assert sum(simulated(seed).committed for seed in range(SEEDS)) > SEEDS


def test_histories_of_threads_and_ledgers_on_one_file_are_strictly_serializable(
    tmp_path: Path,
) -> None:
    assert sum(threaded(seed, tmp_path).committed for seed in range(12)) > 12
    assert list(tmp_path.iterdir()) == []


class HastySettling(Settling):
    """Takes every block for settled."""

    def await_items_of(self, block: Any) -> None:
        pass

    def await_block(self, sequence_no: int, head: Any) -> None:
        pass


class HastyStorage(DynamoDbStorage):
    """Believes that a block it sees has been applied as a whole."""

    def __init__(self, client: Any, table_name: str, ledger: str, **options: Any) -> None:
        super().__init__(client, table_name, ledger, **options)
        self._settling = HastySettling(client, table_name, ledger)


def test_a_head_whose_commit_is_only_partly_visible_would_break_isolation() -> None:
    def play_all() -> None:
        for seed in HASTY_SEEDS:
            simulated(seed, HastyStorage)

    with pytest.raises(Anomaly):
        play_all()
