"""Replays of ledgers in memory: to now and to moments, killed, cancelled, late and repeated."""

import random
from collections.abc import Iterator

import pytest

from runtime.ledger.identifiers import new_id
from runtime.ledger.storage.port import StoredBlock
from runtime.replay.planning import Planner
from runtime.replay.steps import CHUNK_BLOCKS, Steps
from runtime.replays.errors import ReplayFailedError, WrongStatusError
from runtime.replays.replay import Request, Status, Target
from runtime.replays.service import Replays, View
from tests.memory_replays import MemoryMachine, MemoryRecords, MemoryTarget
from tests.runtime.replay.ledgers import LedgerRun, Seen

PIECE_BLOCKS = 7
MOMENTS = 100
STATE = Request(Target.STATE)


class Workshop:
    """Everything that replays one ledger."""

    def __init__(self, run: LedgerRun, target: MemoryTarget | None = None) -> None:
        self.run, self.target = run, target or MemoryTarget()
        self.records, self.machine = MemoryRecords(), MemoryMachine(run.chance)
        self.replays = Replays(self.records, self.machine)
        self.steps = Steps(
            self.records,
            run.journals,
            lambda _: self.target,
            Planner(run.journals, None, PIECE_BLOCKS),
        )

    def replay(self, request: Request) -> View:
        started = self.replays.start(request)
        self.machine.run(self.steps)
        return self.replays.read(started.replay.replay_id)


@pytest.fixture(scope="module")
def lived() -> Iterator[LedgerRun]:
    """A ledger that nobody changes any more."""
    run = LedgerRun(1)
    run.live(150)
    yield run
    run.ads.close()


@pytest.fixture
def fresh() -> Iterator[LedgerRun]:
    """A ledger of a test's own."""
    run = LedgerRun(2)
    run.live(60)
    yield run
    run.ads.close()


@pytest.mark.parametrize("target", list(Target))
def test_all_ads_come_back(lived: LedgerRun, target: Target) -> None:
    workshop = Workshop(lived)
    done = workshop.replay(Request(target))
    assert workshop.target.ads == lived.newest()
    assert done.replay.status is Status.SUCCEEDED
    blocks = sum(head + 1 for head in lived.journals.heads())
    assert (done.progress.blocks, done.progress.done.blocks, done.percent) == (blocks, blocks, 100)
    assert done.progress.pieces == done.progress.pieces_done > 10
    assert done.progress.done.revisions == 150
    assert done.replay.faults == ()
    assert workshop.target.events == ["prepare", "complete"]


def test_a_replay_to_a_moment_is_what_a_client_saw_at_that_moment() -> None:
    run = LedgerRun(3)
    looks: list[tuple[str, Seen]] = [run.look()]
    for _ in range(MOMENTS - 1):
        run.live(run.chance.randrange(4))
        looks.append(run.look())
    run.live(20)
    for moment, seen in run.chance.sample(looks, MOMENTS):
        workshop = Workshop(run)
        done = workshop.replay(Request(Target.REPLAY_TABLE, until=moment))
        assert done.replay.status is Status.SUCCEEDED
        assert workshop.target.ads == seen
    run.ads.close()


def test_an_ad_changed_in_many_pieces_is_counted_and_written_once() -> None:
    run = LedgerRun(7)
    run.live(150)
    workshop = Workshop(run)
    done = workshop.replay(STATE).progress.done
    assert (done.revisions, done.ads, done.written) == (150, len(run.all), len(run.all))
    run.ads.close()


def test_what_changes_while_pieces_are_done_comes_as_it_is_by_then(fresh: LedgerRun) -> None:
    """Though the stream's projector has it not yet, a lost ad does not come back out of date."""
    workshop = Workshop(fresh)
    started = workshop.replays.start(STATE).replay
    numbers = workshop.steps.plan(started.replay_id, 1)
    for number in numbers:
        fresh.live(5)
        now = fresh.newest()
        before = dict(workshop.target.ads)
        workshop.steps.piece(started.replay_id, 1, number)
        for ad_id in workshop.target.ads.keys() - before.keys():
            assert workshop.target.ads[ad_id] == now[ad_id]
    assert workshop.target.ads.keys() >= set(fresh.all[:20])


def test_one_ad_comes_back_in_full_and_at_every_moment(lived: LedgerRun) -> None:
    for ad_id in lived.all[:20]:
        history = lived.ads.versions("publisher-1", ad_id)
        workshop = Workshop(lived)
        assert workshop.replay(Request(Target.STATE, ad_id)).replay.status is Status.SUCCEEDED
        assert workshop.target.ads == {ad_id: history[-1]}
        for version in history:
            workshop = Workshop(lived)
            workshop.replay(Request(Target.REPLAY_TABLE, ad_id, version.tx_time))
            assert workshop.target.ads == {ad_id: version}


