"""Projections lost and brought back while publishers write; replays to moments; who may ask."""

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3

from local.deployer.state import State
from local.replays import TABLE, resume_lost
from local.stack import Stack
from runtime.replays.records import ReplayTable
from runtime.replays.replay import Request, Target, new_replay
from tests.system.agreement import disagreements, ledger_versions, state_versions
from tests.system.client import AD, Answer, Api, wait_until
from tests.system.operations import Operations

ADS = 200
WRITERS = 2
WRITERS_PAUSE_S = 0.03
MOMENTS = 5
ONE_AD_S_MAX = 2.0
RATE_FACTOR_MIN = 5
"""Replaying is at least this much quicker than writing the same was."""
AGREE_TIMEOUT_S = 60
WORKER = "aws:lambda/function:Function::replay"

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def operations(outputs: dict[str, str]) -> Operations:
    return Operations(outputs)


class Writing:
    """What writers were answered."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.created: list[str] = []

    @property
    def failed(self) -> list[Any]:
        return [answer.body for answer in self.answers if answer.status >= 400]


@contextmanager
def writing(api: Api, publisher: str, *, deletes: bool = True, **fields: Any) -> Iterator[Writing]:
    """Create, change and delete ads all the while, each writer its own."""
    found, stopped = Writing(), threading.Event()

    def write(writer: int) -> None:
        chance, own = random.Random(writer), f"{publisher}-{writer}"
        while not stopped.is_set():
            created = api.create(own, {**AD, **fields})
            found.answers.append(created)
            ad_id = created.body["adId"]
            found.created.append(ad_id)
            for price in range(chance.randrange(3)):
                found.answers.append(api.change(own, ad_id, {"price": price + 20}))
            if deletes and chance.random() < 0.2:
                found.answers.append(api.delete(own, ad_id))
            time.sleep(WRITERS_PAUSE_S)

    with ThreadPoolExecutor(WRITERS) as writers:
        jobs = [writers.submit(write, number) for number in range(WRITERS)]
        try:
            yield found
        finally:
            stopped.set()
            for job in jobs:
                job.result()


def live(api: Api, publisher: str, count: int) -> list[str]:
    """Ads that were created, changed and partly deleted."""

    def one(number: int) -> str:
        ad_id = api.create(publisher, {**AD, "adTitle": f"ad {number}"}).body["adId"]
        for price in range(number % 3):
            api.change(publisher, ad_id, {"price": price + 1})
        if number % 5 == 0:
            api.delete(publisher, ad_id)
        return ad_id

    with ThreadPoolExecutor(4) as clients:
        return list(clients.map(one, range(count)))


def drop_items(dynamodb: Any, table: str) -> int:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="adId")
    keys = [{"adId": item["adId"]} for page in pages for item in page["Items"]]
    for at in range(0, len(keys), 25):
        requests = [{"DeleteRequest": {"Key": key}} for key in keys[at : at + 25]]
        dynamodb.batch_write_item(RequestItems={table: requests})
    return len(keys)


def drop_documents(endpoint: str) -> None:
    """Every document of the index, as if it had lost its disk."""
    pool = urllib3.PoolManager()
    aliases = pool.request("GET", f"{endpoint}/_alias/ads").json()
    for index in aliases:
        pool.request("DELETE", f"{endpoint}/{index}")


def agree(outputs: dict[str, str], dynamodb: Any) -> None:
    """Ledger, state and search say the same, or soon do."""
    found: list[str] = []

    def level() -> bool:
        found[:] = disagreements(outputs, dynamodb)
        return not found

    try:
        wait_until(level, AGREE_TIMEOUT_S)
    except AssertionError:
        assert found == []


def test_both_projections_come_back_while_writes_go_on(
    api: Api, operations: Operations, outputs: dict[str, str], dynamodb: Any
) -> None:
    began = time.perf_counter()
    live(api, "lost", ADS)
    lived_s = time.perf_counter() - began
    agree(outputs, dynamodb)  # Or what is still on its way would be missing from the table.
    blocks_written = sum(1 + number % 3 + (number % 5 == 0) for number in range(ADS))
    with writing(api, "meanwhile") as written:
        assert drop_items(dynamodb, outputs["stateTableName"]) >= ADS
        drop_documents(outputs["searchEndpoint"])
        state = operations.replay("state")
        search = operations.replay("search")
        wait_until(lambda: len(written.answers) > 50, AGREE_TIMEOUT_S)
    assert written.failed == []
    print(f"{ADS} ads lived {lived_s:.1f} s, {len(written.answers)} writes meanwhile")
    for done in (state, search):
        print(f"{done['target']}: {done['counts']} at {done['blocksPerS']} blocks a second")
        assert (done["status"], done["percent"], done["faults"]) == ("SUCCEEDED", 100, [])
        assert done["blocksPerS"] >= RATE_FACTOR_MIN * blocks_written / lived_s
        assert done["counts"]["ads"] >= ADS
        assert done["counts"]["blocks"]["done"] == done["counts"]["blocks"]["total"]
    agree(outputs, dynamodb)


def test_a_rebuilt_index_is_swapped_in_without_a_gap(
    api: Api, operations: Operations, outputs: dict[str, str], dynamodb: Any
) -> None:
    """Of ads that are only ever created, no search finds fewer than the one before."""
    totals: list[int] = []
    with writing(api, "gapless", category="gapless", deletes=False) as written:
        wait_until(lambda: api.search(category="gapless").body["total"] > 10, AGREE_TIMEOUT_S)
        started = operations.start("search").body["replayId"]
        while operations.read(started)["status"] not in ("SUCCEEDED", "FAILED"):
            totals.append(api.search(category="gapless", limit=1).body["total"])
        totals += [api.search(category="gapless", limit=1).body["total"] for _ in range(50)]
    assert written.failed == []
    assert operations.read(started)["status"] == "SUCCEEDED"
    assert totals == sorted(totals)
    assert totals[-1] > totals[0] > 0
    agree(outputs, dynamodb)
    aliased = urllib3.request("GET", f"{outputs['searchEndpoint']}/_alias").json()
    assert [name for name in aliased if name.startswith("ads-")] == [f"ads-v1-{started}"]


def test_a_single_ad_comes_back_at_once(
    api: Api, operations: Operations, outputs: dict[str, str], dynamodb: Any
) -> None:
    ad_id = api.create("single").body["adId"]
    assert api.change("single", ad_id, {"price": 77}).status == 200
    wait_until(lambda: api.read("single", ad_id).body.get("version") == 1, AGREE_TIMEOUT_S)
    dynamodb.delete_item(TableName=outputs["stateTableName"], Key={"adId": {"S": ad_id}})
    assert api.read("single", ad_id).status == 404
    started = time.perf_counter()
    operations.start("state", adId=ad_id)
    wait_until(lambda: api.read("single", ad_id).status == 200, ONE_AD_S_MAX)
    print(f"one ad: {time.perf_counter() - started:.3f} s")
    assert api.read("single", ad_id).body["price"] == 77


def test_the_replay_table_tells_what_a_client_saw(api: Api, operations: Operations) -> None:
    chance = random.Random(9)
    publisher = "moments"
    seen: list[tuple[str, dict[str, Any]]] = []
    ids: list[str] = []
    for _ in range(MOMENTS):
        for _ in range(4):
            if not ids or chance.random() < 0.5:
                ids.append(api.create(publisher).body["adId"])
            else:
                api.change(publisher, chance.choice(ids), {"price": chance.randrange(1, 1000)})
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        found = {ad: api.read(publisher, ad, consistency="strong").body for ad in ids}
        seen.append((moment, found))
        time.sleep(0.002)
    for moment, found in seen:
        done = operations.replay("replayTable", until=moment)
        assert done["status"] == "SUCCEEDED", done
        entries = operations.entries(done["replayId"])
        for ad_id, ad in found.items():
            assert {name: entries[ad_id][name] for name in ad} == ad
        assert set(ids) & set(entries) == set(found)
    last = seen[-1][1][ids[0]]
    alone = operations.replay("replayTable", adId=ids[0])
    one = operations.call("GET", f"/replays/{alone['replayId']}/ads/{ids[0]}")
    assert (one.status, one.body["version"]) == (200, last["version"])


def delete_oldest(api: Api, dynamodb: Any, table: str, count: int) -> None:
    """End the ads whose first versions are in the journal's first blocks."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    alive = [one for page in pages for one in page["Items"] if "createdAt" in one]
    for one in sorted(alive, key=lambda one: str(one["createdAt"]["S"]))[:count]:
        assert api.delete(one["publisherId"]["S"], one["adId"]["S"]).status == 204


