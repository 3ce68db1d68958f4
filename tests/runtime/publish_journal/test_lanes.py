"""Within a lane nothing overtakes, whatever Kinesis refuses."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.publish_journal.lanes import (
    ATTEMPTS_MAX,
    BACKOFF_MAX_S,
    CALL_BYTES_MAX,
    CALL_RECORDS_MAX,
    Aggregate,
    Lanes,
    Stuck,
)
from tests.memory_kinesis import FailingKinesis, MemoryKinesis


class Waits(list[float]):
    """A clock that only takes notes."""


def lanes_of(client: MemoryKinesis | FailingKinesis, waits: Waits | None = None) -> Lanes:
    return Lanes(client, "journal", sleep=(Waits() if waits is None else waits).append)


def numbered(lane: str, count: int) -> list[Aggregate]:
    return [Aggregate(lane, f"{lane} {n}".encode(), first_block=n) for n in range(count)]


def sent(aggregates: Sequence[Aggregate], lane: str) -> list[bytes]:
    return [one.data for one in aggregates if one.lane == lane]


def test_lanes_go_side_by_side_one_aggregate_each() -> None:
    kinesis = MemoryKinesis()
    aggregates = [*numbered("lane-00", 3), *numbered("lane-01", 1)]

    assert lanes_of(kinesis).send(aggregates) == []

    assert kinesis.calls == [["lane-00", "lane-01"], ["lane-00"], ["lane-00"]]
    assert kinesis.lane("lane-00") == sent(aggregates, "lane-00")


def test_nothing_to_send_is_no_call() -> None:
    kinesis = MemoryKinesis()
    assert lanes_of(kinesis).send([]) == []
    assert kinesis.calls == []


def test_a_refused_record_is_sent_again_before_the_next_of_its_lane() -> None:
    code = "ProvisionedThroughputExceededException"
    kinesis = MemoryKinesis(lambda call, lane: code if (call, lane) == (1, "lane-00") else None)
    aggregates = [*numbered("lane-00", 2), *numbered("lane-01", 2)]
    waits = Waits()

    assert lanes_of(kinesis, waits).send(aggregates) == []

    for lane in ("lane-00", "lane-01"):
        assert kinesis.lane(lane) == sent(aggregates, lane)
    assert len(waits) == 1


def test_a_lane_that_is_refused_for_good_gets_stuck_alone_after_bounded_attempts() -> None:
    kinesis = MemoryKinesis(lambda _, lane: "InternalFailure" if lane == "lane-01" else None)
    aggregates = [*numbered("lane-00", 3), *numbered("lane-01", 3)]
    waits = Waits()

    stuck = lanes_of(kinesis, waits).send(aggregates)

    assert stuck == [Stuck(first_block=0, reason="InternalFailure: because")]
    assert kinesis.lane("lane-00") == sent(aggregates, "lane-00")
    assert kinesis.lane("lane-01") == []
    assert sum(call.count("lane-01") for call in kinesis.calls) == ATTEMPTS_MAX
    assert all(0 < wait <= BACKOFF_MAX_S for wait in waits)
    assert len(waits) == ATTEMPTS_MAX - 1


def test_a_call_that_fails_as_a_whole_is_repeated_in_order() -> None:
    behind = MemoryKinesis()
    aggregates = numbered("lane-00", 2)
    assert lanes_of(FailingKinesis(2, behind)).send(aggregates) == []
    assert behind.lane("lane-00") == sent(aggregates, "lane-00")


def test_a_stream_that_is_gone_is_told_with_its_name() -> None:
    (stuck,) = lanes_of(FailingKinesis(ATTEMPTS_MAX, MemoryKinesis())).send(numbered("lane-00", 2))
    assert "stream journal" in stuck.reason
    assert "KMSThrottlingException" in stuck.reason


@pytest.mark.parametrize(("size", "count"), [(1, CALL_RECORDS_MAX + 1), (1_000_000, 16)])
def test_calls_stay_within_the_limits(size: int, count: int) -> None:
    kinesis = MemoryKinesis()
    aggregates = [Aggregate(f"lane-{n:04d}", b"x" * size, n) for n in range(count)]

    assert lanes_of(kinesis).send(aggregates) == []

    assert len(kinesis.taken) == count
    assert all(len(call) * size <= CALL_BYTES_MAX for call in kinesis.calls)


@given(
    st.lists(st.sampled_from(["lane-00", "lane-01", "lane-02"]), max_size=12),
    st.lists(st.booleans(), max_size=60),
)
def test_whatever_is_refused_each_lane_holds_a_prefix_in_order(
    lanes: list[str], refusals: list[bool]
) -> None:
    aggregates = [Aggregate(lane, f"{n}".encode(), n) for n, lane in enumerate(lanes)]
    fates = iter(refusals)
    kinesis = MemoryKinesis(lambda *_: "InternalFailure" if next(fates, False) else None)

    stuck = lanes_of(kinesis).send(aggregates)

    complete = 0
    for lane in set(lanes):
        expected, found = sent(aggregates, lane), kinesis.lane(lane)
        assert found == expected[: len(found)]
        complete += found == expected
    assert complete + len(stuck) == len(set(lanes))
