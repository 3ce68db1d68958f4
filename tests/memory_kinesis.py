"""Kinesis in memory: records by lane in the order they were taken, failures as told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.journal_blocks import kinesis_event

Fails = Callable[[int, str], str | None]
"""Given the number of the call and the lane: the error code of the record, None to take it."""


def never(_call: int, _lane: str) -> str | None:
    return None


@dataclass
class MemoryKinesis:
    """Takes what PutRecords takes, within its limits."""

    fails: Fails = never
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)
    """The lanes of each call."""

    def put_records(self, **arguments: Any) -> Mapping[str, Any]:
        records = arguments["Records"]
        sizes = [len(record["Data"]) + len(record["PartitionKey"]) for record in records]
        assert len(records) <= 500
        assert max(sizes) <= 1_048_576
        assert sum(sizes) <= 5 * 1024 * 1024
        self.calls.append([record["PartitionKey"] for record in records])
        results = [self._take(record) for record in records]
        return {"FailedRecordCount": sum("ErrorCode" in one for one in results), "Records": results}

    def _take(self, record: Mapping[str, Any]) -> dict[str, Any]:
        lane = record["PartitionKey"]
        code = self.fails(len(self.calls), lane)
        if code is not None:
            return {"ErrorCode": code, "ErrorMessage": "because"}
        self.taken.append((lane, record["Data"]))
        return {"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"}

    def lane(self, lane: str) -> list[bytes]:
        """What a lane holds, in order."""
        return [data for name, data in self.taken if name == lane]

    def event(self) -> dict[str, Any]:
        """Everything taken, as one event."""
        return kinesis_event(*(data for _, data in self.taken))


@dataclass
class FailingKinesis:
    """Refuses whole calls a number of times, then hands over to another client."""

    failures: int
    behind: MemoryKinesis

    def put_records(self, **arguments: Any) -> Mapping[str, Any]:
        if self.failures:
            self.failures -= 1
            error = {"Error": {"Code": "KMSThrottlingException", "Message": "slow"}}
            raise ClientError(error, "PutRecords")
        return self.behind.put_records(**arguments)
