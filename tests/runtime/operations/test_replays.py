"""Replays over HTTP: what is accepted, what is told, what is refused and how."""

from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from runtime.ads.cursor import pack
from runtime.ads.revision import AdRevision
from runtime.operations.api import operations
from runtime.replays.entries import EntryPage
from runtime.replays.errors import CursorError
from runtime.replays.replay import Beginning, Progress
from runtime.replays.service import Replays
from tests.http_calls import Caller, Reply
from tests.journal_blocks import START, ad_id_of, ad_revision
from tests.memory_replays import MemoryMachine, MemoryRecords

AD = ad_id_of(1)
SECOND = pack("second")


@dataclass
class MemoryEntries:
    """What every replay wrote."""

    ads: list[AdRevision] = field(default_factory=list)

    def read(self, replay_id: str, ad_id: str) -> AdRevision | None:
        return next((one for one in self.ads if one.ad_id == ad_id), None)

    def list(self, replay_id: str, limit: int, cursor: str | None = None) -> EntryPage:
        if cursor not in (None, SECOND):
            raise CursorError("The cursor is not one of this list. Begin without a cursor.")
        more = cursor is None and len(self.ads) > limit
        return EntryPage(self.ads[:limit], SECOND if more else None)


def unasked() -> NoReturn:
    raise AssertionError("replays ask for nothing else")


class Desk:
    """The API over replays in memory."""

    def __init__(self) -> None:
        self.records, self.machine, self.entries = MemoryRecords(), MemoryMachine(), MemoryEntries()
        replays = Replays(self.records, self.machine)
        self.call = Caller(operations(lambda: replays, lambda: self.entries, unasked, unasked))

    def start(self, key: str | None = None, **body: object) -> Reply:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.call("POST", "/replays", body, headers=headers)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_replay_is_accepted_and_told_of(desk: Desk) -> None:
    accepted = desk.start(target="state")
    assert accepted.status == 202
    replay_id = accepted.body["replayId"]
    assert accepted.headers["Location"] == f"/replays/{replay_id}"
    told = desk.call("GET", f"/replays/{replay_id}")
    assert told.status == 200
    assert told.body == {
        **accepted.body,
        "target": "state",
        "scope": "all",
        "adId": None,
        "until": None,
        "status": "PENDING",
        "attempt": 1,
        "endedAt": None,
        "percent": 0,
        "counts": {
            "pieces": {"done": 0, "total": 0},
            "blocks": {"done": 0, "total": 0},
            "revisions": 0,
            "ads": 0,
            "written": 0,
        },
        "blocksPerS": 0,
        "remainingS": None,
        "faults": [],
    }
    assert desk.call("GET", "/replays").body["items"] == [told.body]


def test_one_ad_to_a_moment_goes_to_the_replay_table(desk: Desk) -> None:
    moment = "2026-01-02T04:04:05+01:00"
    accepted = desk.start(target="replayTable", adId=AD, until=moment)
    assert accepted.status == 202
    assert accepted.body["until"] == "2026-01-02T03:04:05.000Z"
    assert (accepted.body["scope"], accepted.body["adId"]) == ("ad", AD)


@pytest.mark.parametrize("target", ["state", "search"])
def test_a_live_target_goes_back_to_no_moment(desk: Desk, target: str) -> None:
    refused = desk.start(target=target, adId=AD, until="2026-01-02T03:04:05Z")
    assert (refused.status, refused.problem) == (422, "invalid")
    assert "only ever goes forward" in refused.faults["until"]
    assert desk.machine.started == []


def test_every_fault_is_named(desk: Desk) -> None:
    refused = desk.start(target="everything", adId="1", until="3026-01-01T00:00:00Z", more=1)
    assert refused.status == 422
    assert set(refused.faults) == {"target", "adId", "until", "more"}
    assert desk.start().faults == {"target": "is required"}
    assert desk.call("POST", "/replays", "{").problem == "broken-json"
    assert desk.start(target="state", key="ü").status == 400
    for path in ("/replays", "/replays/20260102t030405-00000000/ads"):
        refused = desk.call("GET", path, query={"limit": "0", "cursor": "damaged", "more": "1"})
        assert (refused.status, refused.faults.keys()) == (422, {"limit", "cursor", "more"})


def test_a_key_is_good_for_one_request(desk: Desk) -> None:
    first, again = desk.start("key", target="state"), desk.start("key", target="state")
    assert first.body["replayId"] == again.body["replayId"]
    other = desk.start("key", target="replayTable")
    assert (other.status, other.problem) == (422, "idempotency-key-reused")


