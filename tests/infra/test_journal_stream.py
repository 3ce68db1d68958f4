"""The journal stream: encrypted, elastic, and fed by a publisher that sees blocks alone."""

import json

import pulumi
import pytest

from infra.journal_stream import JournalStream, qldb_stream_arn
from local.plan import Plan
from tests.infra.plans import (
    EVENT_SOURCE,
    FUNCTION,
    PLATFORM,
    ROLE_POLICY,
    component,
    planned,
    statements,
)

STREAM = "aws:kinesis/stream:Stream"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return component(
        lambda: JournalStream(
            "changes",
            {
                "table_name": "journal",
                "table_arn": "arn:table",
                "table_stream_arn": "arn:table/stream",
                "ledger_name": "ads",
                "retention_hours": 48,
                "publisher": {
                    "code": pulumi.AssetArchive({}),
                    "handler": "runtime.publish_journal.handler.handler",
                    "platform": PLATFORM,
                    "timeout_s": 30,
                    "delivery": {
                        "batch_size_max": 100,
                        "batch_window_s": 0,
                        "retries_max": 9,
                        "record_age_s_max": 3600,
                    },
                },
            },
        )
    )


def test_it_is_encrypted_and_grows_with_its_load(plan: Plan) -> None:
    stream = plan.one(STREAM, "changes").inputs
    assert stream == {
        "encryptionType": "KMS",
        "kmsKeyId": "alias/aws/kinesis",
        "retentionPeriod": 48,
        "streamModeDetails": {"streamMode": "ON_DEMAND"},
    }


def test_its_publisher_is_given_blocks_one_batch_at_a_time(plan: Plan) -> None:
    (source,) = plan.of(EVENT_SOURCE)
    (kept,) = source.inputs["filterCriteria"]["filters"]
    assert json.loads(kept["pattern"]) == {"dynamodb": {"NewImage": {"kind": {"S": ["block"]}}}}
    assert source.inputs["parallelizationFactor"] == 1
    assert source.inputs["eventSourceArn"] == "arn:table/stream"
    assert (source.inputs["batchSize"], source.inputs["maximumRetryAttempts"]) == (100, 9)


def test_its_publisher_knows_where_from_and_where_to(plan: Plan) -> None:
    variables = plan.one(FUNCTION, "changes-publisher").inputs["environment"]["variables"]
    assert variables["JOURNAL_TABLE"] == "journal"
    assert variables["STREAM_NAME"] == "changes"
    assert variables["QLDB_STREAM_ARN"] == (
        "arn:aws:qldb:eu-west-1:123456789012:stream/ads/changes"
    )


def test_its_publisher_may_read_blocks_and_publish_them(plan: Plan) -> None:
    granted = {s["Sid"]: s for s in statements(plan.one(ROLE_POLICY, "changes-publisher"))}
    assert granted["ReadTableStream"]["Resource"] == ["arn:table/stream"]
    assert granted["ReadJournal"]["Resource"] == ["arn:table"]
    assert granted["PublishStream"]["Resource"] == [
        "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"
    ]


def test_the_arn_that_records_carry_keeps_partition_region_and_account() -> None:
    arn = qldb_stream_arn("arn:aws-cn:kinesis:cn-north-1:210987654321:stream/a-1", "ads")
    assert arn == "arn:aws-cn:qldb:cn-north-1:210987654321:stream/ads/a-1"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_who_measures_lag_may_look_into_that_stream_and_read_metrics(stack: str) -> None:
    found = planned(stack)
    granted = {s["Sid"]: s for s in statements(found.one(ROLE_POLICY, "operations"))}
    kinesis = [s for s in granted.values() if s["Action"][0].startswith("kinesis:")]
    reads = ["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    assert [s["Action"] for s in kinesis] == [reads]
    (stream,) = kinesis[0]["Resource"]
    assert stream.endswith("/journal-stream")
    assert granted["ReadMetrics"]["Action"] == ["cloudwatch:GetMetricData"]
    variables = found.one(FUNCTION, "operations").inputs["environment"]["variables"]
    assert (variables["STREAM_ARN"], variables["EVENT_FUNCTION"]) == (stream, "publish-events")
