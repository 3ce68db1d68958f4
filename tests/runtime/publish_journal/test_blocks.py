"""Blocks out of a DynamoDB stream's event, with the parts that it does not carry."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.emulator.servers import CloudServer
from runtime.journal.errors import BlockError
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import Commit
from runtime.publish_journal.blocks import JournalTable, block_image
from runtime.publish_journal.errors import JournalUnavailableError
from tests.emulator import client
from tests.journal_blocks import (
    Journal,
    ad_change,
    ad_id_of,
    ad_revision,
    block_item,
    part_items,
    table_event,
)


class MemoryTable:
    """Answers queries with pages of parts, two at a time."""

    def __init__(self, parts: list[dict[str, Any]]) -> None:
        self.parts = parts

    def query(self, **arguments: Any) -> dict[str, Any]:
        values = arguments["ExpressionAttributeValues"]
        after = arguments.get("ExclusiveStartKey", {"sk": {"S": ""}})["sk"]["S"]
        found = [
            part
            for part in self.parts
            if values[":second"]["S"] <= part["sk"]["S"] <= values[":last"]["S"]
            and part["sk"]["S"] > after
        ]
        more = {"LastEvaluatedKey": found[1]} if len(found) > 2 else {}
        return {"Items": found[:2], **more}


class FailingTable:
    def query(self, **_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "Query")


def only(event: dict[str, Any]) -> dict[str, Any]:
    (record,) = event["Records"]
    return record


def test_a_block_in_one_item_needs_no_read() -> None:
    journal = Journal()
    block = journal.commit_ad(ad_revision())
    image = block_image(only(table_event(block_item(journal, block))))
    assert image is not None
    assert JournalTable(FailingTable(), "journal").block_ion(image) == block.ion


@pytest.mark.parametrize("parts", [2, 3, 6])
def test_the_remaining_parts_are_read_from_the_table(parts: int) -> None:
    journal = Journal()
    block = journal.commit_ad(ad_revision())
    other = journal.commit_ad(ad_revision(version=1))
    stored = [*part_items(journal, block, parts), *part_items(journal, other, parts)]
    image = block_image(only(table_event(block_item(journal, block, parts))))
    assert image is not None
    assert JournalTable(MemoryTable(stored), "journal").block_ion(image) == block.ion


def test_a_missing_part_is_asked_for_again_later() -> None:
    journal = Journal()
    block = journal.commit_ad(ad_revision())
    image = block_image(only(table_event(block_item(journal, block, 3))))
    assert image is not None
    first_part_only = MemoryTable(part_items(journal, block, 3)[:1])
    with pytest.raises(JournalUnavailableError, match="has 3 parts, table journal gave 2"):
        JournalTable(first_part_only, "journal").block_ion(image)
    with pytest.raises(JournalUnavailableError, match="ThrottlingException"):
        JournalTable(FailingTable(), "journal").block_ion(image)


def test_items_of_other_kinds_and_other_events_are_no_blocks() -> None:
    journal = Journal()
    block = journal.commit_ad(ad_revision())
    for part in part_items(journal, block, 2):
        assert block_image(only(table_event(part))) is None
    record = only(table_event(block_item(journal, block)))
    assert block_image({**record, "eventName": "MODIFY"}) is None
    del record["dynamodb"]["NewImage"]
    assert block_image({**record, "eventName": "REMOVE"}) is None


@pytest.mark.parametrize("missing", ["ion", "parts", "sk"])
def test_a_block_item_without_what_every_block_has_is_refused(missing: str) -> None:
    journal = Journal()
    item = block_item(journal, journal.commit_ad(ad_revision()))
    record = only(table_event(item))
    del record["dynamodb"]["NewImage"][missing]
    with pytest.raises(BlockError, match="not one a ledger wrote"):
        block_image(record)


def test_a_large_block_that_a_ledger_wrote_is_read_whole(cloud: CloudServer) -> None:
    dynamodb = client(cloud, "dynamodb")
    name = f"journal-{uuid4().hex[:12]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("pk", "sk")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    journal = Journal()
    large = [ad_change(ad_revision(ad_id_of(n), adDescription="x" * 100_000)) for n in range(12)]
    block = journal.commit(*large)
    DynamoDbStorage(dynamodb, name, journal.name).append(Commit(block))
    key = {"pk": {"S": "ads-0#journal"}, "sk": {"S": f"{0:016d}#00"}}
    item = dynamodb.get_item(TableName=name, Key=key)["Item"]

    image = block_image(only(table_event(item)))

    assert image is not None
    assert image.parts == 4
    assert JournalTable(dynamodb, name).block_ion(image) == block.ion
    dynamodb.delete_table(TableName=name)
    dynamodb.close()
