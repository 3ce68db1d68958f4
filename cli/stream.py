"""What the journal's stream has, and how old what its consumers read is: for `adledger lag`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cli.cloud import Cloud, reaching
from cli.errors import FailedError
from runtime.journal.errors import RecordError
from runtime.journal.revisions import decode
from runtime.lag.lag import Lag, Recent, measured

LOOK_BACK: Final = timedelta(minutes=10)
"""How far back the stream is read; what is older than that counts as published."""
SHARDS_MAX: Final = 1000
PAGES_MAX: Final = 10_000
"""Of records, of one shard."""
METRIC_PERIOD_S: Final = 60


@dataclass(frozen=True, slots=True)
class Age:
    """How old the records were that a consumer of the stream was given last."""

    projection: str
    seconds: float | None
    """None where it was given none for a while, as when nothing is written."""


def stream_lag(cloud: Cloud, looked_at: Mapping[str, Recent], now: datetime) -> list[Lag]:
    """How far the stream is behind each ledger, by its own records."""
    since = now - LOOK_BACK
    name = cloud.output("streamName")
    with reaching(f"stream {name}"):
        known = _versions(cloud.client("kinesis"), name, since)

    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        return {ad_id: known[ad_id] for ad_id in ad_ids if ad_id in known}

    return [
        measured("stream", ledger, _newer(recent, since), versions, now)
        for ledger, recent in looked_at.items()
    ]


def events_age(cloud: Cloud, now: datetime) -> Age:
    """How old the newest changes were that the publisher of events was given."""
    function = cloud.output("eventWorkerName")
    with reaching(f"the metrics of {function}"):
        answer = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="IteratorAge",
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=now - LOOK_BACK,
            EndTime=now,
            Period=METRIC_PERIOD_S,
            Statistics=["Maximum"],
        )
    newest = max(answer["Datapoints"], key=lambda point: point["Timestamp"], default=None)
    return Age("events", None if newest is None else round(newest["Maximum"] / 1000, 3))


def _newer(recent: Recent, since: datetime) -> Recent:
    """Only what the part of the stream that was read has to have."""
    newer = [each for each in recent.changes if datetime.fromisoformat(each.tx_time) >= since]
    first = newer[0].sequence_no if newer else recent.head
    return replace(recent, first=first, changes=newer)


def _versions(client: Any, stream: str, since: datetime) -> dict[str, int]:
    """The newest version of each ad among the records that came since."""
    found: dict[str, int] = {}
    for data in _records(client, stream, since):
        try:
            revisions = decode(data)
        except RecordError as error:
            raise FailedError(
                f"stream {stream} has a record that is none of ours: {error}"
            ) from error
        for revision in revisions:
            found[revision.ad_id] = max(revision.version, found.get(revision.ad_id, -1))
    return found


def _records(client: Any, stream: str, since: datetime) -> Iterator[bytes]:
    shards = client.list_shards(StreamName=stream, MaxResults=SHARDS_MAX)["Shards"]
    for shard in shards:
        iterator = client.get_shard_iterator(
            StreamName=stream,
            ShardId=shard["ShardId"],
            ShardIteratorType="AT_TIMESTAMP",
            Timestamp=since,
        )["ShardIterator"]
        for _ in range(PAGES_MAX):
            page = client.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                yield record["Data"]
            iterator = page.get("NextShardIterator")
            if iterator is None or page["MillisBehindLatest"] == 0:
                break
