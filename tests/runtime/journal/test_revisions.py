"""From Kinesis records to revisions of ads."""

from decimal import Decimal
from typing import Any

import pytest
from amazon.ion import simpleion
from hypothesis import given
from hypothesis import strategies as st

from runtime.journal.errors import DamagedRecordError, ForeignRecordError, RecordError
from runtime.journal.revisions import block_revisions, block_time, decode, revisions, salvage
from runtime.ledger import ion
from tests.journal_blocks import (
    ADS_TABLE,
    KEYS_TABLE,
    SYSTEM_TABLE,
    Journal,
    ad_change,
    ad_fields,
    ad_id_of,
    ad_revision,
    aggregated,
    change,
    committed,
    document,
    kinesis_event,
    records_of,
    revision_record,
    stream_record,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def details(table: str = "Ads", **revision: Any) -> bytes:
    payload = {"tableInfo": {"tableName": table, "tableId": ADS_TABLE[0]}, "revision": revision}
    return stream_record("REVISION_DETAILS", payload)


def metadata(**changes: Any) -> dict[str, Any]:
    (whole,) = (ion.decode(revision_record(ad_revision()))["payload"]["revision"]["metadata"],)
    return {**whole, **changes}


def test_a_committed_ad_is_read_as_it_was_written() -> None:
    journal = Journal()
    created, changed = ad_revision(), ad_revision(version=1, price=Decimal("9.990"), tags=[])
    gone = ad_revision(version=2, deleted=True)
    blocks = [journal.commit_ad(one) for one in (created, changed, gone)]
    data = aggregated(record.data for block in blocks for record in records_of(block))

    (record,) = kinesis_event(data)["Records"]

    assert revisions(record) == [
        committed(one, block) for one, block in zip((created, changed, gone), blocks, strict=True)
    ]
    assert [one.fields and str(one.fields["price"]) for one in revisions(record)] == [
        "10.50",
        "9.990",
        None,
    ]


@given(
    title=TEXT,
    description=TEXT,
    price=st.decimals(min_value=0, max_value=10**17, places=3),
    tags=st.lists(TEXT, max_size=4),
)
def test_every_value_of_an_ad_survives(
    title: str, description: str, price: Decimal, tags: list[str]
) -> None:
    revision = ad_revision(adTitle=title, adDescription=description, price=price, tags=tags)

    (found,) = decode(revision_record(revision))

    assert found == revision
    assert found.fields is not None
    assert str(found.fields["price"]) == str(price)
    assert [type(value) for value in found.fields.values()] == [
        type(found.fields[name]) for name in found.fields
    ]


def test_long_texts_are_read() -> None:
    revision = ad_revision(adDescription="\U0001f600" * 30_000)
    assert decode(aggregated([revision_record(revision)])) == [revision]


def test_other_tables_and_other_record_types_yield_nothing() -> None:
    journal = Journal()
    blocks = [
        journal.commit(change(SYSTEM_TABLE, ad_id_of(3), 0, {"name": "Ads"})),
        journal.commit(change(KEYS_TABLE, ad_id_of(4), 0, {"key": "a"})),
    ]
    control = stream_record("CONTROL", {"controlRecordType": "CREATED"})
    found = [record.data for block in blocks for record in records_of(block)]

    assert decode(aggregated([control, *found])) == []
    assert decode(control) == []


def test_the_words_block_summary_in_an_ad_hide_nothing() -> None:
    revision = ad_revision(
        adTitle="BLOCK_SUMMARY", publisherId="BLOCK_SUMMARY", tags=["BLOCK_SUMMARY"]
    )
    assert decode(revision_record(revision)) == [revision]


def test_a_summary_in_another_encoding_is_still_skipped() -> None:
    """Fields in another order, and a symbol for the type."""
    for text in (
        '{payload:{a:1},recordType:"BLOCK_SUMMARY",qldbStreamArn:"a"}',
        "{payload:{a:1},recordType:BLOCK_SUMMARY,BLOCK_SUMMARY:1}",
        '{recordType:"BLOCK_SUMMARY"}',
    ):
        record = simpleion.dumps(simpleion.loads(text))
        assert decode(record) == decode(aggregated([record, record])) == []


def test_a_redacted_revision_is_not_a_deletion() -> None:
    assert decode(details(dataHash=b"\x03" * 32, metadata=metadata())) == []


def test_times_in_another_zone_are_told_in_utc() -> None:
    at = simpleion.loads("2026-01-02T05:04:05.678+02:00")
    (found,) = decode(details(metadata=metadata(txTime=at)))
    assert found.tx_time == "2026-01-02T03:04:05.678Z"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not Ion binary"),
        (b"hello", "not Ion binary"),
        (b'{"json": true}', "not Ion binary"),
        (ion.encode("text"), "not shaped as QLDB's"),
        (ion.encode(None), "not shaped as QLDB's"),
        (ion.encode([1]), "not shaped as QLDB's"),
        (ion.encode({"recordType": "NEWS"}), "type 'NEWS'"),
        (ion.encode({"recordType": "REVISION_DETAILS"}), "payload"),
        (details(data=ad_fields(), metadata={"id": "x"}), "not shaped as QLDB's"),
        (details(data=document(ad_fields(price=1)), metadata=metadata()), "price of an ad is 1"),
        (details(data=document(ad_fields(adTitle=7)), metadata=metadata()), "adTitle of an ad"),
        (details(data=document(ad_fields(tags="a")), metadata=metadata()), "tags of an ad"),
        (details(data={"publisherId": "p"}, metadata=metadata()), "adTitle"),
    ],
)
def test_foreign_records_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ForeignRecordError, match=reason):
        decode(data)
    with pytest.raises(ForeignRecordError, match=reason):
        decode(aggregated([revision_record(ad_revision()), data]))