def test_before_its_creation_an_ad_is_nothing(lived: LedgerRun) -> None:
    workshop = Workshop(lived)
    request = Request(Target.REPLAY_TABLE, lived.all[-1], "2026-01-01T00:00:00.000Z")
    assert workshop.replay(request).replay.status is Status.SUCCEEDED
    assert workshop.target.ads == {}


def test_an_ad_that_never_was_is_a_fault(lived: LedgerRun) -> None:
    ad_id = new_id()
    failed = Workshop(lived).replay(Request(Target.STATE, ad_id))
    assert failed.replay.status is Status.FAILED
    assert failed.replay.faults == (f"the ledger has no ad {ad_id}",)


def test_an_empty_ledger_is_soon_replayed() -> None:
    run = LedgerRun(4)
    done = Workshop(run).replay(STATE)
    assert (done.replay.status, done.percent, done.progress.pieces) == (Status.SUCCEEDED, 100, 0)


def test_a_live_target_is_never_put_back(fresh: LedgerRun) -> None:
    """The stream's projector is ahead of the replay wherever it wrote while pieces were read."""
    workshop = Workshop(fresh)
    started = workshop.replays.start(STATE).replay
    numbers = workshop.steps.plan(started.replay_id, 1)
    fresh.live(40)
    ahead = fresh.newest()
    workshop.target.project(list(ahead.values()))
    for number in numbers:
        workshop.steps.piece(started.replay_id, 1, number)
        assert workshop.target.ads == ahead
    workshop.steps.finish(started.replay_id, 1)
    assert workshop.target.ads == ahead


def test_what_is_committed_while_the_pieces_are_done_is_caught_up_with(fresh: LedgerRun) -> None:
    target = MemoryTarget(meanwhile=lambda: fresh.live(40))
    workshop = Workshop(fresh, target)
    assert workshop.replay(Request(Target.SEARCH)).replay.status is Status.SUCCEEDED
    assert target.ads == fresh.newest()


@pytest.mark.parametrize("lost_after", [0, 1, 5])
def test_a_replay_killed_half_way_resumes_and_ends_equal(lived: LedgerRun, lost_after: int) -> None:
    workshop = Workshop(lived)
    replay_id = workshop.replays.start(STATE).replay.replay_id
    with pytest.raises(WrongStatusError, match="at work"):
        workshop.replays.resume(replay_id)
    workshop.machine.run(workshop.steps, pieces_max=lost_after)
    half = workshop.replays.read(replay_id)
    assert (half.replay.status, half.replay.lost) == (Status.FAILED, True)
    assert half.progress.pieces - half.progress.pieces_done > 0
    calls = workshop.target.calls

    workshop.replays.resume(replay_id)
    workshop.machine.run(workshop.steps)

    done = workshop.replays.read(replay_id)
    assert (done.replay.status, done.replay.attempt) == (Status.SUCCEEDED, 2)
    assert workshop.target.ads == lived.newest()
    assert workshop.target.calls - calls <= half.progress.pieces - half.progress.pieces_done
    assert done.replay.done_before == half.progress.done.blocks


def test_steps_of_an_attempt_that_was_lost_do_nothing(lived: LedgerRun) -> None:
    workshop = Workshop(lived)
    replay_id = workshop.replays.start(STATE).replay.replay_id
    workshop.machine.run(workshop.steps, pieces_max=1)
    workshop.replays.resume(replay_id)
    calls = workshop.target.calls
    assert workshop.steps.plan(replay_id, 1) == []
    workshop.steps.piece(replay_id, 1, 0)
    workshop.steps.finish(replay_id, 1)
    workshop.steps.fail(replay_id, 1, "lost")
    assert workshop.target.calls == calls
    assert workshop.replays.read(replay_id).replay.status is Status.PENDING


def test_a_store_that_fails_makes_the_replay_fail_and_resuming_completes_it(
    lived: LedgerRun,
) -> None:
    chance = random.Random(5)
    workshop = Workshop(lived, MemoryTarget(fails=lambda: chance.random() < 0.1))
    replay_id = workshop.replays.start(STATE).replay.replay_id
    workshop.machine.run(workshop.steps)
    failed = workshop.replays.read(replay_id).replay
    assert failed.status is Status.FAILED
    assert failed.faults == ("1 ads not taken: throttled",)
    for _ in range(100):
        if workshop.replays.resume(replay_id).replay.status is not Status.PENDING:
            break
        workshop.machine.run(workshop.steps)
        if workshop.replays.read(replay_id).replay.status is Status.SUCCEEDED:
            break
    assert workshop.target.ads == lived.newest()
    assert workshop.replays.read(replay_id).replay.status is Status.SUCCEEDED


