"""Aggregates to Kinesis, lane by lane: within a lane nothing overtakes, not even by a retry."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

CALL_RECORDS_MAX = 500
CALL_BYTES_MAX = 5_000_000
"""Kinesis takes 5 MiB a call, partition keys included."""
ATTEMPTS_MAX = 6
"""Of one aggregate, one after the other."""
BACKOFF_BASE_S = 0.05
BACKOFF_MAX_S = 1.0


class PutRecordsClient(Protocol):
    """What is used of boto3's Kinesis client."""

    def put_records(self, **arguments: Any) -> Mapping[str, Any]:
        """Append up to 500 records, each of which may fail by itself."""
        ...


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One Kinesis record to be."""

    lane: str
    data: bytes
    first_block: int
    """Position in the batch of the block that its first user record is from."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A lane that got no further."""

    first_block: int
    """The earliest block that is not wholly in the stream."""
    reason: str


class Lanes:
    """The stream, written so that each lane keeps its order."""

    def __init__(
        self,
        client: PutRecordsClient,
        stream_name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._stream_name = stream_name
        self._sleep = sleep

    def send(self, aggregates: Sequence[Aggregate]) -> list[Stuck]:
        """Send every lane's aggregates in order, one in flight a lane; the lanes that got stuck."""
        waiting: dict[str, deque[Aggregate]] = {}
        for aggregate in aggregates:
            waiting.setdefault(aggregate.lane, deque()).append(aggregate)
        attempts = dict.fromkeys(waiting, 0)
        stuck: list[Stuck] = []
        while waiting:
            errors = self._round([lane[0] for lane in waiting.values()])
            for lane, error in errors.items():
                if error is None:
                    waiting[lane].popleft()
                    attempts[lane] = 0
                    if not waiting[lane]:
                        del waiting[lane]
                    continue
                attempts[lane] += 1
                if attempts[lane] == ATTEMPTS_MAX:
                    stuck.append(Stuck(waiting.pop(lane)[0].first_block, error))
            retried = [attempts[lane] for lane in waiting if attempts[lane]]
            if retried:
                self._sleep(_backoff_s(max(retried)))
        return stuck

    def _round(self, heads: Sequence[Aggregate]) -> dict[str, str | None]:
        """Send one aggregate of each lane; why it failed, by lane, None where it did not."""
        errors: dict[str, str | None] = {}
        for call in _calls(heads):
            results = self._put(call)
            errors |= {one.lane: result for one, result in zip(call, results, strict=True)}
        return errors

    def _put(self, call: Sequence[Aggregate]) -> list[str | None]:
        records = [{"Data": one.data, "PartitionKey": one.lane} for one in call]
        try:
            answer = self._client.put_records(StreamName=self._stream_name, Records=records)
        except (ClientError, BotoCoreError) as error:
            return [f"stream {self._stream_name} takes no records: {error}"] * len(call)
        return [_error_of(result) for result in answer["Records"]]


def _error_of(result: Mapping[str, Any]) -> str | None:
    code = result.get("ErrorCode")
    return None if code is None else f"{code}: {result.get('ErrorMessage')}"


def _calls(aggregates: Sequence[Aggregate]) -> Iterator[list[Aggregate]]:
    """The aggregates in as few calls as the limits on records and bytes allow."""
    call: list[Aggregate] = []
    size = 0
    for aggregate in aggregates:
        added = len(aggregate.data) + len(aggregate.lane)
        if call and (len(call) == CALL_RECORDS_MAX or size + added > CALL_BYTES_MAX):
            yield call
            call, size = [], 0
        call.append(aggregate)
        size += added
    if call:
        yield call


def _backoff_s(attempt: int) -> float:
    """Exponential, its second half random, so that publishers do not retry in step."""
    full = min(BACKOFF_BASE_S * 2 ** (attempt - 1), BACKOFF_MAX_S)
    return full * (0.5 + random.random() / 2)  # noqa: S311
