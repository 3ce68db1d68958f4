"""The stream's own lag, and the age of what events are made of, against the emulator."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cli.cloud import Cloud
from cli.errors import UsageError
from cli.lag import _check
from cli.stream import LOOK_BACK, Age, events_age, stream_lag
from local.emulator.servers import CloudServer
from runtime.lag.lag import Change, Recent
from runtime.publish_journal.blocks import JournalTable
from runtime.publish_journal.lanes import Lanes
from runtime.publish_journal.publisher import Publisher
from tests.emulator import client
from tests.journal_blocks import STREAM_ARN, Journal, ad_id_of, ad_revision, block_item, table_event
from tests.runtime.publish_journal.test_blocks import FailingTable

VERSIONS = 5


@pytest.fixture
def stream(cloud: CloudServer) -> Iterator[str]:
    """Four of an ad's five versions."""
    kinesis, name = client(cloud, "kinesis"), f"stream-{uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    journal = Journal()
    for version in range(VERSIONS - 1):
        journal.commit_ad(ad_revision(version=version))
    items = [block_item(journal, block) for block in journal.blocks]
    publisher = Publisher(JournalTable(FailingTable(), "journal"), Lanes(kinesis, name), STREAM_ARN)
    assert publisher.publish(table_event(*items)["Records"]).failures.reasons() == []
    yield name
    kinesis.delete_stream(StreamName=name)
    kinesis.close()


def cloud_of(server: CloudServer, **outputs: str) -> Cloud:
    return Cloud({"publisherApiEndpoint": f"{server.url}/_aws/execute-api/x", **outputs})


def recent_of(*times: datetime) -> Recent:
    ad_id = ad_revision().ad_id
    changes = [
        Change(number, ad_id, number, moment.isoformat()) for number, moment in enumerate(times)
    ]
    return Recent(0, len(times) - 1, changes)


def test_the_stream_is_behind_by_what_it_lacks(cloud: CloudServer, stream: str) -> None:
    now = datetime.now(UTC)
    recent = recent_of(*(now - timedelta(seconds=9 - each) for each in range(VERSIONS)))
    level = recent_of(*(now - timedelta(seconds=1) for _ in range(VERSIONS - 1)))
    other = Recent(7, 7, [Change(7, ad_id_of(77), 0, now.isoformat())])
    looked_at = {"ads-0": recent, "ads-1": level, "ads-2": other}
    behind, whole, lacking = stream_lag(cloud_of(cloud, streamName=stream), looked_at, now)
    assert (behind.projection, behind.ledger) == ("stream", "ads-0")
    assert (behind.head, behind.applied, behind.blocks, behind.ads) == (4, 3, 1, 1)
    assert (behind.seconds, behind.at_least) == (5.0, False)
    assert (whole.blocks, whole.applied) == (0, 3)
    assert (lacking.blocks, lacking.at_least) == (1, True)


def test_what_is_older_than_is_read_counts_as_published(cloud: CloudServer, stream: str) -> None:
    now = datetime.now(UTC)
    old = [Change(n, ad_id_of(70 + n), 0, (now - LOOK_BACK * 2).isoformat()) for n in range(3)]
    [lag] = stream_lag(cloud_of(cloud, streamName=stream), {"ads-0": Recent(0, 2, old)}, now)
    assert (lag.blocks, lag.applied, lag.at_least) == (0, 2, False)


def test_the_age_of_what_events_are_made_of(cloud: CloudServer) -> None:
    metrics, function = client(cloud, "cloudwatch"), f"function-{uuid4().hex}"
    found = cloud_of(cloud, eventWorkerName=function)
    now = datetime.now(UTC)
    assert events_age(found, now) == Age("events", None)
    for minutes, age_ms in ((5, 90_000), (2, 1500)):
        metrics.put_metric_data(
            Namespace="AWS/Lambda",
            MetricData=[
                {
                    "MetricName": "IteratorAge",
                    "Dimensions": [{"Name": "FunctionName", "Value": function}],
                    "Timestamp": now - timedelta(minutes=minutes),
                    "Value": age_ms,
                    "Unit": "Milliseconds",
                }
            ],
        )
    metrics.close()
    assert events_age(found, now) == Age("events", 1.5)
    with pytest.raises(UsageError, match="eventWorkerName"):
        events_age(cloud_of(cloud), now)


def test_only_what_is_late_is_named(cloud: CloudServer, stream: str) -> None:
    now = datetime.now(UTC)
    recent = recent_of(*(now - timedelta(seconds=9) for _ in range(VERSIONS)))
    found: list[Any] = stream_lag(cloud_of(cloud, streamName=stream), {"ads-0": recent}, now)
    _check([*found, Age("events", None)], 10)
    with pytest.raises(Exception, match=r"more than 1 s behind: stream of ads-0, events of all"):
        _check([*found, Age("events", 2.0)], 1)
