"""A block becomes the records that a QLDB stream carries."""

from decimal import Decimal

import pytest
from amazon.ion.core import Timestamp

from runtime.journal.errors import BlockError
from runtime.journal.records import block_records
from runtime.ledger import ion
from tests.journal_blocks import (
    ADS_TABLE,
    KEYS_TABLE,
    STREAM_ARN,
    SYSTEM_TABLE,
    Journal,
    ad_change,
    ad_id_of,
    ad_revision,
    change,
    records_of,
)


def test_a_summary_comes_first_with_everything_but_the_revisions() -> None:
    journal = Journal()
    journal.commit_ad(ad_revision())
    block = journal.commit_ad(ad_revision(version=1))
    stored = ion.decode(block.ion)

    record = records_of(block)[0]
    summary = ion.decode(record.data)

    assert record.key == journal.strand_id
    assert list(summary) == ["qldbStreamArn", "recordType", "payload"]
    assert (summary["qldbStreamArn"], summary["recordType"]) == (STREAM_ARN, "BLOCK_SUMMARY")
    payload = summary["payload"]
    assert list(payload) == [
        "blockAddress",
        "transactionId",
        "blockTimestamp",
        "blockHash",
        "entriesHash",
        "previousBlockHash",
        "entriesHashList",
        "transactionInfo",
        "revisionSummaries",
    ]
    for name in list(payload)[:-1]:
        assert ion.text(payload[name]) == ion.text(stored[name])
    (revision,) = stored["revisions"]
    (listed,) = payload["revisionSummaries"]
    assert dict(listed) == {"hash": revision["hash"], "documentId": ad_id_of(1)}


def test_details_hold_the_revision_exactly_as_the_block_does() -> None:
    block = Journal().commit_ad(ad_revision(price=Decimal("10.500"), adTitle="\U0001f600"))
    (stored,) = ion.decode(block.ion)["revisions"]

    _, record = records_of(block)
    details = ion.decode(record.data)

    assert record.key == ad_id_of(1)
    assert details["recordType"] == "REVISION_DETAILS"
    assert dict(details["payload"]["tableInfo"]) == {
        "tableName": ADS_TABLE[1],
        "tableId": ADS_TABLE[0],
    }
    revision = details["payload"]["revision"]
    assert ion.text(revision) == ion.text(stored)
    assert ion.text(revision["data"]["price"]) == "10.500"
    assert isinstance(revision["metadata"]["txTime"], Timestamp)


def test_a_deletion_has_no_data() -> None:
    block = Journal().commit_ad(ad_revision(version=3, deleted=True))

    revision = ion.decode(records_of(block)[1].data)["payload"]["revision"]

    assert list(revision) == ["blockAddress", "hash", "metadata"]
    assert revision["metadata"]["version"] == 3


def test_revisions_of_system_tables_are_a_hash_in_the_summary_only() -> None:
    table = change(SYSTEM_TABLE, ad_id_of(9), 0, {"name": "Ads"})
    block = Journal().commit(table, ad_change(ad_revision()))

    summary, details = map(ion.decode, (record.data for record in records_of(block)))

    system, user = summary["payload"]["revisionSummaries"]
    assert list(system) == ["hash"]
    assert user["documentId"] == details["payload"]["revision"]["metadata"]["id"] == ad_id_of(1)


def test_every_user_table_is_streamed_in_the_order_of_the_block() -> None:
    key = change(KEYS_TABLE, ad_id_of(2), 0, {"key": "once"})
    block = Journal().commit(ad_change(ad_revision()), key)

    records = records_of(block)

    assert [record.key for record in records[1:]] == [ad_id_of(1), ad_id_of(2)]
    tables = [ion.decode(one.data)["payload"]["tableInfo"]["tableName"] for one in records[1:]]
    assert tables == ["Ads", "IdempotencyKeys"]


def test_a_block_without_revisions_has_a_summary_without_any() -> None:
    (record,) = records_of(Journal().commit(statement="SELECT * FROM Ads"))

    assert "revisionSummaries" not in ion.decode(record.data)["payload"]


@pytest.mark.parametrize("damage", [b"", b"not ion", ion.encode(1), ion.encode({"a": 1})])
def test_bytes_that_are_no_block_are_refused(damage: bytes) -> None:
    with pytest.raises(BlockError, match="not a journal block"):
        block_records(damage, STREAM_ARN)