def test_half_a_record_is_refused() -> None:
    whole = revision_record(ad_revision())
    for size in (4, 5, 100, len(whole) - 1):
        with pytest.raises(DamagedRecordError):
            decode(whole[:size])
        with pytest.raises(DamagedRecordError):
            decode(aggregated([whole, whole[:size]]))


def test_two_values_in_one_record_are_refused() -> None:
    whole = revision_record(ad_revision())
    with pytest.raises(DamagedRecordError, match="not whole Ion"):
        decode(whole + whole)
    with pytest.raises(DamagedRecordError, match="2 Ion values"):
        decode(aggregated([whole + whole]))


@pytest.mark.parametrize("record", [{}, {"kinesis": {}}, {"kinesis": {"data": "%"}}])
def test_an_event_record_without_data_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(DamagedRecordError, match="base64"):
        revisions(record)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_damage_is_refused_or_read_but_never_breaks_the_reader(position: int, byte: int) -> None:
    """Outside of an aggregate damaged bytes may still be Ion: no other error may escape."""
    damaged = bytearray(revision_record(ad_revision()))
    damaged[position % len(damaged)] = byte
    try:
        decode(bytes(damaged))
    except RecordError:
        return


def test_what_is_readable_of_an_unreadable_record_is_salvaged() -> None:
    good = ad_revision(), ad_revision(ad_id_of(2))
    records = [revision_record(good[0]), b"\x00junk", revision_record(good[1])]
    (mixed, broken) = kinesis_event(aggregated(records), aggregated(records)[:-1])["Records"]

    with pytest.raises(ForeignRecordError):
        revisions(mixed)
    assert salvage(mixed) == list(good)
    assert salvage(broken) == []


def test_an_ad_and_its_idempotency_key_in_one_block_yield_the_ad() -> None:
    revision = ad_revision()
    block = Journal().commit(ad_change(revision), change(KEYS_TABLE, ad_id_of(5), 0, {"key": "k"}))
    (found,) = decode(aggregated(record.data for record in records_of(block)))
    assert found.ad_id == revision.ad_id
    assert found.fields == revision.fields


def test_a_block_holds_the_revisions_that_its_stream_records_do() -> None:
    journal = Journal()
    ads = [ad_revision(ad_id_of(n), deleted=n == 2) for n in range(3)]
    system = change(SYSTEM_TABLE, ad_id_of(8), 0, {"name": "Ads"})
    key = change(KEYS_TABLE, ad_id_of(9), 0, {"key": "k"})
    block = journal.commit(system, *map(ad_change, ads), key)
    streamed = [one for record in records_of(block) for one in decode(record.data)]
    assert block_revisions(block.ion) == streamed
    assert [one.ad_id for one in streamed] == [one.ad_id for one in ads]
    assert streamed[0].tx_time < block_time(block.ion) == "2026-01-02T03:04:05.681Z"
    assert block_revisions(journal.commit(key).ion) == []


def test_what_is_no_block_is_told() -> None:
    block = Journal().commit_ad(ad_revision())
    for damaged in (block.ion[:-1], b"", b"text", revision_record(ad_revision())):
        with pytest.raises(RecordError):
            block_revisions(damaged)
        with pytest.raises(RecordError):
            block_time(damaged)
