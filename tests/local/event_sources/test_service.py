"""Mappings come, change and go; streams are drained before a stop."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.event_sources import shards
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.delivery import FunctionError
from local.event_sources.mappings import Mapping
from local.event_sources.service import Service
from tests.local.event_sources.fakes import (
    ARN,
    FUNCTION,
    MemoryFunction,
    MemorySource,
    record,
    records,
    wait_until,
)


class Scene:
    """A service over streams in memory and a list of mappings that can be changed."""

    def __init__(self, folder: Path, function: Any = None) -> None:
        self.answers: list[dict[str, Any]] = []
        self.sources: dict[str, MemorySource] = {}
        self.function = function or MemoryFunction()
        self.checkpoints = Checkpoints(folder / "checkpoints.db")
        self.service = Service(
            lambda: list(self.answers),
            self.source,
            self.checkpoints,
            self.function,
            lambda *_: None,
        )

    def source(self, mapping: Mapping) -> MemorySource:
        return self.sources[mapping.stream_arn]

    def add(self, name: str, **answer: Any) -> dict[str, Any]:
        added = {
            "UUID": name,
            "EventSourceArn": ARN,
            "FunctionArn": FUNCTION,
            "State": "Enabled",
            "StartingPosition": "TRIM_HORIZON",
            **answer,
        }
        self.answers.append(added)
        return added

    def close(self) -> None:
        self.service.stop()
        self.checkpoints.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    scene.sources[ARN] = MemorySource({"shard-0": records(3)})
    yield scene
    scene.close()


def test_a_mapping_is_read_from_when_it_appears(scene: Scene) -> None:
    scene.service.reconcile()
    assert scene.function.calls == []
    scene.add("mapping-1")
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.seen) == 3, "all were delivered")


def test_a_disabled_mapping_is_not_read_and_goes_on_later(scene: Scene) -> None:
    answer = scene.add("mapping-1")
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.seen) == 3, "all were delivered")
    assert scene.service.drain(timeout_s=5)
    answer["State"] = "Disabled"
    scene.service.reconcile()
    scene.sources[ARN].records["shard-0"].append(record(3))
    answer["State"] = "Enabled"
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.seen) == 4, "the new one was delivered")
    assert scene.function.seen == ["0000", "0001", "0002", "0003"]


def test_changed_settings_hold_from_the_next_batch(scene: Scene) -> None:
    answer = scene.add("mapping-1", BatchSize=1)
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.calls) == 3, "one by one")
    assert scene.service.drain(timeout_s=5)
    answer["BatchSize"] = 10
    scene.sources[ARN].records["shard-0"] += [record(3), record(4)]
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.seen) == 5, "the rest came")
    assert scene.function.calls[-1] == ["0003", "0004"]


def test_a_mapping_that_is_gone_is_forgotten(scene: Scene) -> None:
    scene.add("mapping-1")
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.seen) == 3, "all were delivered")
    scene.answers.clear()
    scene.service.reconcile()
    assert not scene.checkpoints.known("mapping-1")


def test_queues_are_left_to_the_emulator(scene: Scene) -> None:
    scene.add("queue", EventSourceArn="arn:aws:sqs:eu-west-1:000000000000:failures")
    scene.service.reconcile()
    assert not scene.checkpoints.known("queue")


def test_a_filter_that_is_not_understood_stops_its_mapping_only(scene: Scene) -> None:
    criteria = {"Filters": [{"Pattern": '{"a": [{"cidr": "10.0.0.0/8"}]}'}]}
    scene.add("odd", FilterCriteria=criteria)
    scene.add("mapping-1")
    scene.service.reconcile()
    wait_until(lambda: len(scene.function.seen) == 3, "the other is read")
    assert not scene.checkpoints.known("odd")


def test_one_mapping_does_not_hold_another(tmp_path: Path) -> None:
    held = threading.Event()
    quick: list[str] = []

    def answer(function_arn: str, payload: str) -> None:
        if function_arn.endswith("slow"):
            held.wait(10)
        else:
            quick.append(payload)

    scene = Scene(tmp_path, answer)
    scene.sources[ARN] = MemorySource({"shard-0": records(3)})
    scene.add("slow", FunctionArn=FUNCTION.replace("project", "slow"))
    scene.add("quick")
    scene.service.reconcile()
    wait_until(lambda: len(quick) >= 1, "the quick one was called")
    held.set()
    scene.close()


def test_a_drain_waits_for_what_one_stream_feeds_into_the_next(tmp_path: Path) -> None:
    second_arn = ARN.replace("ads", "lanes")
    second = MemorySource({"shard-0": []})
    seen: list[str] = []

    def publish(function_arn: str, payload: str) -> None:
        if function_arn == FUNCTION:
            second.records["shard-0"] += records(2)
        else:
            seen.append(payload)

    scene = Scene(tmp_path, publish)
    scene.sources = {ARN: MemorySource({"shard-0": records(1)}), second_arn: second}
    scene.add("publish")
    scene.add("project", EventSourceArn=second_arn, FunctionArn=FUNCTION + "-next")
    scene.service.reconcile()
    assert scene.service.drain(timeout_s=10)
    assert len(seen) >= 1
    scene.close()


def test_a_drain_gives_up_on_poison(tmp_path: Path) -> None:
    def fail(function_arn: str, payload: str) -> None:
        raise FunctionError("always")

    scene = Scene(tmp_path, fail)
    scene.sources[ARN] = MemorySource({"shard-0": records(1)})
    scene.add("mapping-1")
    scene.service.reconcile()
    assert not scene.service.drain(timeout_s=0.2)
    scene.close()


@pytest.mark.parametrize(
    ("told", "reads"),
    [
        ("stream/ads/shard-0", True),
        ("stream/ads/shard-1", False),
        ("stream/other/shard-0", False),
        ("table/ads", False),
        ("nonsense", False),
    ],
)
def test_a_wake_reaches_the_shard_it_names(
    scene: Scene, told: str, reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "POLL_S", 60)
    scene.add("mapping-1")
    scene.service.reconcile()
    assert scene.service.drain(timeout_s=5)
    scene.sources[ARN].records["shard-0"].append(record(3))
    scene.service.wake(told)
    threading.Event().wait(0.3)
    assert len(scene.function.seen) == 3 + reads
