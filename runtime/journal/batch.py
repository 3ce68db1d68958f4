"""A batch of a Kinesis event through a projection.

It stops at the first record that cannot be read. Stores keep the newest version, so what is
delivered twice, because it lies behind a failure, changes nothing the second time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runtime.ads.revision import AdRevision
from runtime.journal.errors import RecordError
from runtime.journal.projection import Failure, Projection
from runtime.journal.response import BatchFailures
from runtime.journal.revisions import revisions, salvage


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a batch."""

    projected: Sequence[AdRevision]
    """The revisions that the store holds now, or newer ones."""
    failures: BatchFailures

    def lag_ms(self, now: datetime) -> float:
        """From the oldest commit projected until now, in milliseconds; 0 where there was none."""
        times = [datetime.fromisoformat(one.tx_time) for one in self.projected]
        return (now - min(times)).total_seconds() * 1000 if times else 0.0


@dataclass(slots=True)
class _Reading:
    """What a batch holds, as far as it can be read."""

    revisions: list[AdRevision] = field(default_factory=list[AdRevision])
    origins: dict[str, int] = field(default_factory=dict[str, int])
    """The position of the first record about each ad."""
    failures: dict[int, list[Failure]] = field(default_factory=dict[int, list[Failure]])

    def add(self, position: int, found: Sequence[AdRevision]) -> None:
        self.revisions += found
        for revision in found:
            self.origins.setdefault(revision.ad_id, position)


def process(records: Sequence[Mapping[str, Any]], project: Projection) -> Result:
    """Project the batch up to the first record that cannot be read.

    Of that record whatever can be read is projected too, since no retry will read more of it.
    """
    reading = _read(records)
    refused = project(reading.revisions)
    for ad_id, failure in refused.items():
        reading.failures.setdefault(reading.origins[ad_id], []).append(failure)
    sequence_numbers = [record["kinesis"]["sequenceNumber"] for record in records]
    return Result(
        [one for one in reading.revisions if one.ad_id not in refused],
        BatchFailures(sequence_numbers, reading.failures),
    )


def _read(records: Sequence[Mapping[str, Any]]) -> _Reading:
    reading = _Reading()
    for position, record in enumerate(records):
        try:
            reading.add(position, revisions(record))
        except RecordError as error:
            reading.failures[position] = [Failure(f"it cannot be read: {error}", lasting=True)]
            reading.add(position, salvage(record))
            break
    return reading
