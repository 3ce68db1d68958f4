"""Blocks of a DynamoDB stream's batch to the journal stream, and where the batch has to go on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.journal.aggregation import aggregate, lane_of, require_fit
from runtime.journal.errors import BlockError, RecordTooLargeError
from runtime.journal.projection import Failure
from runtime.journal.records import StreamRecord, block_records, shortened
from runtime.journal.response import BatchFailures
from runtime.publish_journal.blocks import JournalTable, block_image, require_sealed
from runtime.publish_journal.errors import JournalUnavailableError
from runtime.publish_journal.lanes import Aggregate, Lanes


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a batch."""

    blocks: int
    """How many were found and read."""
    shortened: Sequence[str]
    """Blocks whose summary was too large for the stream and went without its statements."""
    failures: BatchFailures


@dataclass(slots=True)
class _Reading:
    blocks: int = 0
    shortened: list[str] = field(default_factory=list[str])
    lanes: dict[str, list[tuple[int, bytes]]] = field(
        default_factory=dict[str, list[tuple[int, bytes]]]
    )
    """Stream records by lane, each with the position of its block in the batch."""
    failures: dict[int, list[Failure]] = field(default_factory=dict[int, list[Failure]])

    def add(self, position: int, records: Sequence[StreamRecord]) -> None:
        self.blocks += bool(records)
        for record in records:
            self.lanes.setdefault(lane_of(record.key), []).append((position, record.data))


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes blocks; a block may be published more than once, never after a later one alone."""

    table: JournalTable
    lanes: Lanes
    stream_arn: str

    def publish(self, records: Sequence[Mapping[str, Any]]) -> Result:
        """Publish the blocks among these stream records, up to the first that cannot be read."""
        reading = self._read(records)
        for stuck in self.lanes.send(list(_aggregates(reading))):
            failure = Failure(stuck.reason, lasting=False)
            reading.failures.setdefault(stuck.first_block, []).append(failure)
        sequence_numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        return Result(
            reading.blocks, reading.shortened, BatchFailures(sequence_numbers, reading.failures)
        )

    def _read(self, records: Sequence[Mapping[str, Any]]) -> _Reading:
        reading = _Reading()
        for position, record in enumerate(records):
            try:
                reading.add(position, self._records(record, reading.shortened))
            except (BlockError, RecordTooLargeError) as error:
                reading.failures[position] = [Failure(str(error), lasting=True)]
                break
            except JournalUnavailableError as error:
                reading.failures[position] = [Failure(str(error), lasting=False)]
                break
        return reading

    def _records(self, record: Mapping[str, Any], shortened_too: list[str]) -> list[StreamRecord]:
        image = block_image(record)
        if image is None:
            return []
        block_ion = self.table.block_ion(image)
        require_sealed(image, block_ion)
        summary, *details = block_records(block_ion, self.stream_arn)
        for one in details:
            require_fit(one.data)
        try:
            require_fit(summary.data)
        except RecordTooLargeError as error:
            # Projections need the revisions alone; without this block they would stay behind.
            shortened_too.append(f"item {image.partition} {image.sort}: {error}")
            summary = shortened(summary)
        return [summary, *details]


def _aggregates(reading: _Reading) -> Iterator[Aggregate]:
    for lane, records in reading.lanes.items():
        at = 0
        for data, count in aggregate(lane, [data for _, data in records]):
            yield Aggregate(lane, data, first_block=records[at][0])
            at += count
