"""Blocks to the journal stream: complete, in order, resumable at the first that failed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.journal.aggregation import LANES, deaggregate, lane_of
from runtime.journal.errors import BatchError
from runtime.journal.revisions import decode
from runtime.ledger import ion
from runtime.publish_journal.blocks import JournalTable
from runtime.publish_journal.lanes import ATTEMPTS_MAX, Lanes
from runtime.publish_journal.publisher import Publisher
from tests.journal_blocks import (
    STREAM_ARN,
    Journal,
    ad_change,
    ad_id_of,
    ad_revision,
    block_item,
    part_items,
    table_event,
)
from tests.memory_kinesis import FailingKinesis, MemoryKinesis
from tests.runtime.publish_journal.test_blocks import FailingTable, MemoryTable

AD_IDS = [ad_id_of(number) for number in (3, 4, 5)]
"""Each in a lane of its own, apart from the ledger's."""


def publisher(
    kinesis: MemoryKinesis | FailingKinesis, table: MemoryTable | FailingTable | None = None
) -> Publisher:
    waits: list[float] = []
    lanes = Lanes(kinesis, "journal", sleep=waits.append)
    return Publisher(JournalTable(table or FailingTable(), "journal"), lanes, STREAM_ARN)


def user_records(kinesis: MemoryKinesis, lane: str) -> list[Any]:
    return [ion.decode(one) for data in kinesis.lane(lane) for one in deaggregate(data)]


def of_kind(kinesis: MemoryKinesis, kind: str) -> list[Any]:
    everything = [user_records(kinesis, f"lane-{number:02d}") for number in range(LANES)]
    return [one["payload"] for lane in everything for one in lane if one["recordType"] == kind]


def response(records: Sequence[dict[str, Any]], one: Publisher) -> dict[str, Any]:
    return one.publish(records).failures.response()


