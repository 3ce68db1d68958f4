"""The age of what a function was given, against the emulator's metrics."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from local.emulator.servers import CloudServer
from runtime.lag.ages import IteratorAge
from runtime.lag.errors import UnreachedError
from tests.emulator import client


@pytest.fixture
def metrics(cloud: CloudServer) -> Iterator[Any]:
    found = client(cloud, "cloudwatch")
    yield found
    found.close()


def put(metrics: Any, function: str, when: datetime, age_ms: float) -> None:
    datum = {
        "MetricName": "IteratorAge",
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
        "Timestamp": when,
        "Value": age_ms,
        "Unit": "Milliseconds",
    }
    metrics.put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])


def test_the_newest_is_told_and_nothing_after_a_while(metrics: Any) -> None:
    function, now = f"function-{uuid4().hex}", datetime.now(UTC)
    age = IteratorAge(metrics, function)
    assert age.seconds(now) is None
    put(metrics, function, now - timedelta(minutes=5), 90_000)
    put(metrics, function, now - timedelta(minutes=2), 1500)
    put(metrics, f"other-{function}", now, 7000)
    assert age.seconds(now) == 1.5
    assert age.seconds(now + timedelta(minutes=20)) is None


def test_metrics_that_do_not_answer() -> None:
    nobody = boto3.client(
        "cloudwatch",
        endpoint_url="http://127.0.0.1:1",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(UnreachedError, match="metrics of f"):
        IteratorAge(nobody, "f").seconds(datetime.now(UTC))
    nobody.close()
