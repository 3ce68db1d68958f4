"""Retries, splitting, partial failures and discarding, rule by rule."""

import itertools
import threading
import time
from typing import Any

import pytest

from local.event_sources import delivery
from local.event_sources.delivery import Delivery, Discarded, FunctionError, NotInvokedError
from local.event_sources.sources import Record
from tests.local.event_sources.fakes import (
    MemoryFunction,
    failing_on,
    mapping,
    record,
    records,
    reporting,
)


class Outcome:
    """One delivery with everything that came of it."""

    def __init__(self, batch: list[Record], function: Any, **settings: Any) -> None:
        self.left: list[str] = []
        self.discarded: list[Discarded] = []
        self.stopping = threading.Event()
        Delivery(
            mapping(**settings),
            function,
            lambda records: self.left.extend(r.sequence for r in records),
            self.discarded.append,
            self.stopping,
        ).deliver(batch)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "DELAY_S_MIN", 0.001)


REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_a_batch_that_succeeds_is_through() -> None:
    function = MemoryFunction()
    outcome = Outcome(records(3), function)
    assert function.calls == [["0000", "0001", "0002"]]
    assert outcome.left == ["0000", "0001", "0002"]


def test_a_failing_batch_is_retried_whole_until_it_succeeds() -> None:
    times = itertools.count()

    def twice(numbers: list[str]) -> None:
        if next(times) < 2:
            raise FunctionError("not yet")

    function = MemoryFunction(twice)
    outcome = Outcome(records(2), function)
    assert function.calls == [["0000", "0001"]] * 3
    assert outcome.left == ["0000", "0001"]
    assert outcome.discarded == []


def test_the_delay_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "DELAY_S_MIN", 0.02)
    at: list[float] = []

    def fail(numbers: list[str]) -> None:
        at.append(time.monotonic())
        raise FunctionError("always")

    Outcome(records(1), MemoryFunction(fail), MaximumRetryAttempts=3)
    pauses = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert pauses == sorted(pauses)
    assert pauses[2] >= 4 * 0.02


def test_retries_end_and_the_batch_is_discarded() -> None:
    function = MemoryFunction(failing_on("0001"))
    outcome = Outcome(records(2), function, MaximumRetryAttempts=2)
    assert function.calls == [["0000", "0001"]] * 3
    (discarded,) = outcome.discarded
    assert discarded.condition == "RetryAttemptsExhausted"
    assert discarded.invoked_count == 3
    assert outcome.left == ["0000", "0001"]


def test_a_failing_batch_is_split_down_to_the_poison() -> None:
    function = MemoryFunction(failing_on("0002"))
    outcome = Outcome(records(4), function, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1)
    assert function.calls == [
        *(["0000", "0001", "0002", "0003"], ["0000", "0001"], ["0002", "0003"]),
        *(["0002"], ["0002"], ["0003"]),
    ]
    assert [r.sequence for d in outcome.discarded for r in d.records] == ["0002"]
    assert outcome.left == ["0000", "0001", "0002", "0003"]


def test_a_split_is_no_attempt() -> None:
    function = MemoryFunction(failing_on("0000"))
    outcome = Outcome(records(2), function, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0)
    assert function.calls == [["0000", "0001"], ["0000"], ["0001"]]
    assert len(outcome.discarded) == 1


def test_a_reported_failure_goes_on_from_there() -> None:
    function = MemoryFunction(reporting("0001", "0003"))
    outcome = Outcome(records(4), function, MaximumRetryAttempts=1, **REPORTS)
    assert function.calls == [
        ["0000", "0001", "0002", "0003"],
        ["0001", "0002", "0003"],
    ]
    assert [r.sequence for r in outcome.discarded[0].records] == ["0001", "0002", "0003"]


def test_a_reported_failure_with_splitting_isolates_the_poison() -> None:
    function = MemoryFunction(reporting("0001"))
    outcome = Outcome(
        records(4),
        function,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        **REPORTS,
    )
    assert [r.sequence for d in outcome.discarded for r in d.records] == ["0001"]
    assert outcome.left == ["0000", "0001", "0002", "0003"]


@pytest.mark.parametrize(
    "answer",
    [None, "", {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": 1}],
)
def test_answers_that_mean_success(answer: Any) -> None:
    outcome = Outcome(
        records(2), MemoryFunction(lambda _: answer), MaximumRetryAttempts=0, **REPORTS
    )
    assert outcome.discarded == []


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "0001"}]},
        {"batchItemFailures": [{"itemIdentifier": "of another batch"}]},
        {"batchItemFailures": [7]},
        {"batchItemFailures": "0001"},
        "text",
        [],
    ],
)
def test_answers_that_mean_that_all_failed(answer: Any) -> None:
    outcome = Outcome(
        records(2), MemoryFunction(lambda _: answer), MaximumRetryAttempts=0, **REPORTS
    )
    assert [len(d.records) for d in outcome.discarded] == [2]


def test_reports_are_not_read_where_the_mapping_does_not_ask() -> None:
    function = MemoryFunction(reporting("0000"))
    assert Outcome(records(2), function).left == ["0000", "0001"]


def test_records_that_are_too_old_are_discarded_before_the_call() -> None:
    function = MemoryFunction()
    batch = [record(0, age_s=100), record(1)]
    outcome = Outcome(batch, function, MaximumRecordAgeInSeconds=60)
    assert function.calls == [["0001"]]
    (discarded,) = outcome.discarded
    assert discarded.condition == "RecordAgeExceeded"
    assert [r.sequence for r in discarded.records] == ["0000"]


def test_retries_end_when_the_record_is_too_old() -> None:
    function = MemoryFunction(failing_on("0000"))
    outcome = Outcome([record(0, age_s=59.9)], function, MaximumRecordAgeInSeconds=60)
    assert outcome.discarded[0].condition == "RecordAgeExceeded"
    assert function.calls


def test_a_function_that_is_not_reached_costs_no_attempt() -> None:
    times = itertools.count()

    def away(numbers: list[str]) -> None:
        if next(times) < 3:
            raise NotInvokedError("throttled")

    function = MemoryFunction(away)
    outcome = Outcome(records(2), function, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    assert function.calls == [["0000", "0001"]] * 4
    assert outcome.discarded == []


def test_a_lane_that_is_told_to_stop_leaves_the_rest_for_later() -> None:
    stopping = threading.Event()
    left: list[str] = []

    def fail(numbers: list[str]) -> None:
        stopping.set()
        raise FunctionError("always")

    Delivery(
        mapping(),
        MemoryFunction(fail),
        lambda r: left.extend(x.sequence for x in r),
        lambda _: None,
        stopping,
    ).deliver(records(2))
    assert left == []
