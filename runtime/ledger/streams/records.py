"""A stream's records as Kinesis records, so that they arrive in the journal's order.

Aggregated, all have one partition key: one shard takes them one after the other, whatever has to be
tried again. That is a megabyte a second, the blocks of some hundred small transactions.

Otherwise each is a Kinesis record of its own, a document's under its id, a block's summary under
its strand's, and a block is begun when the one before it is wholly in the stream.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from runtime.journal.aggregation import aggregate, require_fit
from runtime.journal.records import StreamRecord
from runtime.ledger import ion
from runtime.publish_journal.lanes import Aggregate

CREATED: Final = "CREATED"
COMPLETED: Final = "COMPLETED"


def stream_key(stream_arn: str) -> str:
    """The partition key of what belongs to the whole stream: its id."""
    return stream_arn.rpartition("/")[2]


def control_record(kind: str, stream_arn: str) -> StreamRecord:
    """The record that is a stream's first, CREATED, or its last, COMPLETED."""
    record = {
        "qldbStreamArn": stream_arn,
        "recordType": "CONTROL",
        "payload": {"controlRecordType": kind},
    }
    return StreamRecord(stream_key(stream_arn), ion.encode(record))


def aggregated(blocks: Sequence[Sequence[StreamRecord]], key: str) -> Iterator[list[Aggregate]]:
    """What is sent of these blocks' records: aggregates one after the other, under one key.

    Raises RecordTooLargeError for a record that Kinesis cannot hold, before anything is sent.
    """
    packed = aggregate(key, (record.data for block in blocks for record in block))
    yield [Aggregate(key, data, number) for number, (data, _) in enumerate(packed)]


def single(blocks: Sequence[Sequence[StreamRecord]]) -> Iterator[list[Aggregate]]:
    """What is sent of these blocks' records: one block's, then the next one's.

    Raises RecordTooLargeError for a record that Kinesis cannot hold, before anything is sent.
    """
    for block in blocks:
        for record in block:
            require_fit(record.data)
    for block in blocks:
        yield [Aggregate(record.key, record.data, number) for number, record in enumerate(block)]
