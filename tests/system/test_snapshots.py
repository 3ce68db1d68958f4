"""Snapshots of the running stack: taken, verified, damaged, restored into fresh stores."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from local.stack import Stack
from runtime.ad_ledger.connection import ad_ledger
from runtime.ads.ad import NewAd
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.project_state.projection import project
from runtime.snapshot.handler import TIME_LEFT_MS_MIN
from runtime.snapshot.restore import delta, restore_journal, restore_states
from runtime.snapshot.restore import project as project_all
from runtime.snapshot.verify import verify
from runtime.snapshots.snapshots import Snapshots
from runtime.state.table import StateTable
from tests.fakes import MemoryStorage
from tests.state_table import laid_out
from tests.system.agreement import LEDGER, ledger_versions, state_versions
from tests.system.client import AD, Api, wait_until
from tests.system.operations import Operations

SNAPSHOT_TIMEOUT_S = 60
ADS = 12
WORTH_A_SNAPSHOT = 300
"""Blocks that take longer to read than one object and the ads in it."""

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def s3(stack: Stack) -> Any:
    return stack.client("s3")


@pytest.fixture(scope="module")
def store(s3: Any, outputs: dict[str, str]) -> S3Destination:
    return S3Destination(s3, outputs["snapshotBucketName"])


def taken(operations: Operations) -> str:
    """A finished snapshot as of now, by its id."""
    accepted = operations.call("POST", "/snapshots")
    assert accepted.status == 202, accepted.body
    path = accepted.headers["Location"]

    def finished() -> bool:
        time.sleep(0.1)
        return operations.call("GET", path).body["status"] == "FINISHED"

    wait_until(finished, SNAPSHOT_TIMEOUT_S)
    return accepted.body["snapshotId"]


def change_ads(api: Api, publisher: str) -> None:
    for number in range(ADS):
        ad_id = api.create(publisher).body["adId"]
        assert api.change(publisher, ad_id, {"price": number}).status == 200
        if number % 3 == 0:
            assert api.delete(publisher, ad_id).status == 204


@pytest.fixture(scope="module")
def operations(outputs: dict[str, str]) -> Operations:
    return Operations(outputs)


@pytest.fixture(scope="module")
def snapshot_id(api: Api, operations: Operations) -> str:
    """The second of two snapshots with changes before each."""
    change_ads(api, "snapshot-1")
    taken(operations)
    change_ads(api, "snapshot-2")
    return taken(operations)


@contextmanager
def hurried(stack: Stack) -> Iterator[Callable[[], list[Any]]]:
    """Lambda gives the function no more time than it keeps in reserve: one object, and it ends.

    Tells what each invocation since logged as its outcome, in order.
    """
    functions, logs = stack.client("lambda"), stack.client("logs")
    [function] = [
        each
        for each in functions.list_functions()["Functions"]
        if each["FunctionName"].endswith("-snapshots-worker")
    ]
    name, group = function["FunctionName"], function["LoggingConfig"]["LogGroup"]
    since_ms = int(time.time() * 1000)

    def outcomes() -> list[Any]:
        found = logs.filter_log_events(logGroupName=group, startTime=since_ms)["events"]
        lines = [json.loads(each["message"]) for each in found if '"snapshot"' in each["message"]]
        return [line["status"] for line in lines if line.get("message") == "snapshot"]

    functions.update_function_configuration(FunctionName=name, Timeout=TIME_LEFT_MS_MIN // 1000)
    try:
        yield outcomes
    finally:
        functions.update_function_configuration(FunctionName=name, Timeout=function["Timeout"])


def test_what_takes_longer_than_an_invocation_goes_on_in_another(
    stack: Stack, api: Api, operations: Operations, store: S3Destination
) -> None:
    """The function calls itself, by its own role, and the snapshot is as good as any."""
    assert api.create("snapshot-long").status == 201
    with hurried(stack) as outcomes:
        snapshot_id = taken(operations)
        wait_until(lambda: outcomes()[-1:] == ["FINISHED"], SNAPSHOT_TIMEOUT_S)
        assert set(outcomes()[:-1]) == {"RUNNING"}
    assert verify(store, snapshot_id).faults == []


def test_it_is_listed_and_verifies(
    snapshot_id: str, operations: Operations, store: S3Destination, outputs: Any, dynamodb: Any
) -> None:
    listed = operations.call("GET", "/snapshots").body["items"]
    assert listed[0]["snapshotId"] == snapshot_id
    [ledger] = listed[0]["ledgers"]
    found = verify(store, snapshot_id, digests={LEDGER: ledger["digest"]})
    assert found.faults == []
    assert found.ads == len(ledger_versions(dynamodb, outputs["journalTableName"]))


def test_one_altered_bit_is_named(
    snapshot_id: str, store: S3Destination, s3: Any, outputs: dict[str, str]
) -> None:
    bucket = outputs["snapshotBucketName"]
    [part] = Snapshots(store).get(snapshot_id).ledgers
    for key in (part.journal[1].key, part.state[0].key, f"manifests/{snapshot_id}.json"):
        data = store.get(key)
        store.put(key, data[:100] + bytes([data[100] ^ 1]) + data[101:], "text/plain")
        assert key in {fault.key for fault in verify(store, snapshot_id).faults}
        versions = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
        (altered,) = [version for version in versions if version["IsLatest"]]
        assert len(versions) == 2
        s3.delete_object(Bucket=bucket, Key=key, VersionId=altered["VersionId"])
    assert verify(store, snapshot_id).holds


def test_restored_into_fresh_stores_everything_equals(
    snapshot_id: str, store: S3Destination, api: Api, outputs: dict[str, str], dynamodb: Any
) -> None:
    change_ads(api, "snapshot-3")
    journal = DynamoDbStorage(dynamodb, outputs["journalTableName"], LEDGER)
    restored = MemoryStorage()
    imported = restore_journal(store, snapshot_id, 0, restored)
    assert imported is not None
    assert list(restored.blocks(0)) == list(journal.blocks(0, imported.sequence_no))

    with laid_out(dynamodb) as name:
        projection = partial(project, table=StateTable(dynamodb, name))
        restore_states(store, snapshot_id, projection)
        project_all(delta(journal, Snapshots(store).get(snapshot_id), 0), projection)
        expected = ledger_versions(dynamodb, outputs["journalTableName"])
        assert state_versions(dynamodb, name) == expected


def test_a_replay_begins_with_it_unless_it_is_damaged(
    snapshot_id: str,
    store: S3Destination,
    s3: Any,
    api: Api,
    operations: Operations,
    outputs: dict[str, str],
    dynamodb: Any,
) -> None:
    journal = DynamoDbStorage(dynamodb, outputs["journalTableName"], LEDGER)
    fill(journal, WORTH_A_SNAPSHOT)
    newest = taken(operations)
    assert newest > snapshot_id
    change_ads(api, "snapshot-5")
    expected = ledger_versions(dynamodb, outputs["journalTableName"])

    done = operations.replay("replayTable")
    assert (done["source"], done["snapshotId"], done["faults"]) == ("snapshot", newest, [])
    assert versions(operations, done) == {ad_id: found[:2] for ad_id, found in expected.items()}
    assert done["counts"]["blocks"]["done"] == blocks(journal)

    key = Snapshots(store).get(newest).ledgers[0].state[0].key
    data = store.get(key)
    store.put(key, data[:100] + bytes([data[100] ^ 1]) + data[101:], "text/plain")
    done = operations.replay("replayTable")
    assert (done["status"], done["source"], done["snapshotId"]) == ("SUCCEEDED", "journal", None)
    assert key in done["faults"][0]
    assert versions(operations, done) == {ad_id: found[:2] for ad_id, found in expected.items()}
    store.put(key, data, "text/plain")


def fill(journal: DynamoDbStorage, count: int) -> None:
    """Create ads until there are so many blocks: in this process, which is quicker than by HTTP."""
    ads = ad_ledger(LEDGER.removesuffix("-0"), 1, lambda _: journal)
    for _ in range(count - blocks(journal)):
        ads.create("snapshot-4", NewAd.of({**AD, "price": Decimal(AD["price"])}))
    ads.close()


def blocks(journal: DynamoDbStorage) -> int:
    head = journal.head()
    return 0 if head is None else head.sequence_no + 1


def versions(operations: Operations, replay: Any) -> dict[str, tuple[int, bool]]:
    """What a replay wrote, by ad id: version, and whether it was deleted."""
    return {
        ad_id: (ad["version"], ad.get("deleted", False))
        for ad_id, ad in operations.entries(replay["replayId"]).items()
    }


def test_the_schedule_is_there_and_its_event_is_understood(
    snapshot_id: str, stack: Stack, operations: Operations
) -> None:
    before = operations.call("GET", "/snapshots").body["items"][0]["snapshotId"]
    assert before >= snapshot_id
    schedule = stack.client("scheduler").get_schedule(Name="adledger-local-snapshots")
    assert schedule["ScheduleExpression"] == "cron(0 0 1 * ? *)"
    answer = stack.client("lambda").invoke(
        FunctionName=schedule["Target"]["Arn"], Payload=schedule["Target"]["Input"]
    )
    assert "FunctionError" not in answer
    newest = operations.call("GET", "/snapshots").body["items"][0]
    assert newest["previous"] == before
    assert newest["status"] == "FINISHED"
