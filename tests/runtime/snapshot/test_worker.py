"""Invocations: one does it all, many do it together, and orders as they come."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from runtime.snapshot.worker import INVOCATIONS_MAX, SnapshotWorker
from runtime.snapshots.errors import SnapshotRefusedError
from runtime.snapshots.manifest import Manifest
from runtime.snapshots.order import Order, order_of
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World

NOW = datetime(2026, 2, 1, 0, 0, 3, 456789, tzinfo=UTC)


class Lambda:
    """Calls the worker again for as long as it asks for it."""

    def __init__(self, world: World, objects_a_time: int) -> None:
        self.worker = SnapshotWorker(world.snapshots, world.taking)
        self.objects_a_time = objects_a_time
        self.invocations = 0

    def run(self, order: Order, now: datetime) -> Manifest | None:
        payloads = [order.payload()]
        manifest = None
        while payloads:
            self.invocations += 1
            left = self.objects_a_time

            def out_of_time() -> bool:
                nonlocal left
                left -= 1
                return left <= 0

            event = json.loads(payloads.pop())
            manifest = self.worker.work(order_of(event, now), now, out_of_time, payloads.append)
        return manifest


def test_one_invocation_is_enough_for_little() -> None:
    world = World(MemoryBucket())
    world.change(10)
    now = world.now()
    runner = Lambda(world, 1000)
    manifest = runner.run(Order(now), now)
    assert manifest is not None
    assert (manifest.snapshot_id, runner.invocations) == ("000001", 1)


def test_several_invocations_go_on_with_one_another() -> None:
    world = World(MemoryBucket(), **SMALL)
    world.change(60)
    now = world.now()
    runner = Lambda(world, 5)
    manifest = runner.run(Order(now), now)
    assert manifest is not None
    assert 2 < runner.invocations <= INVOCATIONS_MAX
    assert sum(part.blocks for part in manifest.ledgers) > 60


def test_it_stops_before_lambda_takes_it_for_a_loop_and_can_be_asked_again() -> None:
    world = World(MemoryBucket(), **SMALL)
    world.change(150)
    now = world.now()
    runner = Lambda(world, 1)
    with pytest.raises(SnapshotRefusedError, match="ask for a snapshot again to go on"):
        runner.run(Order(now), now)
    assert runner.invocations == INVOCATIONS_MAX
    assert Lambda(world, 1000).run(Order(now), now) is not None
    assert [manifest.snapshot_id for manifest in world.snapshots.finished()] == ["000001"]


def test_what_is_unfinished_ends_before_the_next_begins() -> None:
    world = World(MemoryBucket(), **SMALL)
    world.change(30)
    earlier = world.now()
    request = world.snapshots.request(earlier, earlier)
    assert world.taking.take(request, lambda: True) is None
    world.change(30)
    now = max(world.now(), earlier + timedelta(milliseconds=5))
    manifest = Lambda(world, 1000).run(Order(now), now)
    assert manifest is not None
    assert (manifest.snapshot_id, manifest.request.previous) == ("000002", "000001")


def test_an_event_delivered_twice_makes_one_snapshot() -> None:
    world = World(MemoryBucket())
    world.change(5)
    now = world.now()
    runner = Lambda(world, 1000)
    assert runner.run(Order(now), now) == runner.run(Order(now), now + timedelta(hours=1))
    assert len(world.snapshots.finished()) == 1


def test_orders_go_through_events_unchanged() -> None:
    order = Order(NOW.replace(microsecond=456000), 7)
    assert order_of(json.loads(order.payload()), NOW) == order


@pytest.mark.parametrize(
    ("event", "end"),
    [
        ({}, NOW),
        ({"end": None}, NOW),
        ({"end": "<aws.scheduler.scheduled-time>"}, NOW),
        ({"end": "2026-02-01T00:00:00Z"}, datetime(2026, 2, 1, tzinfo=UTC)),
        ({"end": "2026-02-01T00:00:00"}, datetime(2026, 2, 1, tzinfo=UTC)),
        ({"end": "2026-02-01T02:00:00+02:00"}, datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_an_end_is_utc_and_now_where_none_is_given(event: dict[str, str], end: datetime) -> None:
    assert order_of(event, NOW).end == end


@pytest.mark.parametrize("event", [{"end": "soon"}, {"end": 7}, {"end": "2026", "invocation": "x"}])
def test_what_is_no_order_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(SnapshotRefusedError, match="does not order a snapshot"):
        order_of(event, NOW)