def journal_of(count: int) -> tuple[Journal, list[dict[str, Any]]]:
    """A ledger in which each block is a version of one of three ads, and its event's records."""
    journal = Journal()
    for number in range(count):
        journal.commit_ad(ad_revision(AD_IDS[number % 3], number // 3))
    items = [block_item(journal, block) for block in journal.blocks]
    return journal, table_event(*items)["Records"]


def test_every_block_is_published_and_lanes_keep_the_order() -> None:
    journal, records = journal_of(30)
    kinesis = MemoryKinesis()

    result = publisher(kinesis).publish(records)

    assert result.failures.response() == {"batchItemFailures": []}
    assert result.blocks == 30
    summaries = [one["payload"] for one in user_records(kinesis, lane_of(journal.strand_id))]
    numbers = [one["blockAddress"]["sequenceNo"] for one in summaries if "blockHash" in one]
    assert numbers == list(range(30))
    for ad_id in AD_IDS:
        found = [one for data in kinesis.lane(lane_of(ad_id)) for one in decode(data)]
        assert [(one.ad_id, one.version) for one in found] == [(ad_id, n) for n in range(10)]


def test_summaries_and_details_join_to_the_blocks_again() -> None:
    journal, records = journal_of(6)
    kinesis = MemoryKinesis()
    publisher(kinesis).publish(records)

    details = {bytes(one["revision"]["hash"]): one for one in of_kind(kinesis, "REVISION_DETAILS")}

    for summary in of_kind(kinesis, "BLOCK_SUMMARY"):
        block = ion.decode(journal.blocks[int(summary["blockAddress"]["sequenceNo"])].ion)
        joined = [details[bytes(one["hash"])]["revision"] for one in summary["revisionSummaries"]]
        assert [ion.text(one) for one in joined] == [ion.text(one) for one in block["revisions"]]


def test_what_is_no_block_is_passed_over() -> None:
    journal = Journal()
    block = journal.commit_ad(ad_revision())
    revision = {"pk": {"S": "a"}, "sk": {"S": "b"}, "kind": {"S": "revision"}}
    items = [revision, block_item(journal, block, 2), *part_items(journal, block, 2)]
    kinesis = MemoryKinesis()
    table = MemoryTable(part_items(journal, block, 2))

    result = publisher(kinesis, table).publish(table_event(*items)["Records"])

    assert result.blocks == 1
    assert len(of_kind(kinesis, "REVISION_DETAILS")) == 1
    assert publisher(kinesis).publish([]).failures.response() == {"batchItemFailures": []}


def test_a_block_whose_parts_cannot_be_read_is_where_the_batch_goes_on() -> None:
    journal, records = journal_of(4)
    records[2] = table_event(block_item(journal, journal.blocks[2], 2))["Records"][0]
    records[2]["dynamodb"]["SequenceNumber"] = "2"
    kinesis = MemoryKinesis()

    assert response(records, publisher(kinesis, FailingTable())) == {
        "batchItemFailures": [{"itemIdentifier": "2"}]
    }

    sequence_nos = [one["blockAddress"]["sequenceNo"] for one in of_kind(kinesis, "BLOCK_SUMMARY")]
    assert sequence_nos == [0, 1], "what is before is published, what is behind waits"


def test_a_damaged_block_first_of_many_has_the_batch_split_and_fails_alone() -> None:
    _, records = journal_of(3)
    records[0]["dynamodb"]["NewImage"]["ion"]["B"] = "AAAA"
    kinesis = MemoryKinesis()

    with pytest.raises(BatchError, match="split this batch of 3"):
        response(records, publisher(kinesis))
    assert response(records[:1], publisher(kinesis)) == {
        "batchItemFailures": [{"itemIdentifier": "0"}]
    }
    assert response(records[1:], publisher(kinesis)) == {"batchItemFailures": []}


def test_a_summary_too_large_for_kinesis_goes_without_its_statements_and_says_so() -> None:
    """The revisions are all there, and nothing behind them waits."""
    journal = Journal()
    statement = "-- " + "x" * 1_100_000
    large = journal.commit(ad_change(ad_revision()), statement=statement)
    journal.commit_ad(ad_revision(version=1))
    items = [block_item(journal, block) for block in journal.blocks]
    kinesis = MemoryKinesis()
    result = publisher(kinesis).publish(table_event(*items)["Records"])
    assert result.failures.response() == {"batchItemFailures": []}
    (reason,) = result.shortened
    assert "exceeds what a Kinesis record holds" in reason
    found = [one for data in kinesis.lane(lane_of(ad_revision().ad_id)) for one in decode(data)]
    assert [one.version for one in found] == [0, 1]
    short, whole = of_kind(kinesis, "BLOCK_SUMMARY")
    block = ion.decode(large.ion)
    assert ("transactionInfo" in short, "transactionInfo" in whole) == (False, True)
    for name in ("blockHash", "entriesHash", "previousBlockHash", "entriesHashList"):
        assert short.get(name) == block.get(name)
    assert [one["hash"] for one in short["revisionSummaries"]] == [
        revision["hash"] for revision in block["revisions"]
    ]


def test_a_revision_too_large_for_kinesis_fails_alone() -> None:
    """No ledger takes a document of that size; an imported one might have."""
    journal = Journal()
    title = "x" * 1_100_000
    fields = {**(ad_revision().fields or {}), "adTitle": title}
    block = journal.commit(ad_change(replace(ad_revision(), fields=fields)))
    result = publisher(MemoryKinesis()).publish(table_event(block_item(journal, block))["Records"])
    (reason,) = result.failures.reasons()
    assert "exceeds what a Kinesis record holds" in reason


def test_throttling_that_lasts_resumes_at_the_first_block_not_in_the_stream() -> None:
    journal, records = journal_of(9)
    stuck_lane = lane_of(AD_IDS[2])
    assert stuck_lane not in map(lane_of, (journal.strand_id, *AD_IDS[:2]))
    kinesis = MemoryKinesis(
        lambda _, lane: "ProvisionedThroughputExceededException" if lane == stuck_lane else None
    )

    # The third ad is first changed in block 2.
    assert response(records, publisher(kinesis)) == {"batchItemFailures": [{"itemIdentifier": "2"}]}


def test_a_stream_that_is_unreachable_fails_the_whole_batch() -> None:
    _, records = journal_of(3)
    kinesis = MemoryKinesis()
    gone = FailingKinesis(ATTEMPTS_MAX, kinesis)
    assert response(records, publisher(gone)) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert response(records, publisher(gone)) == {"batchItemFailures": []}


@given(st.integers(1, 12), st.lists(st.booleans(), max_size=200))
def test_resumed_until_done_every_ad_is_in_order_behind_its_duplicates(
    count: int, refusals: list[bool]
) -> None:
    """Whatever Kinesis refuses: a later version is never in the stream before its predecessor."""
    _, records = journal_of(count)
    fates = iter(refusals)
    kinesis = MemoryKinesis(lambda *_: "InternalFailure" if next(fates, False) else None)
    one = publisher(kinesis)
    for _ in range(100):
        failed = response(records, one)["batchItemFailures"]
        if not failed:
            break
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        records = records[numbers.index(failed[0]["itemIdentifier"]) :]
    else:
        pytest.fail("it never got through")

    seen: dict[str, int] = {}
    for _, data in kinesis.taken:
        for revision in decode(data):
            assert revision.version <= seen.get(revision.ad_id, -1) + 1
            seen[revision.ad_id] = max(revision.version, seen.get(revision.ad_id, -1))
    assert sum(version + 1 for version in seen.values()) == count
