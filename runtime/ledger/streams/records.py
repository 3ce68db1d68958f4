"""A stream's records as Kinesis records: aggregated by lane, or each by itself."""

from collections.abc import Iterable, Iterator
from typing import Final

from runtime.journal.aggregation import aggregate, lane_of, require_fit
from runtime.journal.records import StreamRecord
from runtime.ledger import ion
from runtime.publish_journal.lanes import Aggregate

CREATED: Final = "CREATED"
COMPLETED: Final = "COMPLETED"


def control_record(kind: str, stream_arn: str) -> StreamRecord:
    """The record that is a stream's first, CREATED, or its last, COMPLETED."""
    record = {
        "qldbStreamArn": stream_arn,
        "recordType": "CONTROL",
        "payload": {"controlRecordType": kind},
    }
    return StreamRecord(stream_arn, ion.encode(record))


def kinesis_records(records: Iterable[StreamRecord], *, aggregated: bool) -> list[Aggregate]:
    """What is put into Kinesis, numbered; within a lane the records' order is kept.

    Aggregated records share a few lanes; others have one for every document and for the strand.
    Raises RecordTooLargeError for a record that Kinesis cannot hold.
    """
    lanes: dict[str, list[bytes]] = {}
    for record in records:
        require_fit(record.data)
        lanes.setdefault(lane_of(record.key) if aggregated else record.key, []).append(record.data)
    packed = (
        (lane, data)
        for lane, waiting in lanes.items()
        for data in (_aggregates(lane, waiting) if aggregated else waiting)
    )
    return [Aggregate(lane, data, number) for number, (lane, data) in enumerate(packed)]


def _aggregates(lane: str, records: list[bytes]) -> Iterator[bytes]:
    return (data for data, _ in aggregate(lane, records))
