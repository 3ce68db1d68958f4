"""Appends that wait share writes, each with an outcome of its own, and none is left waiting."""

import threading
from collections.abc import Sequence
from itertools import chain

import pytest

from runtime.ledger.errors import HeadMovedError, StorageError, UnavailableError
from runtime.ledger.storage.group_commit import GROUP_COMMITS_MAX, GroupCommit, Waiting
from runtime.ledger.storage.port import Commit, StoredBlock
from tests.contracts.journal_storage import together

BAD = -1
"""The catalog number of blocks that are refused."""


def commit(number: int, catalog: int = 0) -> Commit:
    return Commit(StoredBlock(number, bytes(32), (), catalog, b""))


class Journal:
    """Keeps the numbers of blocks in the order of the chain; refuses and fails as it is told."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.next_no = 0
        self.open = threading.Event()
        self.open.set()
        self.failures: list[BaseException] = []

    def write(self, group: Sequence[Waiting]) -> None:
        self.open.wait()
        if self.failures:
            raise self.failures.pop()
        if any(waiting.commit.block.catalog_sequence_no == BAD for waiting in group):
            raise StorageError("refused")
        written: list[int] = []
        for waiting in group:
            number = waiting.commit.block.sequence_no
            if number == self.next_no:
                written.append(number)
                self.next_no += 1
                waiting.finish()
            elif not (number > self.next_no and waiting.waits_for_predecessor()):
                waiting.finish(HeadMovedError(f"block {number}"))
        self.groups.append(written)


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def appends(journal: Journal) -> GroupCommit:
    return GroupCommit(journal.write)


def test_one_append_is_written_alone(journal: Journal, appends: GroupCommit) -> None:
    appends.append(commit(0))
    appends.append(commit(1))
    assert journal.groups == [[0], [1]]


def test_those_that_wait_are_written_together_in_order(
    journal: Journal, appends: GroupCommit
) -> None:
    journal.open.clear()
    release = threading.Timer(0.1, journal.open.set)
    release.start()
    together(20, lambda i: appends.append(commit(19 - i)))
    release.join()
    written = [group for group in journal.groups if group]
    assert list(chain.from_iterable(written)) == list(range(20))
    assert len(written) <= 3


def test_groups_are_bounded(journal: Journal, appends: GroupCommit) -> None:
    count = 2 * GROUP_COMMITS_MAX + 1
    together(count, lambda i: appends.append(commit(i)))
    assert list(chain.from_iterable(journal.groups)) == list(range(count))
    assert max(map(len, journal.groups)) <= GROUP_COMMITS_MAX


def test_threads_that_go_on_appending_all_get_through(
    journal: Journal, appends: GroupCommit
) -> None:
    turn = threading.Lock()
    drawn = iter(range(800))

    def work(_: int) -> None:
        for _ in range(100):
            with turn:
                mine = next(drawn)
            appends.append(commit(mine))

    together(8, work)
    assert list(chain.from_iterable(journal.groups)) == list(range(800))


def test_in_a_refused_group_only_the_culprit_and_those_upon_it_fail(
    journal: Journal, appends: GroupCommit
) -> None:
    journal.open.clear()
    release = threading.Timer(0.1, journal.open.set)
    release.start()
    outcomes: dict[int, type[Exception] | None] = {}

    def work(number: int) -> None:
        try:
            appends.append(commit(number, BAD if number == 2 else 0))
            outcomes[number] = None
        except StorageError as error:
            outcomes[number] = type(error)

    together(4, work)
    release.join()
    assert outcomes == {0: None, 1: None, 2: StorageError, 3: HeadMovedError}


def test_an_unknown_outcome_is_that_of_the_whole_group(
    journal: Journal, appends: GroupCommit
) -> None:
    journal.failures.append(UnavailableError("no answer"))
    with pytest.raises(UnavailableError):
        appends.append(commit(0))
    appends.append(commit(0))
    assert journal.groups == [[0]]


def test_an_interrupted_leader_leaves_nobody_waiting(
    journal: Journal, appends: GroupCommit
) -> None:
    journal.failures.append(KeyboardInterrupt())
    journal.open.clear()
    interrupted: list[bool] = []

    def lead() -> None:
        try:
            appends.append(commit(7))
        except KeyboardInterrupt:
            interrupted.append(True)

    leader = threading.Thread(target=lead)
    leader.start()
    while not appends._led:
        pass
    followers = [threading.Thread(target=appends.append, args=(commit(i),)) for i in range(2)]
    for follower in followers:
        follower.start()
    journal.open.set()
    for thread in (leader, *followers):
        thread.join(10)
        assert not thread.is_alive()
    assert interrupted == [True]
    assert list(chain.from_iterable(journal.groups)) == [0, 1]
    appends.append(commit(2))


def test_what_waits_in_vain_for_its_predecessor_is_told(appends: GroupCommit) -> None:
    with pytest.raises(HeadMovedError, match="block 5"):
        appends.append(commit(5))
