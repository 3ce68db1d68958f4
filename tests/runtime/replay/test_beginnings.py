"""Replays that begin with a snapshot: the same as from the first block, damaged or not."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.replay import beginnings
from runtime.replay.beginnings import Beginnings
from runtime.replay.journals import Journals
from runtime.replay.planning import Planner
from runtime.replay.steps import Steps
from runtime.replays.pieces import Piece, split, split_beginning
from runtime.replays.replay import Request, Status, Target, time_text
from runtime.replays.service import Replays, View
from runtime.snapshots.layout import MANIFESTS, STATE
from tests.memory_replays import MemoryMachine, MemoryRecords, MemoryTarget
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World, exact, replayed

PIECE_BLOCKS = 7
STATE_NOW = Request(Target.STATE)


class Workshop:
    """Everything that replays a world's ledgers; tells which blocks were read."""

    def __init__(self, world: World) -> None:
        self.target = MemoryTarget()
        self.records, self.machine = MemoryRecords(), MemoryMachine(random.Random(1))
        self.replays = Replays(self.records, self.machine)
        self.journals = ReadJournals(world.journals)
        found = Beginnings(world.store, self.journals)
        self.steps = Steps(
            self.records,
            self.journals,
            lambda _: self.target,
            Planner(self.journals, found, PIECE_BLOCKS),
            found,
        )

    def start(self, request: Request = STATE_NOW) -> str:
        return self.replays.start(request).replay.replay_id

    def replay(self, request: Request = STATE_NOW) -> View:
        replay_id = self.start(request)
        self.machine.run(self.steps)
        return self.replays.read(replay_id)


class ReadJournals(Journals):
    """Remembers which ranges of blocks were read."""

    def __init__(self, storages):  # type: ignore[no-untyped-def]
        super().__init__(storages)
        self.read: list[tuple[int, int, int]] = []

    def revisions(self, shard: int, first: int, last: int):  # type: ignore[no-untyped-def]
        self.read.append((shard, first, last))
        return super().revisions(shard, first, last)


@pytest.fixture(autouse=True)
def objects_are_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginnings, "OBJECT_BLOCKS", 1)


@pytest.fixture
def world() -> Iterator[World]:
    """Two ledgers, a snapshot of many small objects, and more changes after it."""
    world = World(MemoryBucket(), **SMALL)
    world.change(160)
    world.snapshot()
    world.change(40)
    yield world
    world.ads.close()


def objects(world: World) -> list[str]:
    assert isinstance(world.store, MemoryBucket)
    return [key for key in world.store.objects if key.startswith(STATE)]


def damage(world: World, key: str) -> None:
    """Change one bit of an object."""
    assert isinstance(world.store, MemoryBucket)
    data = bytearray(world.store.objects[key])
    data[len(data) // 2] ^= 1
    world.store.objects[key] = bytes(data)


def check(world: World, workshop: Workshop, done: View) -> None:
    assert done.replay.status is Status.SUCCEEDED, done.replay.faults
    assert exact(workshop.target.ads) == exact(replayed(world.journals))
    assert done.percent == 100


def test_a_replay_from_a_snapshot_is_one_from_the_first_block(world: World) -> None:
    workshop = Workshop(world)
    done = workshop.replay()
    check(world, workshop, done)
    tips = [part.tip.sequence_no for part in world.snapshots.get("000001").ledgers]
    assert done.replay.beginning is not None
    assert done.replay.beginning.snapshot_id == "000001"
    assert done.replay.beginning.tips == tuple(tips)
    assert workshop.journals.read
    assert all(first > tips[shard] for shard, first, _ in workshop.journals.read)
    blocks = sum(head + 1 for head in workshop.journals.heads())
    assert (done.progress.blocks, done.progress.done.blocks) == (blocks, blocks)
    assert done.replay.faults == ()


@pytest.mark.parametrize("seed", range(2))
def test_replays_to_moments_with_several_snapshots(seed: int) -> None:
    world = World(MemoryBucket(), seed=seed, **SMALL)
    ends = []
    for _ in range(3):
        world.change(60)
        ends.append(world.snapshot().end)
        world.change(10)
    for end in ends:
        for moment in (end - timedelta(milliseconds=5), end, end + timedelta(milliseconds=5)):
            workshop = Workshop(world)
            done = workshop.replay(Request(Target.REPLAY_TABLE, until=time_text(moment)))
            told = time_text(moment)
            expected = {
                ad_id: next(r for r in reversed(found) if r.tx_time <= told)
                for ad_id in replayed(world.journals)
                if (found := world.ads.versions("42", ad_id))[0].tx_time <= told
            }
            assert exact(workshop.target.ads) == exact(expected)
            used = done.replay.beginning
            assert (used is None) == (moment < ends[0])
            if used is not None:
                assert world.snapshots.get(used.snapshot_id).end <= moment
    world.ads.close()


def test_one_ad_is_read_from_its_history(world: World) -> None:
    workshop = Workshop(world)
    done = workshop.replay(Request(Target.STATE, world.live[0]))
    assert (done.replay.status, done.replay.beginning) == (Status.SUCCEEDED, None)
    assert list(workshop.target.ads) == [world.live[0]]


def test_a_snapshot_that_would_take_longer_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginnings, "OBJECT_BLOCKS", 1000)
    workshop = Workshop(world)
    done = workshop.replay()
    check(world, workshop, done)
    assert (done.replay.beginning, done.replay.faults) == (None, ())


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_object_is_noticed_and_blocks_are_read_instead(world: World, seed: int) -> None:
    """Whenever it is found: pieces come in any order, and some were done from good objects."""
    damage(world, random.Random(seed).choice(objects(world)))
    workshop = Workshop(world)
    workshop.machine = MemoryMachine(random.Random(seed))
    workshop.replays = Replays(workshop.records, workshop.machine)
    done = workshop.replay()
    check(world, workshop, done)
    assert done.replay.beginning is not None
    assert not done.replay.beginning.trusted
    [fault] = done.replay.faults
    assert "snapshot 000001 cannot be read: object state/000001" in fault
    assert "blocks are read instead" in fault
    pieces = workshop.records.pieces(done.replay.replay_id)
    assert [piece for piece in pieces if piece.object_no is not None] == []


