"""A shard that is read: order, lanes, filters, windows, checkpoints, parents before children."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.event_sources import delivery
from local.event_sources.batches import PAYLOAD_BYTES_MAX, Batches
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.delivery import Discarded, FunctionError
from local.event_sources.faults import Faults, FaultyInvoke
from local.event_sources.progress import Progress
from local.event_sources.service import MappingReader
from local.event_sources.shards import ShardReader
from tests.local.event_sources.fakes import (
    FUNCTION,
    MemoryFunction,
    MemorySource,
    failing_on,
    mapping,
    record,
    records,
    wait_until,
)

Start = Callable[..., ShardReader]


@pytest.fixture
def checkpoints(tmp_path: Path) -> Iterator[Checkpoints]:
    kept = Checkpoints(tmp_path / "checkpoints.db")
    yield kept
    kept.close()


@pytest.fixture
def start(checkpoints: Checkpoints) -> Iterator[Start]:
    readers: list[ShardReader] = []

    def start(source: MemorySource, function: Any, **settings: Any) -> ShardReader:
        reader = ShardReader(
            mapping(**settings), "shard-0", source, checkpoints, function, lambda *_: None
        )
        readers.append(reader)
        return reader

    yield start
    for reader in readers:
        reader.stop()
    for reader in readers:
        reader.join()


def test_every_record_is_delivered_in_order(start: Start) -> None:
    function = MemoryFunction()
    start(MemorySource({"shard-0": records(2500)}), function, BatchSize=100)
    wait_until(lambda: len(function.seen) == 2500, "all were delivered")
    assert function.seen == [f"{number:04d}" for number in range(2500)]
    assert max(map(len, function.calls)) == 100


def test_a_killed_reader_goes_on_after_its_checkpoint(
    start: Start, checkpoints: Checkpoints
) -> None:
    source, first, second = MemorySource({"shard-0": records(10)}), MemoryFunction(), None
    reader = start(source, first)
    wait_until(lambda: reader.idle() and len(first.seen) == 10, "the first ten are through")
    reader.stop()
    reader.join()
    source.records["shard-0"] += [record(number) for number in range(10, 15)]
    second = MemoryFunction()
    start(source, second)
    wait_until(lambda: len(second.seen) >= 5, "the rest came")
    assert second.seen == [f"{number:04d}" for number in range(10, 15)]


def test_a_record_in_flight_at_the_kill_is_delivered_again(start: Start, tmp_path: Path) -> None:
    source = MemorySource({"shard-0": records(4)})
    start(source, MemoryFunction(failing_on("0002")), BatchSize=1)
    again = Checkpoints(tmp_path / "checkpoints.db")
    wait_until(
        lambda: (c := again.read("mapping-1", "shard-0")) is not None and c.sequence == "0001",
        "the checkpoint is before the record that fails",
    )
    again.close()


def test_lanes_run_side_by_side_and_keep_the_order_of_a_key(start: Start) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def slow(numbers: list[str]) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.02)
        with lock:
            busy -= 1

    keys = [f"ad-{number % 7}" for number in range(70)]
    source = MemorySource({"shard-0": [record(n, key) for n, key in enumerate(keys)]})
    function = MemoryFunction(slow)
    start(source, function, ParallelizationFactor=4, BatchSize=3)
    wait_until(lambda: len(function.seen) == 70, "all were delivered")
    assert most > 1
    for key in set(keys):
        of_key = [number for number in function.seen if keys[int(number)] == key]
        assert of_key == sorted(of_key)


def test_a_lane_that_fails_does_not_hold_another(start: Start, checkpoints: Checkpoints) -> None:
    keys = ["poison" if number == 0 else f"ad-{number}" for number in range(40)]
    source = MemorySource({"shard-0": [record(n, key) for n, key in enumerate(keys)]})
    through: set[str] = set()

    def fail_first(numbers: list[str]) -> None:
        if "0000" in numbers:
            raise FunctionError("poison")
        through.update(numbers)

    start(source, MemoryFunction(fail_first), ParallelizationFactor=4, BatchSize=1)
    wait_until(lambda: len(through) > 20, "the other lanes are through")
    checkpoint = checkpoints.read("mapping-1", "shard-0")
    assert checkpoint is None or checkpoint.sequence is None


def test_what_a_filter_does_not_want_is_passed(start: Start, checkpoints: Checkpoints) -> None:
    source = MemorySource({"shard-0": [record(n, "ab"[n % 2]) for n in range(10)]})
    function = MemoryFunction()
    criteria = {"Filters": [{"Pattern": '{"partitionKey": ["a"]}'}]}
    start(source, function, FilterCriteria=criteria)
    wait_until(
        lambda: (
            (c := checkpoints.read("mapping-1", "shard-0")) is not None and c.sequence == "0009"
        ),
        "the checkpoint is at the end",
    )
    assert function.seen == ["0000", "0002", "0004", "0006", "0008"]


def test_a_window_gathers_a_batch(start: Start) -> None:
    source, function = MemorySource({"shard-0": records(1)}), MemoryFunction()
    reader = start(source, function, MaximumBatchingWindowInSeconds=0.5)
    for number in range(1, 5):
        time.sleep(0.02)
        source.records["shard-0"].append(record(number))
        reader.wake()
    wait_until(lambda: len(function.seen) == 5, "all were delivered")
    assert function.calls == [["0000", "0001", "0002", "0003", "0004"]]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    lane = Batches(size_max=2, window_s=60)
    lane.put(records(2))
    assert [r.sequence for r in lane.take() or []] == ["0000", "0001"]


def test_a_batch_stays_below_the_payload_limit() -> None:
    lane = Batches(size_max=100, window_s=60)
    lane.put(records(5, size=PAYLOAD_BYTES_MAX // 2 - 1000))
    assert [len(lane.take() or []) for _ in range(2)] == [2, 2]


def test_a_record_above_the_limit_goes_alone() -> None:
    lane = Batches(size_max=100, window_s=0)
    lane.put([record(0, size=PAYLOAD_BYTES_MAX + 1), record(1)])
    assert [len(lane.take() or []) for _ in range(2)] == [1, 1]


def test_the_checkpoint_never_passes_what_is_open() -> None:
    reached: list[str] = []
    progress = Progress(reached.append)
    for number in "123":
        progress.enter(number)
    progress.leave("3")
    assert reached == []
    progress.leave("1")
    progress.leave("2")
    assert reached == ["1", "3"]


def test_children_wait_for_their_parents(checkpoints: Checkpoints) -> None:
    source = MemorySource({"parent": records(5), "child": [record(n) for n in range(5, 10)]})
    source.closed, source.parents = {"parent"}, {"child": ("parent",)}
    function = MemoryFunction()
    mapped = mapping(BatchSize=1)
    reader = MappingReader(mapped, source, checkpoints, function, lambda *_: None)
    reader.look()
    assert list(reader.readers) == ["parent"]

    def through() -> bool:
        reader.look()
        return len(function.seen) == 10

    wait_until(through, "the child was read too")
    reader.stop()
    reader.join()
    assert function.seen == [f"{number:04d}" for number in range(10)]


def test_latest_begins_with_what_comes_after_the_mapping(checkpoints: Checkpoints) -> None:
    source, function = MemorySource({"shard-0": records(3, age_s=60)}), MemoryFunction()
    mapped = mapping(StartingPosition="LATEST")
    reader = MappingReader(mapped, source, checkpoints, function, lambda *_: None)
    reader.look()
    source.records["shard-0"].append(record(3, age_s=-1))
    reader.readers["shard-0"].wake()
    wait_until(lambda: bool(function.seen), "the new one was delivered")
    reader.stop()
    reader.join()
    assert function.seen == ["0003"]


def test_faults_lose_the_batch_or_the_answer_and_nothing_else(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "DELAY_S_MIN", 0.001)
    function = MemoryFunction()
    faulty = FaultyInvoke(function, Faults(rate=0.5, seed=1, functions=("project",)))
    source = MemorySource({"shard-0": records(40)})
    start(source, faulty, BatchSize=5, BisectBatchOnFunctionError=True)
    wait_until(lambda: len(set(function.seen)) == 40, "every record arrived")
    assert len(function.seen) > 40


def test_faults_spare_the_functions_that_are_not_named() -> None:
    function = MemoryFunction()
    faulty = FaultyInvoke(function, Faults(rate=1.0, functions=("publish",)))
    faulty(FUNCTION, '{"Records": []}')
    assert function.calls == [[]]


def test_a_failure_destination_hears_of_what_is_discarded(checkpoints: Checkpoints) -> None:
    told: list[tuple[str, Discarded]] = []
    reader = ShardReader(
        mapping(MaximumRetryAttempts=0),
        "shard-0",
        MemorySource({"shard-0": records(1)}),
        checkpoints,
        MemoryFunction(failing_on("0000")),
        lambda shard, discarded: told.append((shard, discarded)),
    )
    wait_until(lambda: bool(told), "the discarded record was reported")
    reader.stop()
    reader.join()
    assert told[0][0] == "shard-0"
