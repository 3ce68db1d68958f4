"""One batch to its function, until every record of it is processed or discarded."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local.event_sources.mappings import Mapping
from local.event_sources.sources import Record

DELAY_S_MIN = 0.1
DELAY_S_MAX = 30.0

log = logging.getLogger(__name__)


class NotInvokedError(Exception):
    """The function was not reached: throttled, missing, or the service is away."""


class FunctionError(Exception):
    """The function was reached and failed, or its answer was lost."""


class Invoke(Protocol):
    """Calls a function and waits for its answer."""

    def __call__(self, function_arn: str, payload: str) -> Any:
        """The function's result, as JSON values.

        Raises NotInvokedError when it was not called, FunctionError when it failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Discarded:
    """Records given up, and why."""

    records: Sequence[Record]
    condition: str
    """RetryAttemptsExhausted or RecordAgeExceeded."""
    invoked_count: int


@dataclass(slots=True)
class _Part:
    records: list[Record]
    attempts: int = 0


class Delivery:
    """Delivers batches of one lane, one at a time and in order."""

    def __init__(
        self,
        mapping: Mapping,
        invoke: Invoke,
        leave: Callable[[Sequence[Record]], None],
        discard: Callable[[Discarded], None],
        stopping: threading.Event,
    ) -> None:
        """`leave` hears of records that are through; `discard` reports those given up."""
        self._mapping, self._invoke = mapping, invoke
        self._leave, self._discard, self._stopping = leave, discard, stopping

    def deliver(self, batch: list[Record]) -> None:
        """Return when nothing of the batch is left, or at once when the lane is to stop."""
        parts = deque([_Part(batch)])
        while parts and not self._stopping.is_set():
            part = parts.popleft()
            if self._drop_old(part) and not part.records:
                continue
            try:
                answer = self._invoke(self._mapping.function_arn, _payload(part.records))
            except NotInvokedError as error:
                log.warning("%s was not invoked: %s", self._mapping.function_name, error)
                parts.appendleft(part)
                self._pause(part, attempts=part.attempts + 1)
                continue
            except FunctionError as error:
                log.warning("%s failed: %s", self._mapping.function_name, error)
                failed = 0
            else:
                failed = self._first_failed(part.records, answer)
            self._settle(part, failed, parts)

    def _settle(self, part: _Part, failed: int | None, parts: deque[_Part]) -> None:
        """Take out what went through; split, retry or give up the rest."""
        if failed is None:
            self._leave(part.records)
            return
        if failed:
            self._leave(part.records[:failed])
            part = _Part(part.records[failed:])
        elif self._mapping.bisects and len(part.records) > 1:
            half = len(part.records) // 2
            parts.appendleft(_Part(part.records[half:], part.attempts))
            parts.appendleft(_Part(part.records[:half], part.attempts))
            return  # A split is no attempt.
        part.attempts += 1
        limit = self._mapping.attempts_max
        if limit is not None and part.attempts >= limit:
            self._give_up(part.records, "RetryAttemptsExhausted", part.attempts)
            return
        parts.appendleft(part)
        self._pause(part, part.attempts)

    def _first_failed(self, records: Sequence[Record], answer: Any) -> int | None:
        """Where to go on: None when all are through, 0 when none is.

        An identifier that is empty, missing or of another batch means that all failed.
        """
        if not self._mapping.reports_items or answer in (None, "", {}):
            return None
        failures = answer.get("batchItemFailures") if isinstance(answer, dict) else 0
        if isinstance(answer, dict) and failures in (None, []):
            return None
        if not isinstance(failures, list):
            return 0
        places = {record.sequence: place for place, record in enumerate(records)}
        return min(places.get(_identifier(failure), 0) for failure in failures)

    def _drop_old(self, part: _Part) -> bool:
        limit_s = self._mapping.record_age_s_max
        if limit_s is None:
            return False
        oldest = time.time() - limit_s
        old = [record for record in part.records if record.arrived_at < oldest]
        if old:
            self._give_up(old, "RecordAgeExceeded", part.attempts)
            part.records = [record for record in part.records if record.arrived_at >= oldest]
        return bool(old)

    def _give_up(self, records: list[Record], condition: str, attempts: int) -> None:
        log.error(
            "%s: %d records are discarded: %s",
            *(self._mapping.function_name, len(records), condition),
        )
        self._discard(Discarded(records, condition, attempts))
        self._leave(records)

    def _pause(self, part: _Part, attempts: int) -> None:
        """Wait longer each time, but not past the moment when the first record is too old."""
        delay_s = min(DELAY_S_MIN * 2 ** min(attempts - 1, 16), DELAY_S_MAX)
        limit_s = self._mapping.record_age_s_max
        if limit_s is not None:
            left_s = part.records[0].arrived_at + limit_s - time.time()
            delay_s = max(DELAY_S_MIN, min(delay_s, left_s))
        self._stopping.wait(delay_s)


def _identifier(failure: Any) -> str:
    return str(failure.get("itemIdentifier")) if isinstance(failure, dict) else ""


def _payload(records: Sequence[Record]) -> str:
    return json.dumps({"Records": [record.event for record in records]})