def test_cancelled_half_way_what_was_written_is_right_and_nothing_follows(
    lived: LedgerRun,
) -> None:
    workshop = Workshop(lived)
    newest = lived.newest()
    # One ad is newer by the stream, as all of them may be.
    workshop.target.project([newest[lived.all[0]]])
    replay_id = workshop.replays.start(STATE).replay.replay_id
    numbers = workshop.steps.plan(replay_id, 1)
    for number in numbers[:5]:
        workshop.steps.piece(replay_id, 1, number)
        # Of lost ads some are missing yet, but none is what it was before, or was before it ended.
        assert workshop.target.ads.items() <= newest.items()
    cancelled = workshop.replays.cancel(replay_id)
    assert cancelled.replay.status is Status.CANCELLED
    before = dict(workshop.target.ads)
    assert len(before) > 1
    for number in numbers:
        workshop.steps.piece(replay_id, 1, number)
    workshop.steps.finish(replay_id, 1)
    assert workshop.target.ads == before
    assert workshop.target.ads[lived.all[0]] == newest[lived.all[0]]
    assert workshop.target.events == ["prepare", "abandon"]
    assert workshop.replays.read(replay_id).replay.status is Status.CANCELLED
    with pytest.raises(WrongStatusError):
        workshop.replays.resume(replay_id)
    # What the cancelled one left undone, another completes.
    workshop.replay(STATE)
    assert workshop.target.ads == newest


def test_a_piece_under_way_stops_between_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    run = LedgerRun(6, shards=1)
    run.live(30)
    monkeypatch.setattr("runtime.replay.steps.CHUNK_BLOCKS", 2)
    workshop = Workshop(run)
    replay_id = workshop.replays.start(STATE).replay.replay_id
    *_, newest = workshop.steps.plan(replay_id, 1)
    workshop.target.fails = lambda: bool(workshop.replays.cancel(replay_id)) and False
    workshop.steps.piece(replay_id, 1, newest)
    assert workshop.target.calls == 1
    assert workshop.records.piece(replay_id, newest).done is None
    assert CHUNK_BLOCKS > 2
    run.ads.close()


def test_what_is_being_put_in_place_cannot_be_cancelled(fresh: LedgerRun) -> None:
    workshop = Workshop(fresh)
    replay_id = workshop.replays.start(Request(Target.SEARCH)).replay.replay_id
    refusals: list[str] = []

    def cancel() -> None:
        with pytest.raises(WrongStatusError, match="cannot be cancelled") as refusal:
            workshop.replays.cancel(replay_id)
        refusals.append(str(refusal.value))

    workshop.target.meanwhile = cancel
    workshop.machine.run(workshop.steps)
    assert len(refusals) == 1
    assert workshop.replays.read(replay_id).replay.status is Status.SUCCEEDED


def test_one_that_failed_while_being_put_in_place_is_put_in_place_again(fresh: LedgerRun) -> None:
    def broken() -> None:
        raise ReplayFailedError("the search engine went away")

    workshop = Workshop(fresh, MemoryTarget(meanwhile=broken))
    replay_id = workshop.replays.start(Request(Target.SEARCH)).replay.replay_id
    workshop.machine.run(workshop.steps)
    failed = workshop.replays.read(replay_id).replay
    assert (failed.status, failed.faults) == (Status.FAILED, ("the search engine went away",))
    with pytest.raises(WrongStatusError, match="cannot be cancelled"):
        workshop.replays.cancel(replay_id)
    fresh.live(30)
    workshop.target.meanwhile = lambda: None
    workshop.replays.resume(replay_id)
    workshop.machine.run(workshop.steps)
    assert workshop.replays.read(replay_id).replay.status is Status.SUCCEEDED
    assert workshop.target.ads == fresh.newest()


def test_an_ad_that_the_target_never_takes_is_told_and_the_others_come_back(
    lived: LedgerRun,
) -> None:
    poison = lived.all[3]
    workshop = Workshop(lived, MemoryTarget(refused=frozenset({poison})))
    done = workshop.replay(STATE)
    assert done.replay.status is Status.SUCCEEDED
    assert done.replay.faults == (f"ad {poison} is refused for good: too long",)
    newest = lived.newest()
    del newest[poison]
    assert workshop.target.ads == newest


def test_finishing_before_the_pieces_are_done_is_refused(lived: LedgerRun) -> None:
    workshop = Workshop(lived)
    replay_id = workshop.replays.start(STATE).replay.replay_id
    workshop.steps.plan(replay_id, 1)
    with pytest.raises(ReplayFailedError, match="are not done"):
        workshop.steps.finish(replay_id, 1)
    assert workshop.target.events == ["prepare"]


def test_a_missing_block_is_named(fresh: LedgerRun, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fresh.storages[0].blocks

    def torn(first: int, last: int | None = None) -> Iterator[StoredBlock]:
        return (one for one in whole(first, last) if one.sequence_no != 9)

    monkeypatch.setattr(fresh.storages[0], "blocks", torn)
    failed = Workshop(fresh).replay(STATE)
    assert failed.replay.status is Status.FAILED
    assert "shard 0 has no block 9" in failed.replay.faults[0]
