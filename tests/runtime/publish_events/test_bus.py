"""An ad's events keep their order, whatever EventBridge refuses; and calls keep within limits."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.publish_events.bus import (
    ATTEMPTS_MAX,
    BACKOFF_MAX_S,
    SENDING_S_MAX,
    Entry,
    EventBus,
    Stuck,
)
from tests.memory_bus import BYTES_MAX, FailingBus, MemoryBus, size_bytes

REFUSED = "InternalFailure"


class Waits(list[float]):
    """A clock that only takes notes."""


class Hours:
    """A clock on which each look takes a while."""

    def __init__(self, step_s: float) -> None:
        self.now_s = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def bus_of(client: MemoryBus, waits: Waits | None = None, **options: Any) -> EventBus:
    return EventBus(client, "events", sleep=(Waits() if waits is None else waits).append, **options)


def entry(ad_id: str, version: int, position: int = 0, padding: int = 0) -> Entry:
    detail = {"id": f"{ad_id}-{version}", "adId": ad_id, "padding": "x" * padding}
    time = "2026-01-02T03:04:05.678Z"
    return Entry(ad_id, "adledger", "AdUpdated", time, json.dumps(detail), position)


def of_ad(client: MemoryBus, ad_id: str) -> list[str]:
    return [detail["id"] for detail in client.details if detail["adId"] == ad_id]


def refusing(ids: set[str], calls: range) -> Any:
    def fails(call: int, sent: Mapping[str, Any]) -> str | None:
        return REFUSED if call in calls and json.loads(sent["Detail"])["id"] in ids else None

    return fails


def test_an_entry_is_what_eventbridge_wants() -> None:
    client = MemoryBus()
    sent = bus_of(client).send([entry("a", 0)])
    assert [one.ad_id for one in sent.taken] == ["a"]
    (taken,) = client.taken
    assert taken["Time"].isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert (taken["EventBusName"], taken["Source"]) == ("events", "adledger")
    assert (taken["DetailType"], json.loads(taken["Detail"])["id"]) == ("AdUpdated", "a-0")


def test_nothing_to_send_is_no_call() -> None:
    client = MemoryBus()
    sent = bus_of(client).send([])
    assert (sent.taken, sent.stuck, client.calls) == ([], [], [])


def test_ads_go_side_by_side_ten_a_call() -> None:
    client = MemoryBus()
    ads = [f"ad{number:02d}" for number in range(25)]
    bus_of(client).send([entry(ad, 0) for ad in ads])
    assert sorted(len(call) for call in client.calls) == [5, 10, 10]
    assert sorted(client.ids()) == [f"{ad}-0" for ad in ads]


def test_a_later_version_waits_for_the_earlier_to_be_taken() -> None:
    client = MemoryBus(refusing({"a-0"}, range(1, 4)))
    waits = Waits()
    sent = bus_of(client, waits).send([entry("a", 0), entry("a", 1), entry("b", 0), entry("b", 1)])
    assert sent.stuck == []
    assert of_ad(client, "a") == ["a-0", "a-1"]
    assert of_ad(client, "b") == ["b-0", "b-1"]
    assert client.ids().index("b-1") < client.ids().index("a-0")
    assert len(waits) == 3
    assert waits[0] < waits[2] <= BACKOFF_MAX_S


def test_large_events_share_no_call_that_would_be_too_large() -> None:
    client = MemoryBus()
    bus_of(client).send([entry(ad, 0, padding=100_000) for ad in "abcde"])
    assert sorted(len(call) for call in client.calls) == [1, 2, 2]


def test_the_limit_is_reached_and_not_exceeded() -> None:
    frame = entry("a", 0).size_bytes
    client = MemoryBus()
    half = BYTES_MAX // 2 - frame
    bus_of(client).send([entry(ad, 0, padding=half) for ad in "ab"])
    assert [sum(map(size_bytes, call)) for call in client.calls] == [BYTES_MAX]
    client = MemoryBus()
    bus_of(client).send([entry("a", 0, padding=half), entry("b", 0, padding=half + 1)])
    assert len(client.calls) == 2


def test_an_ad_that_gets_stuck_names_its_first_event_and_sends_none_behind_it() -> None:
    client = MemoryBus(refusing({"a-1"}, range(1, 999)))
    sent = bus_of(client).send([entry("a", n, position=n) for n in range(4)])
    assert sent.stuck == [Stuck(1, f"{REFUSED}: because")]
    assert client.ids() == ["a-0"]
    assert len(client.calls) == 1 + ATTEMPTS_MAX


def test_nothing_is_sent_of_records_that_will_be_delivered_again() -> None:
    client = MemoryBus(refusing({"a-0"}, range(1, 999)))
    entries = [entry("a", 0, position=5)]
    entries += [entry("b", version, position=version) for version in range(20)]
    sent = bus_of(client).send(entries)
    assert [stuck.position for stuck in sent.stuck] == [5]
    taken = of_ad(client, "b")
    assert taken == [f"b-{version}" for version in range(ATTEMPTS_MAX)]


def test_a_whole_call_that_fails_is_sent_again() -> None:
    client = FailingBus(seed=1, up=1, down=3)
    client.fails = lambda *_: None
    sent = bus_of(client).send([entry(ad, 0) for ad in "abc"])
    assert sent.stuck == []
    assert client.seen["down"] >= 3
    assert {f"{ad}-0" for ad in "abc"} == set(client.ids())


def test_a_bus_that_never_answers_leaves_all_stuck() -> None:
    client = FailingBus(seed=1, up=0, down=1)
    sent = bus_of(client).send([entry("a", 0, 3), entry("b", 0, 1), entry("c", 0, 2)])
    assert sent.taken == []
    assert min(stuck.position for stuck in sent.stuck) == 1
    assert "bus events does not answer" in sent.stuck[0].reason


def test_time_is_bounded() -> None:
    client = MemoryBus()
    clock = Hours(SENDING_S_MAX / 3.5)
    sent = bus_of(client, clock=clock).send([entry("a", n, position=n) for n in range(9)])
    assert client.ids() == ["a-0", "a-1", "a-2"]
    assert [stuck.position for stuck in sent.stuck] == [3]
    assert "20 seconds were too few" in sent.stuck[0].reason


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=120),
    st.integers(0, 2**32),
)
def test_order_holds_and_nothing_is_lost(ads: list[int], seed: int) -> None:
    versions: dict[int, int] = {}
    entries: list[Entry] = []
    for position, ad in enumerate(ads):
        versions[ad] = versions.get(ad, -1) + 1
        entries.append(entry(f"ad{ad}", versions[ad], position))
    client = FailingBus(seed, up=5, down=3)
    sent = bus_of(client).send(entries)
    first = min((stuck.position for stuck in sent.stuck), default=len(entries))
    distinct = list(dict.fromkeys(client.ids()))
    for ad in versions:
        found = [one for one in distinct if one.startswith(f"ad{ad}-")]
        assert found == [f"ad{ad}-{version}" for version in range(len(found))]
    needed = {json.loads(one.detail)["id"] for one in entries[:first]}
    assert needed <= set(distinct)


@pytest.mark.parametrize("text", ["plain", "\U0001f600", "é"])
def test_sizes_are_counted_in_utf_8(text: str) -> None:
    one = Entry("a", "adledger", "AdUpdated", "2026-01-02T03:04:05.678Z", text, 0)
    assert one.size_bytes == 14 + len(b"adledgerAdUpdated") + len(text.encode())