def test_a_second_rebuild_is_refused_until_the_first_is_given_up(desk: Desk) -> None:
    first = desk.start(target="search").body["replayId"]
    busy = desk.start(target="search")
    assert (busy.status, busy.problem) == (409, "target-busy")
    assert first in busy.body["detail"]
    assert desk.call("POST", f"/replays/{first}/cancel").body["status"] == "CANCELLED"
    assert desk.start(target="search").status == 202


def test_resuming(desk: Desk) -> None:
    replay_id = desk.start(target="state").body["replayId"]
    refused = desk.call("POST", f"/replays/{replay_id}/resume")
    assert (refused.status, refused.problem) == (409, "wrong-status")
    desk.records.change(replay_id, lambda known: known.failed("full", Progress(), START))
    failed = desk.call("GET", f"/replays/{replay_id}").body
    assert (failed["status"], failed["faults"]) == ("FAILED", ["full"])
    desk.machine.running.clear()
    resumed = desk.call("POST", f"/replays/{replay_id}/resume")
    assert (resumed.status, resumed.body["attempt"]) == (202, 2)


def test_what_is_read_is_told(desk: Desk) -> None:
    replay_id = desk.start(target="state").body["replayId"]

    def told() -> tuple[str | None, str | None]:
        body = desk.call("GET", f"/replays/{replay_id}").body
        return body["source"], body["snapshotId"]

    assert told() == (None, None)
    beginning = Beginning("000003", (5,), (1,))
    desk.records.change(replay_id, lambda known: known.chosen((9,), beginning, ""))
    assert told() == ("snapshot", "000003")
    desk.records.change(replay_id, lambda known: known.distrusted("it is damaged"))
    assert told() == ("journal", None)
    assert desk.call("GET", f"/replays/{replay_id}").body["faults"] == ["it is damaged"]
    assert desk.start(target="state", adId=AD).body["source"] == "history"


@pytest.mark.parametrize("replay_id", ["none", "20260102t030405-00000000", "key%23x"])
def test_unknown_replays_are_not_found(desk: Desk, replay_id: str) -> None:
    for method, path in (
        *(("GET", ""), ("POST", "/cancel"), ("POST", "/resume")),
        *(("GET", "/ads"), ("GET", f"/ads/{AD}")),
    ):
        reply = desk.call(method, f"/replays/{replay_id}{path}")
        assert (reply.status, reply.problem) == (404, "not-found")


def test_what_a_replay_wrote_is_shown(desk: Desk) -> None:
    replay_id = desk.start(target="replayTable").body["replayId"]
    desk.entries.ads = [ad_revision(), ad_revision(ad_id_of(2), 1, deleted=True)]
    page = desk.call("GET", f"/replays/{replay_id}/ads", query={"limit": "1"})
    assert ([one["adId"] for one in page.body["items"]], page.body["next"]) == ([AD], SECOND)
    for cursor in ("x", pack("another list's")):
        wrong = desk.call("GET", f"/replays/{replay_id}/ads", query={"cursor": cursor})
        assert (wrong.status, wrong.faults.keys()) == (422, {"cursor"})
    one = desk.call("GET", f"/replays/{replay_id}/ads/{AD}")
    assert (one.status, str(one.body["price"])) == (200, "10.50")
    deleted = desk.call("GET", f"/replays/{replay_id}/ads/{ad_id_of(2)}")
    assert deleted.body["deleted"] is True
    assert desk.call("GET", f"/replays/{replay_id}/ads/{ad_id_of(3)}").status == 404


def test_a_machine_that_is_away_is_no_business_of_the_caller(desk: Desk) -> None:
    desk.machine.down = True
    reply = desk.start(target="state")
    assert (reply.status, reply.problem) == (503, "unavailable")
    assert "secret" not in reply.text


def test_lists_go_on(desk: Desk) -> None:
    for _ in range(3):
        desk.start(target="state")
    first = desk.call("GET", "/replays", query={"limit": "2"}).body
    rest = desk.call("GET", "/replays", query={"limit": "2", "cursor": first["next"]}).body
    ids = [one["replayId"] for one in [*first["items"], *rest["items"]]]
    assert (len(ids), rest["next"]) == (3, None)
    assert ids == sorted(ids, reverse=True)
    for cursor in ("x", pack("another list's")):
        wrong = desk.call("GET", "/replays", query={"cursor": cursor})
        assert (wrong.status, wrong.faults.keys()) == (422, {"cursor"})


def test_the_description_names_every_route(desk: Desk) -> None:
    described = desk.call("GET", "/openapi.json").body
    assert set(described["paths"]) >= {
        "/replays",
        "/replays/{replayId}",
        "/replays/{replayId}/cancel",
        "/replays/{replayId}/resume",
        "/replays/{replayId}/ads",
        "/replays/{replayId}/ads/{adId}",
        "/openapi.json",
    }
