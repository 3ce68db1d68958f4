"""The handler, configured by its environment, from a real payload to a queue behind the bus."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.emulator.servers import REGION, CloudServer
from runtime.ad_ledger.connection import ad_ledger
from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.environment import SettingsError
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.publish_events import handler as worker
from runtime.publish_events.settings import read_settings
from tests.emulator import client
from tests.journal_blocks import ad_revision, revisions_event
from tests.lambda_runtime import MemoryContext

EVENTS = Path(__file__).parents[2] / "events"
CONTEXT: Any = MemoryContext()
AD = {"adTitle": "a title", "price": Decimal(1), "currency": "EUR", "category": "things"}


@pytest.fixture
def names(cloud: CloudServer) -> Iterator[tuple[str, str, str]]:
    """A journal's table, a bus, and the URL of a queue that gets all its events."""
    dynamodb, events, sqs = (client(cloud, name) for name in ("dynamodb", "events", "sqs"))
    name = f"events-{uuid4().hex[:12]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:000000000000:{name}"
    events.create_event_bus(Name=name)
    pattern = json.dumps({"source": ["adledger"]})
    events.put_rule(Name=name, EventBusName=name, EventPattern=pattern)
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield name, name, url
    events.remove_targets(Rule=name, EventBusName=name, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=name)
    events.delete_event_bus(Name=name)
    sqs.delete_queue(QueueUrl=url)
    dynamodb.delete_table(TableName=name)
    for one in (dynamodb, events, sqs):
        one.close()


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, cloud: CloudServer, names: tuple[str, str, str]
) -> Iterator[None]:
    variables = {
        "EVENT_BUS": names[1],
        "JOURNAL_TABLE": names[0],
        "LEDGER_NAME": "ads",
        "LEDGER_SHARDS": "2",
        "POWERTOOLS_SERVICE_NAME": "publish-events",
        "POWERTOOLS_METRICS_NAMESPACE": "adledger",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    worker._built.cache_clear()
    yield
    worker._built.cache_clear()


def received(cloud: CloudServer, url: str) -> list[dict[str, Any]]:
    """Everything in the queue, in the order of arrival."""
    sqs = client(cloud, "sqs")
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.close()
    return found


@pytest.mark.usefixtures("environment")
def test_changes_in_a_ledger_reach_the_queue(
    cloud: CloudServer, names: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb = client(cloud, "dynamodb")
    ads = ad_ledger("ads", 2, lambda name: DynamoDbStorage(dynamodb, names[0], name))
    ad_id = ads.create("publisher-1", NewAd.model_validate(AD)).ad_id
    ads.change("publisher-1", ad_id, AdChanges.model_validate({"adTitle": "new"}))
    ads.delete("publisher-1", ad_id)
    versions = ads.versions("publisher-1", ad_id)

    answers = [worker.handler(revisions_event([one]), CONTEXT) for one in versions]

    assert answers == [{"batchItemFailures": []}] * 3
    found = received(cloud, names[2])
    assert [event["detail-type"] for event in found] == ["AdCreated", "AdUpdated", "AdDeleted"]
    assert [event["detail"]["id"] for event in found] == [f"{ad_id}-{n}" for n in range(3)]
    assert found[1]["detail"]["changes"] == {"adTitle": {"old": "a title", "new": "new"}}
    assert found[2]["detail"]["ad"]["adTitle"] == "new"
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [line for line in emitted if "_aws" in line]
    assert [one["EventsSent"] for one in metrics] == [[1.0]] * 3
    assert metrics[0]["ProjectionLag"][0] > 0
    ads.close()
    dynamodb.close()


@pytest.mark.usefixtures("environment")
def test_a_real_payload_is_told_whole(cloud: CloudServer, names: tuple[str, str, str]) -> None:
    event = json.loads((EVENTS / "kinesis_journal.json").read_text())
    assert worker.handler(event, CONTEXT) == {"batchItemFailures": []}
    found = received(cloud, names[2])
    kinds = sorted(event["detail-type"] for event in found)
    assert kinds == ["AdCreated", "AdCreated", "AdDeleted", "AdUpdated"]
    (updated,) = (event["detail"] for event in found if event["detail-type"] == "AdUpdated")
    assert updated["changes"]["price"]["new"] == "150.00"


@pytest.mark.usefixtures("environment")
def test_a_version_whose_predecessor_is_unknown_is_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = worker.handler(revisions_event([ad_revision(version=3)]), CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    (metrics,) = [
        json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line
    ]
    assert (metrics["RecordsFailed"], metrics["EventsSent"]) == ([1.0], [0.0])


def test_what_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match="EVENT_BUS, JOURNAL_TABLE, LEDGER_NAME, LEDGER_SHARDS"):
        read_settings({})
    values = {"EVENT_BUS": "b", "JOURNAL_TABLE": "j", "LEDGER_NAME": "ads", "LEDGER_SHARDS": "0"}
    with pytest.raises(SettingsError, match="LEDGER_SHARDS is '0'"):
        read_settings(values)
