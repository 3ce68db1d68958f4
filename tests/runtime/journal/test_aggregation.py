"""KPL aggregation, read back by our reader and by the library's own."""

from base64 import b64encode

import pytest
from aws_kinesis_agg.deaggregator import deaggregate_records
from hypothesis import given
from hypothesis import strategies as st

from runtime.journal.aggregation import (
    AGGREGATE_BYTES_TARGET,
    LANES,
    RECORD_BYTES_MAX,
    USER_RECORD_BYTES_MAX,
    aggregate,
    deaggregate,
    lane_of,
    require_fit,
)
from runtime.journal.errors import DamagedRecordError, RecordTooLargeError
from tests.journal_blocks import ad_id_of, aggregated

RECORDS = st.lists(st.binary(max_size=300), min_size=1, max_size=20)


@given(RECORDS)
def test_what_is_aggregated_comes_back(records: list[bytes]) -> None:
    assert list(deaggregate(aggregated(records))) == records


@given(RECORDS)
def test_the_library_reads_our_aggregates(records: list[bytes]) -> None:
    data = b64encode(aggregated(records, "lane-03")).decode()
    metadata = {"partitionKey": "lane-03", "sequenceNumber": "1", "kinesisSchemaVersion": "1.0"}
    metadata |= {"approximateArrivalTimestamp": "0", "data": data}
    outside = dict.fromkeys(
        ("eventVersion", "eventID", "eventName", "invokeIdentityArn", "awsRegion"), ""
    )
    event = {"kinesis": metadata, "eventSource": "aws:kinesis", "eventSourceARN": "", **outside}

    found = deaggregate_records([event])

    assert [b64encode(record) for record in records] == [one["kinesis"]["data"] for one in found]
    # Consumers that know their shard's hash range would drop user records with other keys.
    assert {one["kinesis"]["partitionKey"] for one in found} == {"lane-03"}


@given(RECORDS, st.data())
def test_one_flipped_bit_never_passes_for_the_records(
    records: list[bytes], data: st.DataObject
) -> None:
    whole = bytearray(aggregated(records))
    position = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[position // 8] ^= 1 << position % 8

    try:
        found = list(deaggregate(bytes(whole)))
    except DamagedRecordError:
        return
    assert found == [bytes(whole)], "only a damaged magic number may make it a record of its own"


@pytest.mark.parametrize("size", [5, 10, 19, 20, 30])
def test_an_aggregate_cut_short_is_refused(size: int) -> None:
    with pytest.raises(DamagedRecordError):
        deaggregate(aggregated([b"some record"])[:size])


def test_a_record_that_is_no_aggregate_is_its_own_user_record() -> None:
    assert deaggregate(b"\xe0\x01\x00\xea\x0f") == (b"\xe0\x01\x00\xea\x0f",)
    assert deaggregate(b"") == (b"",)


def test_records_are_split_over_aggregates_in_order_below_the_target() -> None:
    records = [bytes([number]) * 50_000 for number in range(20)]

    packed = list(aggregate("lane-00", records))

    assert len(packed) > 1
    assert all(len(data) <= AGGREGATE_BYTES_TARGET for data, _ in packed)
    assert [len(deaggregate(data)) for data, _ in packed] == [count for _, count in packed]
    assert [record for data, _ in packed for record in deaggregate(data)] == records


@pytest.mark.parametrize("size", [AGGREGATE_BYTES_TARGET, USER_RECORD_BYTES_MAX])
def test_a_large_record_travels_alone_and_keeps_its_place(size: int) -> None:
    records = [b"before", b"x" * size, b"behind"]

    packed = list(aggregate("lane-00", records))

    assert [list(deaggregate(data)) for data, _ in packed] == [[record] for record in records]
    assert all(len(data) + len("lane-00") <= RECORD_BYTES_MAX for data, _ in packed)


def test_a_record_that_kinesis_cannot_hold_is_refused_with_its_size() -> None:
    record = b"x" * (USER_RECORD_BYTES_MAX + 1)
    with pytest.raises(RecordTooLargeError, match=str(len(record))):
        require_fit(record)
    with pytest.raises(RecordTooLargeError):
        list(aggregate("lane-00", [record]))


def test_a_key_always_has_the_same_lane_and_keys_use_them_all() -> None:
    lanes = [lane_of(ad_id_of(number)) for number in range(1000)]
    assert lanes == [lane_of(ad_id_of(number)) for number in range(1000)]
    assert set(lanes) == {f"lane-{number:02d}" for number in range(LANES)}