@pytest.mark.parametrize("found_before", [True, False])
def test_one_that_is_killed_and_then_finds_damage_ends_equal(
    world: World, found_before: bool
) -> None:
    workshop = Workshop(world)
    replay_id = workshop.start()
    if found_before:
        for key in objects(world):
            damage(world, key)
    workshop.machine.run(workshop.steps, pieces_max=8)
    for key in objects(world)[1 if found_before else 0 :: 2]:
        damage(world, key)
    workshop.replays.resume(replay_id)
    workshop.machine.run(workshop.steps)
    check(world, workshop, workshop.replays.read(replay_id))


def gone(world: World) -> None:
    assert isinstance(world.store, MemoryBucket)
    del world.store.objects[objects(world)[0]]


def bad_manifest(world: World) -> None:
    damage(world, f"{MANIFESTS}000001.json")


def silent(world: World) -> None:
    class Silent(MemoryBucket):
        def keys(self, prefix: str) -> Iterator[str]:
            raise DestinationUnavailableError("the bucket does not answer")

    world.store = Silent()


def of_another_ledger(world: World) -> None:
    other = World(MemoryBucket(), seed=9, **SMALL)
    other.change(150)
    other.snapshot()
    world.store = other.store


def of_fewer_ledgers(world: World) -> None:
    other = World(MemoryBucket(), shards=1, **SMALL)
    other.change(150)
    other.snapshot()
    world.store = other.store


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (gone, "it is missing; blocks are read instead"),
        (bad_manifest, "object manifests/000001.json"),
        (silent, "the bucket does not answer; all blocks are read instead"),
        (of_another_ledger, "is not the journal's; all blocks are read instead"),
        (of_fewer_ledgers, "has 1 ledgers, there are 2; all blocks are read instead"),
    ],
)
def test_a_snapshot_that_cannot_be_used_is_told_of(
    world: World, harm: Callable[[World], None], fault: str
) -> None:
    harm(world)
    workshop = Workshop(world)
    done = workshop.replay()
    check(world, workshop, done)
    [told] = done.replay.faults
    assert fault in told


def test_a_plan_that_is_made_twice_is_one_plan(world: World) -> None:
    """Also where the first was ended before it had recorded all of its pieces."""
    workshop = Workshop(world)
    replay_id = workshop.start()
    workshop.steps.plan(replay_id, 1)
    first = list(workshop.records.pieces(replay_id))
    world.change(50)
    world.snapshot()
    del workshop.records._pieces[replay_id][first[-1].number]
    assert workshop.steps.plan(replay_id, 1) == [piece.number for piece in first]
    assert list(workshop.records.pieces(replay_id)) == first


def test_pieces_of_a_beginning_stand_for_every_block_once() -> None:
    heads, tips, objects_of = (20, -1, 9, 4), (10, -1, 9, 1), (3, 0, 1, 4)
    pieces = split_beginning(heads, 4, tips=tips, objects=objects_of, trusted=True)
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    for shard, head in enumerate(heads):
        own = [piece for piece in pieces if piece.shard == shard]
        covered = [n for piece in own for n in range(piece.first, piece.last + 1)]
        assert sorted(covered) == list(range(head + 1))
        assert [p.object_no for p in own if p.object_no is not None] == list(
            range(objects_of[shard])
        )
    assert sum(piece.blocks for piece in pieces) == sum(head + 1 for head in heads)
    distrusted = split_beginning(heads, 4, tips=tips, objects=objects_of, trusted=False)
    assert [(p.number, p.shard, p.first, p.last) for p in distrusted] == [
        (p.number, p.shard, p.first, p.last) for p in pieces
    ]
    assert all(piece.object_no is None for piece in distrusted)
    assert split_beginning((9,), 4, tips=(-1,), objects=(0,), trusted=True) == split((9,), 4)
    assert Piece(0, 0, 3, 2, object_no=1).blocks == 0
