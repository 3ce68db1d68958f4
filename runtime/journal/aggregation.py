"""KPL aggregation: many user records in one Kinesis record, by lane, and back."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import md5, sha256

from aws_kinesis_agg import DIGEST_SIZE, MAGIC

# The package finds its own protobuf modules only once its aggregator has been imported.
from aws_kinesis_agg.aggregator import AggRecord
from aws_kinesis_agg.messages_pb2 import AggregatedRecord
from google.protobuf.message import DecodeError

from runtime.journal.errors import DamagedRecordError, RecordTooLargeError

LANES = 16
RECORD_BYTES_MAX = 1_048_576
"""Kinesis' limit on a record, its partition key included."""
AGGREGATE_BYTES_TARGET = 262_144
"""Above this a new aggregate is begun, so that one record takes a quarter of a shard's second."""
USER_RECORD_BYTES_MAX = RECORD_BYTES_MAX - 1024
"""What the envelope and the lane's name leave to the only user record of an aggregate."""
_ENVELOPE_BYTES = len(MAGIC) + DIGEST_SIZE


def lane_of(key: str) -> str:
    """The partition key shared by everything that must stay in the order of this key.

    A document's revisions go by the document id, a ledger's block summaries by its strand id.
    """
    return f"lane-{int.from_bytes(sha256(key.encode()).digest()[:8], 'big') % LANES:02d}"


def require_fit(record: bytes) -> None:
    """Raise RecordTooLargeError for a user record that no Kinesis record can hold."""
    if len(record) > USER_RECORD_BYTES_MAX:
        raise RecordTooLargeError(
            f"a stream record of {len(record)} bytes exceeds what a Kinesis record holds "
            f"({USER_RECORD_BYTES_MAX} bytes): its transaction has to be smaller"
        )


def aggregate(lane: str, records: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Pack records, in order, into as few Kinesis records as the target size allows.

    Yields each aggregate with how many user records it holds. Every user record carries the lane as
    its partition key: consumers that know their shard's hash range drop those that lie outside it.
    Raises RecordTooLargeError for a record that fits in no aggregate.
    """
    packed = AggRecord(AGGREGATE_BYTES_TARGET)
    for record in records:
        if _fits(packed, lane, record):
            continue
        if packed.get_num_user_records():
            yield packed.get_contents()[2], packed.get_num_user_records()
        packed = AggRecord(AGGREGATE_BYTES_TARGET)
        if not _fits(packed, lane, record):
            yield _alone(lane, record), 1
    if packed.get_num_user_records():
        yield packed.get_contents()[2], packed.get_num_user_records()


def _fits(packed: AggRecord, lane: str, record: bytes) -> bool:
    try:
        return packed.add_user_record(lane, record)
    except ValueError:
        return False


def _alone(lane: str, record: bytes) -> bytes:
    require_fit(record)
    packed = AggRecord(RECORD_BYTES_MAX - len(lane))
    packed.add_user_record(lane, record)
    return packed.get_contents()[2]


def deaggregate(data: bytes) -> Sequence[bytes]:
    """The user records of one Kinesis record; a record that is no aggregate is its own user record.

    Raises DamagedRecordError for an aggregate whose checksum or structure is wrong.
    """
    if not data.startswith(MAGIC):
        return (data,)
    if len(data) <= _ENVELOPE_BYTES:
        raise DamagedRecordError(f"an aggregate of {len(data)} bytes ends within its envelope")
    body = data[len(MAGIC) : -DIGEST_SIZE]
    if md5(body, usedforsecurity=False).digest() != data[-DIGEST_SIZE:]:
        raise DamagedRecordError(f"an aggregate of {len(data)} bytes fails its MD5 checksum")
    try:
        return [record.data for record in AggregatedRecord.FromString(body).records]
    except DecodeError as error:
        raise DamagedRecordError(
            f"an aggregate of {len(data)} bytes is no protobuf: {error}"
        ) from error
