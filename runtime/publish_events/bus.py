"""Events to EventBridge: of one ad in order, of many ads side by side.

EventBridge takes or refuses each entry of a call by itself. An ad's next event is therefore sent
only once the one before has been taken; a call holds events of different ads. Where a call's
outcome is unknown its events are sent again: consumers know them by their ids.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

CALL_ENTRIES_MAX = 10
CALL_BYTES_MAX = 256 * 1024
TIME_BYTES = 14
"""What EventBridge counts for an entry's time."""
CALLS_MAX = 4
"""Calls under way at once."""
ATTEMPTS_MAX = 6
"""Of one event, one after the other."""
BACKOFF_BASE_S = 0.05
BACKOFF_MAX_S = 1.0
SENDING_S_MAX = 20.0
"""After this long no further call is begun: the batch goes on from there in the next delivery.
With the calls under way it stays below the time that a worker at a stream is given."""


class PutEventsClient(Protocol):
    """What is used of boto3's EventBridge client."""

    def put_events(self, **arguments: Any) -> Mapping[str, Any]:
        """Send up to 10 events, each of which may fail by itself."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be sent."""

    ad_id: str
    source: str
    detail_type: str
    time: str
    """ISO 8601: when what it tells of happened."""
    detail: str
    """JSON."""
    position: int
    """In the batch, of the record that it stems from."""

    @property
    def size_bytes(self) -> int:
        """As EventBridge counts it."""
        texts = (self.source, self.detail_type, self.detail)
        return TIME_BYTES + sum(len(text.encode()) for text in texts)


@dataclass(frozen=True, slots=True)
class Stuck:
    """An ad of which no further event was taken."""

    position: int
    """Of its first event that was not taken."""
    reason: str


@dataclass(slots=True)
class Sent:
    """What became of entries; of the others the outcome is not known, or they were not sent."""

    taken: list[Entry] = field(default_factory=list[Entry])
    stuck: list[Stuck] = field(default_factory=list[Stuck])


class EventBus:
    """The bus, written so that each ad's events keep their order."""

    def __init__(
        self,
        client: PutEventsClient,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep
        self._clock = clock

    def send(self, entries: Iterable[Entry]) -> Sent:
        """Send each ad's events in order; no ad is stuck where all were taken.

        Once one is, nothing is sent of later records: they will be delivered again.
        """
        sending = _Sending(entries)
        ends_at_s = self._clock() + SENDING_S_MAX
        with ThreadPoolExecutor(CALLS_MAX) as pool:
            while heads := sending.heads():
                if self._clock() >= ends_at_s:
                    sending.stop(f"{SENDING_S_MAX:.0f} seconds were too few for this batch")
                    break
                calls = list(_calls(heads))
                for call, errors in zip(calls, pool.map(self._put, calls), strict=True):
                    sending.note(call, errors)
                attempt = sending.attempts_most
                if attempt:
                    self._sleep(_backoff_s(attempt))
        return sending.sent

    def _put(self, call: Sequence[Entry]) -> list[str | None]:
        """Why each entry was not taken, as far as is known; None where it was."""
        try:
            answer = self._client.put_events(Entries=[self._wire(entry) for entry in call])
        except (ClientError, BotoCoreError) as error:
            return [f"bus {self._name} does not answer: {error}"] * len(call)
        return [_error_of(result) for result in answer["Entries"]]

    def _wire(self, entry: Entry) -> dict[str, Any]:
        return {
            "EventBusName": self._name,
            "Source": entry.source,
            "DetailType": entry.detail_type,
            "Time": datetime.fromisoformat(entry.time),
            "Detail": entry.detail,
        }


class _Sending:
    """What waits, how often it was tried, and who got stuck."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.sent = Sent()
        self._waiting: dict[str, deque[Entry]] = {}
        for entry in entries:
            self._waiting.setdefault(entry.ad_id, deque()).append(entry)
        self._attempts = dict.fromkeys(self._waiting, 0)

    @property
    def attempts_most(self) -> int:
        """How often in vain the most unlucky of the events that wait was sent."""
        return max((self._attempts[ad_id] for ad_id in self._waiting), default=0)

    def heads(self) -> list[Entry]:
        """The next event of each ad, of as many ads as are sent at once.

        None is from behind the first record that got stuck.
        """
        if self.sent.stuck:
            last = min(stuck.position for stuck in self.sent.stuck)
            later = [ad_id for ad_id, queue in self._waiting.items() if queue[0].position > last]
            for ad_id in later:
                del self._waiting[ad_id]
        ads = islice(self._waiting.values(), CALLS_MAX * CALL_ENTRIES_MAX)
        return [queue[0] for queue in ads]

    def note(self, call: Sequence[Entry], errors: Sequence[str | None]) -> None:
        """Take the call's outcome in: an error for each entry, None where it was taken."""
        for entry, error in zip(call, errors, strict=True):
            if error is None:
                self._taken(entry)
            else:
                self._refused(entry, error)

    def stop(self, reason: str) -> None:
        """Give up on all that wait."""
        waiting = self._waiting.values()
        self.sent.stuck += [Stuck(queue[0].position, reason) for queue in waiting]

    def _taken(self, entry: Entry) -> None:
        queue = self._waiting[entry.ad_id]
        self.sent.taken.append(queue.popleft())
        self._attempts[entry.ad_id] = 0
        if not queue:
            del self._waiting[entry.ad_id]

    def _refused(self, entry: Entry, error: str) -> None:
        self._attempts[entry.ad_id] += 1
        if self._attempts[entry.ad_id] == ATTEMPTS_MAX:
            del self._waiting[entry.ad_id]
            self.sent.stuck.append(Stuck(entry.position, error))


def _error_of(result: Mapping[str, Any]) -> str | None:
    code = result.get("ErrorCode")
    return None if code is None else f"{code}: {result.get('ErrorMessage')}"


def _calls(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in as few calls as the limits on entries and bytes allow."""
    call: list[Entry] = []
    size = 0
    for entry in entries:
        added = entry.size_bytes
        if call and (len(call) == CALL_ENTRIES_MAX or size + added > CALL_BYTES_MAX):
            yield call
            call, size = [], 0
        call.append(entry)
        size += added
    if call:
        yield call


def _backoff_s(attempt: int) -> float:
    """Exponential, its second half random, so that workers do not retry in step."""
    full = min(BACKOFF_BASE_S * 2 ** (attempt - 1), BACKOFF_MAX_S)
    return full * (0.5 + random.random() / 2)  # noqa: S311
