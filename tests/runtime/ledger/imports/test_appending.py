"""Blocks get into a store in order, whatever it does; what cannot be is told."""

import threading
import time
from collections.abc import Iterator

import pytest

from runtime.ledger.errors import StorageError, UnavailableError, UnknownOutcomeError
from runtime.ledger.imports.appending import ATTEMPTS_MAX, Appending
from runtime.ledger.imports.errors import OtherLedgerError
from runtime.ledger.storage.port import Commit, JournalStorage, StoredBlock
from tests.contracts.journal_storage import following
from tests.fakes import MemoryStorage
from tests.runtime.ledger.storages import FailingStorage, FlakyQueue


def commits(count: int) -> list[Commit]:
    made: list[Commit] = []
    for _ in range(count):
        made.append(following(made[-1].block if made else None))
    return made


def append_all(storage: JournalStorage, made: list[Commit]) -> list[float]:
    slept: list[float] = []
    with Appending(storage, slept.append) as appending:
        for commit in made:
            appending.append(commit)
    return slept


def test_blocks_are_in_the_store_when_the_context_ends() -> None:
    storage, made = MemoryStorage(), commits(100)
    append_all(storage, made)
    assert list(storage.blocks(0)) == [commit.block for commit in made]


class SlowQueue(FlakyQueue):
    """Takes its time, so that appends meet."""

    def append(self, commit: Commit) -> None:
        time.sleep(0.002)
        super().append(commit)


@pytest.mark.parametrize("seed", range(5))
def test_a_queuing_store_gets_several_at_once(seed: int) -> None:
    storage, made = SlowQueue(seed), commits(100)
    storage.failing = seed > 0
    append_all(storage, made)
    assert list(storage.blocks(0)) == [commit.block for commit in made]
    assert storage.depth_max > 1


@pytest.mark.parametrize("plan", [["before"], ["after"], ["before", "after"], ["", "after"] * 3])
def test_an_append_that_is_not_answered_is_made_once(plan: list[str]) -> None:
    storage, made = FailingStorage(), commits(5)
    storage.plan = {"append": plan, "blocks": ["before"]}
    append_all(storage, made)
    assert list(storage.blocks(0)) == [commit.block for commit in made]


def test_a_store_that_stays_silent_ends_the_import() -> None:
    storage = FailingStorage()
    storage.plan = {"append": ["before"] * 100}
    with pytest.raises(UnknownOutcomeError, match="block 0 could not"):
        append_all(storage, commits(3))
    assert len(storage.plan["append"]) == 100 - ATTEMPTS_MAX
    assert storage.head() is None


def test_another_writer_is_told() -> None:
    storage, made = MemoryStorage(), commits(3)
    storage.append(made[0])
    storage.append(following(made[0].block))
    with pytest.raises(OtherLedgerError, match="another writer has appended a block 1"):
        append_all(storage, made)


class RefusingStorage(MemoryStorage):
    """Takes a few blocks at once and refuses the third for good."""

    queues_appends = True

    def __init__(self) -> None:
        super().__init__()
        self.third_refused = threading.Event()

    def append(self, commit: Commit) -> None:
        if commit.block.sequence_no > 2:
            self.third_refused.wait(5)
            raise UnavailableError("not now")
        if commit.block.sequence_no == 2:
            self.third_refused.set()
            raise StorageError("too large")
        super().append(commit)

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        return super().blocks(first, last)


def test_what_a_store_refuses_ends_the_import_soon() -> None:
    storage, made = RefusingStorage(), commits(50)
    with pytest.raises((StorageError, UnknownOutcomeError), match="too large"):
        append_all(storage, made)
    assert [block.sequence_no for block in storage.blocks(0)] in ([0, 1], [0], [])
    assert threading.active_count() < 10
