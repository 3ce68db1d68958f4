"""Streams, functions and clocks held in memory."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from local.event_sources.checkpoints import Checkpoint
from local.event_sources.delivery import FunctionError
from local.event_sources.mappings import Mapping, parse
from local.event_sources.sources import Record, Shard

ARN = "arn:aws:kinesis:eu-west-1:000000000000:stream/ads"
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:project"
WAIT_S_MAX = 10.0


def mapping(**answer: Any) -> Mapping:
    """A mapping as Lambda describes it, changed in some fields."""
    return parse(
        {
            "UUID": "mapping-1",
            "EventSourceArn": ARN,
            "FunctionArn": FUNCTION,
            "State": "Enabled",
            "StartingPosition": "TRIM_HORIZON",
            **answer,
        }
    )


def record(number: int, key: str = "ad", *, age_s: float = 0, size: int = 100) -> Record:
    """The record with this sequence number."""
    event = {"kinesis": {"sequenceNumber": f"{number:04d}", "partitionKey": key}}
    return Record(f"{number:04d}", key, time.time() - age_s, event, size)


def records(count: int, **options: Any) -> list[Record]:
    return [record(number, **options) for number in range(count)]


class MemoryFunction:
    """An Invoke that keeps the sequence numbers of each call and answers as it is told."""

    def __init__(self, answer: Callable[[list[str]], Any] = lambda _: None) -> None:
        self.answer = answer
        self.calls: list[list[str]] = []
        self._lock = threading.Lock()

    def __call__(self, function_arn: str, payload: str) -> Any:
        numbers = [each["kinesis"]["sequenceNumber"] for each in json.loads(payload)["Records"]]
        with self._lock:
            self.calls.append(numbers)
        return self.answer(numbers)

    @property
    def seen(self) -> list[str]:
        return [number for call in self.calls for number in call]


def failing_on(*poison: str) -> Callable[[list[str]], Any]:
    """A function that raises when one of these is in its batch."""

    def answer(numbers: list[str]) -> None:
        if set(numbers) & set(poison):
            raise FunctionError("poison")

    return answer


def reporting(*poison: str) -> Callable[[list[str]], Any]:
    """A function that reports these as failed items."""
    return lambda numbers: {
        "batchItemFailures": [{"itemIdentifier": n} for n in numbers if n in poison]
    }


class MemorySource:
    """A Source over lists of records by shard; a shard in `closed` ends after its last."""

    def __init__(self, shards: dict[str, list[Record]]) -> None:
        self.records = shards
        self.closed: set[str] = set()
        self.parents: dict[str, tuple[str, ...]] = {}

    def shards(self) -> Iterator[Shard]:
        for name in list(self.records):
            yield Shard(name, self.parents.get(name, ()), name in self.closed)

    def iterator(self, shard: str, checkpoint: Checkpoint) -> str:
        if checkpoint.sequence is None and checkpoint.started_at is not None:
            at = checkpoint.started_at
            before = sum(each.arrived_at < at for each in self.records[shard])
        else:
            before = sum(
                each.sequence <= (checkpoint.sequence or "") for each in self.records[shard]
            )
        return str(before)

    def read(self, shard: str, iterator: str) -> tuple[list[Record], str | None]:
        found = self.records[shard][int(iterator) :][:1000]
        reached = int(iterator) + len(found)
        ended = shard in self.closed and reached == len(self.records[shard])
        return found, None if ended else str(reached)

    def document(self, record: Record) -> dict[str, Any]:
        return record.event["kinesis"]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.005)
