"""Revisions of a Kinesis event's batch to the event bus, and where the batch has to go on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runtime.ad_events.following import event_of
from runtime.ad_events.shapes import SOURCE
from runtime.ad_events.sizes import detail
from runtime.ads.revision import AdRevision
from runtime.journal.errors import RecordError
from runtime.journal.projection import Failure
from runtime.journal.response import BatchFailures
from runtime.journal.revisions import revisions, salvage
from runtime.publish_events.bus import Entry, EventBus
from runtime.publish_events.errors import EventError, HistoryGapError
from runtime.publish_events.history import History, Version


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a batch."""

    sent: Sequence[Entry]
    """The events that the bus took."""
    failures: BatchFailures

    def lag_ms(self, now: datetime) -> float:
        """From the oldest commit told of until now, in milliseconds; 0 where there was none."""
        times = [datetime.fromisoformat(entry.time) for entry in self.sent]
        return (now - min(times)).total_seconds() * 1000 if times else 0.0


@dataclass(slots=True)
class _Reading:
    """What a batch holds, as far as it can be read; each version once, in order."""

    revisions: dict[Version, AdRevision] = field(default_factory=dict[Version, AdRevision])
    positions: dict[Version, int] = field(default_factory=dict[Version, int])
    """Of the record that each stems from."""
    failures: dict[int, list[Failure]] = field(default_factory=dict[int, list[Failure]])

    def add(self, position: int, found: Sequence[AdRevision]) -> None:
        for revision in found:
            version = (revision.ad_id, revision.version)
            self.revisions.setdefault(version, revision)
            self.positions.setdefault(version, position)

    def fail(self, position: int, reason: str, *, lasting: bool) -> None:
        self.failures.setdefault(position, []).append(Failure(reason, lasting))


@dataclass(frozen=True, slots=True)
class EventPublisher:
    """Tells of each revision once or more, never of a later one before an earlier."""

    history: History
    bus: EventBus

    def publish(self, records: Sequence[Mapping[str, Any]]) -> Result:
        """Send the events of these Kinesis records, up to the first that cannot be read."""
        reading = _read(records)
        sent = self.bus.send(self._entries(reading))
        for stuck in sent.stuck:
            reading.fail(stuck.position, stuck.reason, lasting=False)
        sequence_numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        return Result(sent.taken, BatchFailures(sequence_numbers, reading.failures))

    def _entries(self, reading: _Reading) -> Iterator[Entry]:
        """An event a revision; of an ad none behind the first that cannot be made."""
        stuck: set[str] = set()
        for version, previous in self._with_previous(reading):
            revision, position = reading.revisions[version], reading.positions[version]
            if revision.ad_id in stuck:
                continue
            if isinstance(previous, EventError):
                stuck.add(revision.ad_id)
                lasting = isinstance(previous, HistoryGapError)
                reading.fail(position, str(previous), lasting=lasting)
                continue
            event = event_of(revision, previous)
            kind, time = type(event).__name__, revision.tx_time
            yield Entry(revision.ad_id, SOURCE, kind, time, detail(event), position)

    def _with_previous(
        self, reading: _Reading
    ) -> Iterator[tuple[Version, AdRevision | EventError | None]]:
        """Each version with the one before: of the batch itself, or else of the ledger."""
        before = {(ad_id, n): (ad_id, n - 1) for ad_id, n in reading.revisions if n > 0}
        read = self.history.read(v for v in before.values() if v not in reading.revisions)
        known = {**reading.revisions, **read}
        for version in reading.revisions:
            yield version, known[before[version]] if version in before else None


def _read(records: Sequence[Mapping[str, Any]]) -> _Reading:
    reading = _Reading()
    for position, record in enumerate(records):
        try:
            reading.add(position, revisions(record))
        except RecordError as error:
            reading.fail(position, f"it cannot be read: {error}", lasting=True)
            if len(records) == 1:  # No try will read more of it, and this one is its own.
                reading.add(position, salvage(record))
            break
    return reading
