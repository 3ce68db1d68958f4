"""Kinesis and DynamoDB streams behind one interface."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from local.event_sources.checkpoints import Checkpoint

RECORDS_A_READ_MAX = 1000
_POSITION_LOST = {"TrimmedDataAccessException", "InvalidArgumentException", "ValidationException"}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a stream, as its function will see it."""

    sequence: str
    key: str
    """Records with the same key keep their order."""
    arrived_at: float
    """Seconds since the epoch."""
    event: dict[str, Any]
    size: int
    """Bytes of the event as JSON."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard; its parents are read to their end before it."""

    id: str
    parents: tuple[str, ...]
    closed: bool


class Source(Protocol):
    """One stream, read with the rights of the function that wants it."""

    def shards(self) -> Iterator[Shard]:
        """Every shard that still has records or may get some."""
        ...

    def iterator(self, shard: str, checkpoint: Checkpoint) -> str:
        """Where to read on; the oldest record when the checkpoint is older than that."""
        ...

    def read(self, shard: str, iterator: str) -> tuple[list[Record], str | None]:
        """Records and where to go on; None at the end of a closed shard."""
        ...

    def document(self, record: Record) -> dict[str, Any]:
        """A record in the form that filters look at."""
        ...


def _position(checkpoint: Checkpoint, sequence_name: str) -> dict[str, Any]:
    if checkpoint.sequence is not None:
        return {
            "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
            sequence_name: checkpoint.sequence,
        }
    return {"ShardIteratorType": "TRIM_HORIZON"}


class KinesisSource:
    """A Kinesis data stream."""

    def __init__(self, client: Any, stream_arn: str, region: str) -> None:
        self._client, self._arn, self._region = client, stream_arn, region

    def shards(self) -> Iterator[Shard]:
        request: dict[str, Any] = {"StreamARN": self._arn}
        while True:
            page = self._client.list_shards(**request)
            for shard in page["Shards"]:
                parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
                closed = "EndingSequenceNumber" in shard["SequenceNumberRange"]
                yield Shard(shard["ShardId"], tuple(p for p in parents if p), closed)
            if "NextToken" not in page:
                return
            request = {"NextToken": page["NextToken"]}

    def iterator(self, shard: str, checkpoint: Checkpoint) -> str:
        position = _position(checkpoint, "StartingSequenceNumber")
        if checkpoint.sequence is None and checkpoint.started_at is not None:
            position = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": checkpoint.started_at}
        request = {"StreamARN": self._arn, "ShardId": shard}
        try:
            answer = self._client.get_shard_iterator(**request, **position)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _POSITION_LOST:
                raise
            answer = self._client.get_shard_iterator(**request, ShardIteratorType="TRIM_HORIZON")
        return answer["ShardIterator"]

    def read(self, shard: str, iterator: str) -> tuple[list[Record], str | None]:
        answer = self._client.get_records(
            ShardIterator=iterator, Limit=RECORDS_A_READ_MAX, StreamARN=self._arn
        )
        records = [self._record(shard, each) for each in answer["Records"]]
        return records, answer.get("NextShardIterator")

    def document(self, record: Record) -> dict[str, Any]:
        """Filters see the data decoded, where it is JSON."""
        kinesis = record.event["kinesis"]
        data = base64.b64decode(kinesis["data"])
        try:
            return {**kinesis, "data": json.loads(data)}
        except ValueError:
            return {**kinesis, "data": data.decode(errors="replace")}

    def _record(self, shard: str, raw: dict[str, Any]) -> Record:
        arrived_at = raw["ApproximateArrivalTimestamp"].timestamp()
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": raw["PartitionKey"],
                "sequenceNumber": raw["SequenceNumber"],
                "data": base64.b64encode(raw["Data"]).decode(),
                "approximateArrivalTimestamp": arrived_at,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{raw['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "",
            "awsRegion": self._region,
            "eventSourceARN": self._arn,
        }
        size = len(json.dumps(event))
        return Record(raw["SequenceNumber"], raw["PartitionKey"], arrived_at, event, size)


class TableSource:
    """A DynamoDB stream."""

    def __init__(self, client: Any, stream_arn: str, region: str) -> None:
        self._client, self._arn, self._region = client, stream_arn, region

    def shards(self) -> Iterator[Shard]:
        request: dict[str, Any] = {"StreamArn": self._arn}
        while True:
            page = self._client.describe_stream(**request)["StreamDescription"]
            for shard in page["Shards"]:
                parent = shard.get("ParentShardId")
                closed = "EndingSequenceNumber" in shard.get("SequenceNumberRange", {})
                yield Shard(shard["ShardId"], (parent,) if parent else (), closed)
            if "LastEvaluatedShardId" not in page:
                return
            request["ExclusiveStartShardId"] = page["LastEvaluatedShardId"]

    def iterator(self, shard: str, checkpoint: Checkpoint) -> str:
        """A table's stream knows no time: what is older than the start is left out on reading."""
        request = {"StreamArn": self._arn, "ShardId": shard}
        try:
            answer = self._client.get_shard_iterator(
                **request, **_position(checkpoint, "SequenceNumber")
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _POSITION_LOST:
                raise
            answer = self._client.get_shard_iterator(**request, ShardIteratorType="TRIM_HORIZON")
        return answer["ShardIterator"]

    def read(self, shard: str, iterator: str) -> tuple[list[Record], str | None]:  # noqa: ARG002
        answer = self._client.get_records(ShardIterator=iterator, Limit=RECORDS_A_READ_MAX)
        return [self._record(each) for each in answer["Records"]], answer.get("NextShardIterator")

    def document(self, record: Record) -> dict[str, Any]:
        return record.event

    def _record(self, raw: dict[str, Any]) -> Record:
        change = raw["dynamodb"]
        text = json.dumps({**raw, "eventSourceARN": self._arn}, default=_wire)
        return Record(
            sequence=change["SequenceNumber"],
            key=json.dumps(change["Keys"], sort_keys=True, default=_wire),
            arrived_at=change["ApproximateCreationDateTime"].timestamp(),
            event=json.loads(text),
            size=len(text),
        )


def _wire(value: Any) -> Any:
    """What Lambda makes of the two types that JSON lacks: bytes and times."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp()
