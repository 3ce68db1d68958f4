"""The handler, configured by its environment, from a real payload to the stream."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.emulator.servers import CloudServer
from runtime.ads.environment import SettingsError
from runtime.journal.revisions import decode
from runtime.publish_journal import handler as worker
from tests.emulator import client
from tests.journal_blocks import STREAM_ARN, ad_id_of
from tests.lambda_runtime import MemoryContext

EVENTS = Path(__file__).parents[2] / "events"
CONTEXT: Any = MemoryContext()


@pytest.fixture
def kinesis(cloud: CloudServer) -> Iterator[Any]:
    found = client(cloud, "kinesis")
    yield found
    found.close()


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch, cloud: CloudServer, kinesis: Any) -> Iterator[str]:
    name = f"stream-{uuid4().hex[:12]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    monkeypatch.setenv("JOURNAL_TABLE", "journal")
    monkeypatch.setenv("STREAM_NAME", name)
    monkeypatch.setenv("QLDB_STREAM_ARN", STREAM_ARN)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "publish-journal")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "adledger")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "test")
    worker._built.cache_clear()
    yield name
    worker._built.cache_clear()
    kinesis.delete_stream(StreamName=name)


def read(kinesis: Any, stream: str) -> list[bytes]:
    (shard,) = kinesis.list_shards(StreamName=stream)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def test_a_real_payload_reaches_the_stream(
    kinesis: Any, stream: str, capsys: pytest.CaptureFixture[str]
) -> None:
    event = json.loads((EVENTS / "dynamodb_journal.json").read_text())

    assert worker.handler(event, CONTEXT) == {"batchItemFailures": []}

    found = [revision for data in read(kinesis, stream) for revision in decode(data)]
    assert sorted((one.ad_id, one.version, one.deleted) for one in found) == [
        (ad_id_of(1), 0, False),
        (ad_id_of(1), 1, False),
        (ad_id_of(2), 0, False),
        (ad_id_of(2), 1, True),
    ]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["BlocksPublished"] for line in lines if "_aws" in line] == [[5]]


def test_without_settings_the_missing_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JOURNAL_TABLE", "STREAM_NAME", "QLDB_STREAM_ARN"):
        monkeypatch.delenv(name, raising=False)
    worker._built.cache_clear()
    with pytest.raises(SettingsError, match="JOURNAL_TABLE, STREAM_NAME, QLDB_STREAM_ARN"):
        worker.handler({"Records": []}, CONTEXT)
