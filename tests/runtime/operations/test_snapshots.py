"""Snapshots over HTTP: asked for, told of, listed, and refused in the API's terms."""

from datetime import timedelta
from typing import Any, NoReturn

import pytest
from botocore.exceptions import EndpointConnectionError

from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.operations.api import operations
from runtime.snapshots.connection import Taker
from runtime.snapshots.service import SnapshotService
from tests.http_calls import Caller
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World


def unasked() -> NoReturn:
    raise AssertionError("snapshots ask for no replays")


class Desk:
    """The API over snapshots in memory."""

    def __init__(self, bucket: MemoryBucket | None = None, taker: Any = None) -> None:
        self.world = World(bucket or MemoryBucket(), shards=1, **SMALL)
        self.calls: list[bytes] = []
        service = SnapshotService(self.world.store, taker or self.calls.append, self.world.now)
        self.call = Caller(operations(unasked, unasked, lambda: service, unasked))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_snapshot_is_accepted_and_told_of(desk: Desk) -> None:
    desk.world.change(10)
    accepted = desk.call("POST", "/snapshots", {})
    assert accepted.status == 202
    assert accepted.headers["Location"] == "/snapshots/000001"
    request = desk.world.snapshots.asked_for("000001")
    assert accepted.body == {
        "snapshotId": "000001",
        "status": "RUNNING",
        "previous": None,
        "end": request.end.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "percent": 0,
        "blocks": {"done": 0, "total": 0},
        "ledgers": [],
    }
    assert len(desk.calls) == 1
    assert desk.call("GET", "/snapshots/000001").body == accepted.body
    manifest = desk.world.taking.take(request)
    assert manifest is not None
    finished = desk.call("GET", "/snapshots/000001").body
    [part] = manifest.ledgers
    assert finished["status"] == "FINISHED"
    assert finished["percent"] == 100
    assert finished["blocks"] == {"done": part.blocks, "total": part.blocks}
    [ledger] = finished["ledgers"]
    assert (ledger["firstBlock"], ledger["lastBlock"]) == (0, part.blocks - 1)
    assert (ledger["digest"], ledger["ads"]) == (part.tip.digest, part.ads)
    assert ledger["bytes"] == sum(
        len(desk.world.store.get(entry.key)) for entry in (*part.journal, *part.state)
    )


def test_the_same_key_is_one_snapshot(desk: Desk) -> None:
    desk.world.change(10)

    def ask(key: str | None) -> str:
        headers = {} if key is None else {"Idempotency-Key": key}
        accepted = desk.call("POST", "/snapshots", headers=headers)
        assert accepted.status == 202
        return accepted.body["snapshotId"]

    def take(snapshot_id: str) -> None:
        assert desk.world.taking.take(desk.world.snapshots.asked_for(snapshot_id)) is not None

    assert (ask("monday"), ask("monday")) == ("000001", "000001")
    assert len(desk.calls) == 2, "one that is unfinished is gone on with"
    take("000001")
    desk.world.change(5)
    assert ask("monday") == "000001"
    assert len(desk.calls) == 2
    assert ask("tuesday") == "000002"
    take("000002")
    assert (ask("monday"), ask("tuesday"), ask(None)) == ("000001", "000002", "000003")
    assert [key for key in desk.world.store.keys("") if "monday" in key] == []
    assert desk.call("POST", "/snapshots", headers={"Idempotency-Key": "x" * 256}).status == 400


def test_two_who_ask_with_one_key_at_once_get_one(desk: Desk) -> None:
    world = desk.world
    first = world.snapshots.request(world.now(), world.now())
    assert world.snapshots.keep_key("k", first) == first
    world.taking.take(first)
    later = world.now() + timedelta(milliseconds=5)
    second = world.snapshots.request(later, later)
    assert second != first
    assert world.snapshots.keep_key("k", second) == first


def test_pages_are_newest_first(desk: Desk) -> None:
    assert desk.call("GET", "/snapshots").body == {"items": [], "next": None}
    for _ in range(3):
        desk.world.snapshot()
    first = desk.call("GET", "/snapshots", query={"limit": "2"}).body
    assert [item["snapshotId"] for item in first["items"]] == ["000003", "000002"]
    second = desk.call("GET", "/snapshots", query={"limit": "2", "cursor": first["next"]}).body
    assert [item["snapshotId"] for item in second["items"]] == ["000001"]
    assert second["next"] is None


def test_what_nobody_asked_for_is_not_found(desk: Desk) -> None:
    for wrong in ("000001", "x", "1"):
        refused = desk.call("GET", f"/snapshots/{wrong}")
        assert (refused.status, refused.body["type"]) == (404, "urn:adledger:problem:not-found")


def test_another_lists_cursor_is_refused(desk: Desk) -> None:
    refused = desk.call("GET", "/snapshots", query={"cursor": "abc"})
    assert refused.status == 422
    assert [fault["field"] for fault in refused.body["faults"]] == ["cursor"]
    refused = desk.call("GET", "/snapshots", query={"cursor": "abc", "limit": "0", "more": "1"})
    assert refused.faults.keys() == {"cursor", "limit", "more"}


@pytest.mark.parametrize("cursor", ["000003", "999999"])
def test_a_cursor_of_no_snapshot_that_there_is_yet_is_behind_nothing(
    desk: Desk, cursor: str
) -> None:
    for _ in range(2):
        desk.world.snapshot()
    page = desk.call("GET", "/snapshots", query={"cursor": cursor}).body
    assert [item["snapshotId"] for item in page["items"]] == ["000002", "000001"]


def test_a_function_that_cannot_be_called_is_unavailable_and_the_request_stays() -> None:
    class FailingLambda:
        def invoke(self, **_: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://lambda.example")

    desk = Desk(taker=Taker("snapshot", FailingLambda()))
    refused = desk.call("POST", "/snapshots")
    assert refused.status == 503
    assert "lambda.example" not in refused.text
    assert desk.call("GET", "/snapshots/000001").body["status"] == "RUNNING"


def test_a_bucket_that_does_not_answer_is_unavailable() -> None:
    class SilentBucket(MemoryBucket):
        def get(self, key: str) -> bytes:
            raise DestinationUnavailableError("s3://secret-name does not answer")

    bucket = SilentBucket()
    bucket.put("requests/000001.json", b"", "")
    refused = Desk(bucket).call("GET", "/snapshots")
    assert refused.status == 503
    assert "secret-name" not in refused.text


def test_it_is_described(desk: Desk) -> None:
    paths = desk.call("GET", "/openapi.json").body["paths"]
    assert set(paths["/snapshots"]) == {"get", "post"}
    assert set(paths["/snapshots/{snapshotId}"]) == {"get"}
