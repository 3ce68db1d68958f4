"""The stream's own records, against the emulator."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from local.emulator.servers import CloudServer
from runtime.lag.errors import ForeignRecordError, RefusedError
from runtime.lag.stream import Stream
from runtime.publish_journal.blocks import JournalTable
from runtime.publish_journal.lanes import Lanes
from runtime.publish_journal.publisher import Publisher
from tests.emulator import client
from tests.journal_blocks import STREAM_ARN, Journal, ad_revision, block_item, table_event
from tests.runtime.publish_journal.test_blocks import FailingTable

VERSIONS = 5
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stream(cloud: CloudServer) -> Iterator[str]:
    """Five versions of an ad."""
    kinesis, name = client(cloud, "kinesis"), f"stream-{uuid4().hex}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    journal = Journal()
    for version in range(VERSIONS):
        journal.commit_ad(ad_revision(version=version))
    items = [block_item(journal, block) for block in journal.blocks]
    publisher = Publisher(JournalTable(FailingTable(), "journal"), Lanes(kinesis, name), STREAM_ARN)
    assert publisher.publish(table_event(*items)["Records"]).failures.reasons() == []
    yield name
    kinesis.delete_stream(StreamName=name)
    kinesis.close()


def test_the_newest_versions_that_came_since_are_known(cloud: CloudServer, stream: str) -> None:
    kinesis, now = client(cloud, "kinesis"), datetime.now(UTC)
    published = Stream(kinesis, stream)
    assert published.versions(now - MINUTE) == {ad_revision().ad_id: VERSIONS - 1}
    assert published.versions(now + MINUTE) == {}
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]
    assert Stream(kinesis, arn).versions(now - MINUTE) == published.versions(now - MINUTE)
    kinesis.close()


def test_a_record_of_somebody_else_is_named(cloud: CloudServer, stream: str) -> None:
    kinesis = client(cloud, "kinesis")
    kinesis.put_record(StreamName=stream, PartitionKey="x", Data=b"none of ours")
    with pytest.raises(ForeignRecordError, match=stream):
        Stream(kinesis, stream).versions(datetime.now(UTC) - MINUTE)
    kinesis.close()


def test_a_stream_that_is_not_there_refuses(cloud: CloudServer) -> None:
    kinesis = client(cloud, "kinesis")
    with pytest.raises(RefusedError, match="stream nothing"):
        Stream(kinesis, "nothing").versions(datetime.now(UTC))
    kinesis.close()
