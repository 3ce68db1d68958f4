"""Operators' view: asking for snapshots, pages of them, and how far one is."""

import json

import pytest

from runtime.snapshots.errors import NoSuchSnapshotError
from runtime.snapshots.service import SnapshotService
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World


def service(world: World) -> tuple[SnapshotService, list[bytes]]:
    calls: list[bytes] = []
    return SnapshotService(world.store, calls.append, world.now), calls


def test_a_snapshot_is_asked_for_and_the_function_called() -> None:
    world = World(MemoryBucket())
    world.change(5)
    snapshots, calls = service(world)
    view = snapshots.start()
    assert (view.request.snapshot_id, view.manifest, view.percent) == ("000001", None, 0.0)
    [call] = calls
    assert json.loads(call)["invocation"] == 1
    assert snapshots.read("000001") == view


def test_asking_again_goes_on_with_what_is_under_way() -> None:
    world = World(MemoryBucket())
    snapshots, calls = service(world)
    assert snapshots.start().request == snapshots.start().request
    assert len(calls) == 2
    assert calls[0] == calls[1]


def test_it_tells_how_far_it_is() -> None:
    world = World(MemoryBucket(), **SMALL)
    world.change(40)
    snapshots, _ = service(world)
    request = snapshots.start().request
    told = [0.0]
    while world.taking.take(request, lambda: True) is None:
        told.append(snapshots.read(request.snapshot_id).percent)
    assert told == sorted(told)
    assert len(set(told)) > 5
    assert told[-1] < 100
    finished = snapshots.read(request.snapshot_id)
    assert finished.percent == 100
    assert finished.manifest is not None
    assert finished.blocks == finished.blocks_done > 40


def test_pages_are_newest_first() -> None:
    world = World(MemoryBucket(), shards=1)
    snapshots, _ = service(world)
    assert snapshots.list(10) == ([], None)
    for _ in range(5):
        world.snapshot()
    seen: list[str] = []
    before = None
    while True:
        page, before = snapshots.list(2, before)
        seen += [view.request.snapshot_id for view in page]
        if before is None:
            break
    assert seen == ["000005", "000004", "000003", "000002", "000001"]
    assert snapshots.list(10, "000001") == ([], None)


@pytest.mark.parametrize("snapshot_id", ["000001", "1", "../1", ""])
def test_what_nobody_asked_for_is_unknown(snapshot_id: str) -> None:
    snapshots, _ = service(World(MemoryBucket()))
    with pytest.raises(NoSuchSnapshotError):
        snapshots.read(snapshot_id)
