"""The function as Lambda calls it, in the embedded cloud."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import boto3
import pytest

from local.emulator.servers import REGION, CloudServer
from runtime.ad_ledger.connection import ad_ledger
from runtime.ads.ad import NewAd
from runtime.ads.environment import SettingsError
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.snapshot import handler as module
from runtime.snapshot.settings import read_settings
from runtime.snapshot.verify import verify
from runtime.snapshots.connection import Taker, open_bucket
from runtime.snapshots.snapshots import Snapshots
from tests.emulator import client

AD = {"adTitle": "title", "price": Decimal("10.50"), "currency": "EUR", "category": "things"}


@pytest.fixture
def names(cloud: CloudServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A journal table and a bucket, named in the environment of a function."""
    unique = uuid4().hex[:12]
    found = {"JOURNAL_TABLE": f"journal-{unique}", "SNAPSHOT_BUCKET": f"snapshots-{unique}"}
    variables = {
        **found,
        "LEDGER_NAME": "ads",
        "LEDGER_SHARDS": "2",
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "POWERTOOLS_SERVICE_NAME": "snapshot",
        "POWERTOOLS_METRICS_NAMESPACE": "adledger",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").create_bucket(
        Bucket=found["SNAPSHOT_BUCKET"], CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    boto3.client("dynamodb").create_table(
        TableName=found["JOURNAL_TABLE"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    module._built.cache_clear()
    yield found
    module._built.cache_clear()


def context(remaining_ms: int = 900_000) -> Any:
    return SimpleNamespace(
        function_name="snapshot",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:000000000000:function:snapshot",
        aws_request_id="1",
        get_remaining_time_in_millis=lambda: remaining_ms,
    )


def create(cloud: CloudServer, table: str, times: int) -> None:
    tables = client(cloud, "dynamodb")
    ads = ad_ledger("ads", 2, lambda name: DynamoDbStorage(tables, table, name))
    for _ in range(times):
        ads.create("42", NewAd.model_validate(AD))


def test_it_takes_a_snapshot(cloud: CloudServer, names: dict[str, str]) -> None:
    create(cloud, names["JOURNAL_TABLE"], 6)
    answer = module.handler({"end": datetime.now(UTC).isoformat()}, context())
    assert answer["status"] == "FINISHED"
    assert answer["ads"] == 6
    bucket = open_bucket(names["SNAPSHOT_BUCKET"])
    assert verify(bucket, answer["snapshotId"]).faults == []
    assert Snapshots(bucket).newest() is not None


def test_without_time_it_has_itself_called(cloud: CloudServer, names: dict[str, str]) -> None:
    create(cloud, names["JOURNAL_TABLE"], 2)
    with pytest.raises(Exception, match="Function not found"):
        module.handler({}, context(remaining_ms=59_000))


def test_the_function_is_called_without_waiting() -> None:
    class MemoryLambda:
        def __init__(self) -> None:
            self.calls: list[dict[str, Any]] = []

        def invoke(self, **arguments: Any) -> None:
            self.calls.append(arguments)

    memory = MemoryLambda()
    Taker("snapshot", memory)(b"{}")
    assert memory.calls == [
        {"FunctionName": "snapshot", "InvocationType": "Event", "Payload": b"{}"}
    ]


def test_every_missing_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="SNAPSHOT_BUCKET, LEDGER_NAME"):
        read_settings({"JOURNAL_TABLE": "journal", "LEDGER_SHARDS": "1"})
    with pytest.raises(SettingsError, match="LEDGER_SHARDS"):
        read_settings(
            {
                "SNAPSHOT_BUCKET": "b",
                "JOURNAL_TABLE": "journal",
                "LEDGER_NAME": "ads",
                "LEDGER_SHARDS": "0",
            }
        )