def test_a_lost_state_that_is_rebuilt_in_part_shows_nothing_that_is_over(
    stack: Stack, api: Api, operations: Operations, outputs: dict[str, str], dynamodb: Any
) -> None:
    """Neither while it is rebuilt nor when that is cancelled: ads are as they are, or missing."""
    table = outputs["stateTableName"]
    live(api, "cancelled", 20)
    agree(outputs, dynamodb)
    delete_oldest(api, dynamodb, table, 20)
    agree(outputs, dynamodb)
    ledger = ledger_versions(dynamodb, outputs["journalTableName"])
    drop_items(dynamodb, table)
    replay_id = begin_by_hand(stack, dynamodb)
    step(stack, "piece", replay_id, piece=0)
    rebuilt = state_versions(dynamodb, table)
    assert rebuilt
    assert rebuilt.items() <= ledger.items()
    assert operations.call("POST", f"/replays/{replay_id}/cancel").status == 202
    step(stack, "piece", replay_id, piece=1)
    assert state_versions(dynamodb, table) == rebuilt
    again = operations.call("POST", f"/replays/{replay_id}/resume")
    assert (again.status, again.body["type"]) == (409, "urn:adledger:problem:wrong-status")
    assert operations.replay("state")["status"] == "SUCCEEDED"
    agree(outputs, dynamodb)


