"""What operators can do with replays, and what they are told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runtime.replays.errors import (
    ReplayUnavailableError,
    UnknownReplayError,
    WrongStatusError,
)
from runtime.replays.pieces import split
from runtime.replays.ports import Execution
from runtime.replays.replay import FAULTS_MAX, Done, Progress, Replay, Request, Status, Target
from runtime.replays.service import LOOKED_AFTER_MAX, VISIBLE_S_MAX, Replays
from tests.memory_replays import MemoryMachine, MemoryRecords

STATE = Request(Target.STATE)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class Office:
    """Replays under a clock that stands still unless it is told."""

    def __init__(self) -> None:
        self.records, self.machine, self.clock = MemoryRecords(), MemoryMachine(), Clock()
        self.replays = Replays(self.records, self.machine, now=self.clock)

    def planned(self, blocks: int = 100) -> str:
        """A replay of ten pieces, at work."""
        replay_id = self.replays.start(STATE).replay.replay_id
        self.records.put_pieces(replay_id, split([blocks - 1], blocks // 10))
        self.records.change(
            replay_id, lambda known: known.chosen((99,), None, "").planned(0, self.clock())
        )
        return replay_id

    def begun(self, status: Status) -> str:
        """A replay of ten pieces in an active status."""
        replay_id = self.planned()
        self.records.change(replay_id, lambda known: replace(known, status=status))
        if status is Status.FINISHING:
            self.records.change(replay_id, Replay.completing)
        return replay_id

    def do(self, replay_id: str, *numbers: int) -> None:
        for number in numbers:
            self.records.finish_piece(replay_id, number, Done(10, 8, 4, 2))


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_start_is_pending_and_handed_to_the_machine(office: Office) -> None:
    view = office.replays.start(STATE)
    assert view.replay.status is Status.PENDING
    assert (view.percent, view.blocks_per_s, view.remaining_s) == (0, 0, None)
    assert office.machine.started == [(view.replay.replay_id, 1)]
    assert view.replay.replay_id.startswith("20260102t030405-")


def test_progress_rate_and_remaining_time(office: Office) -> None:
    replay_id = office.planned()
    office.clock.time += timedelta(seconds=6)
    assert office.replays.read(replay_id).remaining_s is None
    office.do(replay_id, 0, 1, 2)
    view = office.replays.read(replay_id)
    assert (view.percent, view.blocks_per_s, view.remaining_s) == (30.0, 5.0, 14.0)
    assert view.progress.done == Done(30, 24, 12, 6)
    assert (view.progress.pieces_done, view.progress.pieces) == (3, 10)


def test_a_resumed_replay_counts_its_rate_anew(office: Office) -> None:
    replay_id = office.planned()
    office.do(replay_id, 0, 1, 2, 3, 4)
    office.clock.time += timedelta(hours=5)
    office.machine.running.clear()
    assert office.replays.resume(replay_id).replay.attempt == 2
    office.records.change(
        replay_id, lambda known: known.chosen((99,), None, "").planned(50, office.clock())
    )
    office.clock.time += timedelta(seconds=4)
    office.do(replay_id, 5, 6)
    view = office.replays.read(replay_id)
    assert (view.percent, view.blocks_per_s, view.remaining_s) == (70.0, 5.0, 6.0)


def test_a_start_that_the_machine_did_not_hear_of_is_started_by_the_next_call(
    office: Office,
) -> None:
    office.machine.down = True
    with pytest.raises(ReplayUnavailableError):
        office.replays.start(STATE, "key")
    assert office.machine.started == []
    office.machine.down = False
    view = office.replays.start(STATE, "key")
    assert office.machine.started == [(view.replay.replay_id, 1)]
    office.replays.start(STATE, "key")
    assert len(office.machine.started) == 1


def test_what_is_at_work_is_not_resumed_and_what_was_lost_is(office: Office) -> None:
    replay_id = office.planned()
    with pytest.raises(WrongStatusError, match="at work"):
        office.replays.resume(replay_id)
    office.machine.running.clear()
    view = office.replays.resume(replay_id)
    assert (view.replay.status, view.replay.attempt) == (Status.PENDING, 2)
    assert office.machine.started[-1] == (replay_id, 2)


def test_cancelling_twice_is_cancelling_once(office: Office) -> None:
    replay_id = office.planned()
    office.do(replay_id, 0)
    first = office.replays.cancel(replay_id)
    office.do(replay_id, 1)
    assert office.replays.cancel(replay_id) == first
    assert first.progress.pieces_done == 1
    with pytest.raises(WrongStatusError, match="is CANCELLED and cannot be resumed"):
        office.replays.resume(replay_id)


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.FINISHING])
def test_what_is_no_longer_run_has_failed_and_says_how_to_go_on(
    office: Office, status: Status
) -> None:
    replay_id = office.begun(status)
    office.do(replay_id, 0, 1)
    office.machine.running.clear()
    office.clock.time += timedelta(seconds=1)
    told = office.replays.read(replay_id)
    assert told.replay.status is Status.FAILED
    assert told.replay.ended_at == "2026-01-02T03:04:06.000Z"
    assert told.progress.pieces_done == 2
    (fault,) = told.replay.faults
    assert "attempt 1" in fault
    assert "resume" in fault
    office.clock.time += timedelta(seconds=1)
    assert office.replays.read(replay_id) == told
    assert office.replays.resume(replay_id).replay.status is Status.PENDING


def test_a_list_tells_of_lost_replays_too(office: Office) -> None:
    lost, well = office.planned(), office.planned()
    office.machine.running.discard((lost, 1))
    statuses = {view.replay.replay_id: view.replay.status for view in office.replays.list(10).views}
    assert statuses == {lost: Status.FAILED, well: Status.RUNNING}
    assert office.records.read(lost).status is Status.FAILED


@pytest.mark.parametrize("resumed", [False, True])
def test_a_start_that_is_not_told_of_yet_is_not_lost(office: Office, resumed: bool) -> None:
    replay_id = office.replays.start(STATE).replay.replay_id
    office.clock.time += timedelta(hours=1)
    if resumed:
        office.machine.running.clear()
        office.replays.resume(replay_id)
    else:
        replay_id = office.replays.start(STATE).replay.replay_id
    office.machine.forgotten = set(office.machine.started)
    office.clock.time += timedelta(seconds=VISIBLE_S_MAX)
    assert office.replays.read(replay_id).replay.status is Status.PENDING
    office.clock.time += timedelta(seconds=1)
    assert office.replays.read(replay_id).replay.status is Status.FAILED


def test_what_ends_well_while_it_is_looked_after_is_not_lost(office: Office) -> None:
    replay_id = office.planned()

    def ends(_: Replay) -> Execution:
        office.records.change(replay_id, Replay.completing)
        office.records.change(replay_id, lambda known: known.succeeded(Progress(), office.clock()))
        return Execution.ENDED

    office.machine.execution = ends  # type: ignore[method-assign]
    told = office.replays.read(replay_id)
    assert (told.replay.status, told.replay.faults) == (Status.SUCCEEDED, ())


def test_what_was_resumed_while_it_is_looked_after_is_not_lost(office: Office) -> None:
    replay_id = office.planned()
    office.machine.running.clear()

    def resumes(_: Replay) -> Execution:
        office.records.change(replay_id, lambda known: known.resumed(office.clock()))
        return Execution.ENDED

    office.machine.execution = resumes  # type: ignore[method-assign]
    told = office.replays.read(replay_id)
    assert (told.replay.status, told.replay.attempt) == (Status.PENDING, 2)


def test_the_machine_is_asked_of_active_replays_alone_and_of_few_in_a_list(office: Office) -> None:
    ended = office.planned()
    office.replays.cancel(ended)
    office.replays.read(ended)
    office.replays.list(100)
    assert office.machine.asked == 0
    active = [office.planned() for _ in range(LOOKED_AFTER_MAX + 1)]
    office.replays.read(active[0])
    assert office.machine.asked == 1
    office.machine.running.clear()
    office.replays.list(100)
    assert office.machine.asked == 1 + LOOKED_AFTER_MAX
    office.replays.list(100)
    assert office.machine.asked == 2 + LOOKED_AFTER_MAX
    assert {office.records.read(one).status for one in active} == {Status.FAILED}


def test_what_succeeded_is_not_cancelled_and_the_reason_is_that_it_ended(office: Office) -> None:
    replay_id = office.begun(Status.FINISHING)
    with pytest.raises(WrongStatusError, match="putting its target in place"):
        office.replays.cancel(replay_id)
    office.records.change(replay_id, lambda known: known.succeeded(Progress(), office.clock()))
    with pytest.raises(WrongStatusError, match="is SUCCEEDED and cannot be cancelled"):
        office.replays.cancel(replay_id)


def test_an_unknown_replay_is_unknown_to_everything(office: Office) -> None:
    for ask in (office.replays.read, office.replays.cancel, office.replays.resume):
        with pytest.raises(UnknownReplayError):
            ask("20260102t030405-00000000")


def test_only_the_newest_faults_are_kept(office: Office) -> None:
    replay_id = office.planned()
    for number in range(FAULTS_MAX + 5):
        office.records.change(replay_id, lambda known, n=number: known.told(f"fault {n} " * 500))
    faults = office.replays.read(replay_id).replay.faults
    assert len(faults) == FAULTS_MAX
    assert faults[0].startswith("fault 5 ")
    assert max(map(len, faults)) == 1000