def begin_by_hand(stack: Stack, dynamodb: Any) -> str:
    """A replay of the state in pieces that nothing does but the test."""
    records = ReplayTable(dynamodb, State.load(stack.home.deployment).resources[TABLE].id)
    replay = records.create(new_replay(Request(Target.STATE), datetime.now(UTC)), None)
    pieces = step(stack, "plan", replay.replay_id)["pieces"]
    assert len(pieces) > 1, "write more ads before, or there is nothing to leave undone"
    return replay.replay_id


def step(stack: Stack, name: str, replay_id: str, **more: Any) -> Any:
    """Do one step of the first attempt, as the state machine would."""
    function = State.load(stack.home.deployment).resources[WORKER].id
    event = {"step": name, "replayId": replay_id, "attempt": 1, **more}
    answer = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def test_a_replay_whose_execution_was_lost_goes_on_at_the_next_start(
    stack: Stack, operations: Operations, outputs: dict[str, str], dynamodb: Any
) -> None:
    deployment = State.load(stack.home.deployment)
    records = ReplayTable(dynamodb, deployment.resources[TABLE].id)
    lost = records.create(new_replay(Request(Target.SEARCH), datetime.now(UTC)), None)
    busy = operations.start("search")
    assert (busy.status, busy.body["type"]) == (409, "urn:adledger:problem:target-busy")
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    noticed = records.create(new_replay(Request(Target.STATE), an_hour_ago), None)
    told = operations.read(noticed.replay_id)
    assert told["status"] == "FAILED"
    assert "resume the replay to go on" in told["faults"][0]
    resumed = resume_lost(dynamodb, stack.client("stepfunctions"), deployment)
    assert set(resumed) == {lost.replay_id, noticed.replay_id}
    for replay_id in resumed:
        done = operations.wait(replay_id)
        assert (done["status"], done["attempt"]) == ("SUCCEEDED", 2)
    agree(outputs, dynamodb)


def test_the_same_key_is_one_replay(operations: Operations, api: Api) -> None:
    first = operations.start("replayTable", key="once")
    assert first.headers["Location"] == f"/replays/{first.body['replayId']}"
    again = operations.start("replayTable", key="once")
    assert (first.status, again.status) == (202, 202)
    assert again.body["replayId"] == first.body["replayId"]
    other = operations.start("state", key="once")
    assert (other.status, other.body["type"]) == (
        422,
        "urn:adledger:problem:idempotency-key-reused",
    )
    listed = operations.call("GET", "/replays?limit=100").body["items"]
    assert [one["replayId"] for one in listed].count(first.body["replayId"]) == 1
    operations.wait(first.body["replayId"])


def test_only_signed_calls_are_answered(operations: Operations) -> None:
    for method, path in (("GET", "/replays"), ("POST", "/replays"), ("GET", "/openapi.json")):
        assert operations.call(method, path, signed=False).status == 403
    description = operations.call("GET", "/openapi.json")
    assert description.status == 200
    assert "/replays/{replayId}/resume" in description.body["paths"]


def test_bad_requests_name_every_fault(operations: Operations) -> None:
    answer = operations.start("state", until="2026-01-01T00:00:00Z", adId="x", more=1)
    assert answer.status == 422
    assert {fault["field"] for fault in answer.body["faults"]} == {"until", "adId", "more"}
    for path in ("/replays/none", "/replays/20260101t000000-00000000"):
        assert operations.call("GET", path).status == 404
