"""Projections that have lost something are brought level with the ledger, which is verified."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from local import level as leveller
from local.errors import LevelError
from local.level import Levelled, level
from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.connection import ad_ledger
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.state.table import StateTable
from tests.opensearch import alias, opensearch, opensearch_client  # noqa: F401
from tests.runtime.ad_ledger.test_contract import NEW, changes

Client = Callable[[str], Any]


class Scene:
    """Two ledgers of ads, a state table and an index, none of them told of the others."""

    def __init__(self, dynamodb: Any, search: OpenSearch, index: str) -> None:
        self.dynamodb, self.search, self.index = dynamodb, search, index
        self.journal, self.state = f"journal-{uuid4().hex}", f"state-{uuid4().hex}"
        self._table(self.journal, "pk", "sk")
        self._table(self.state, "adId")
        self.ads: AdLedger = ad_ledger(
            "ads", 2, lambda name: DynamoDbStorage(dynamodb, self.journal, name)
        )
        self.steps: list[tuple[str, int, int]] = []

    def level(self) -> Levelled:
        return level(
            self.dynamodb,
            self.search,
            {"journalTableName": self.journal, "stateTableName": self.state},
            ["ads-0", "ads-1"],
            lambda *step: self.steps.append(step),
        )

    def versions(self, *ads: str) -> dict[str, int]:
        return StateTable(self.dynamodb, self.state).versions(ads)

    def found(self) -> dict[str, bool]:
        """By ad id, whether the index has it as deleted."""
        self.search.indices.refresh(index=self.index)
        hits = self.search.search(index=self.index, body={"size": 100})["hits"]["hits"]
        return {hit["_id"]: hit["_source"].get("deleted", False) for hit in hits}

    def _table(self, name: str, *keys: str) -> None:
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        )


@pytest.fixture
def scene(
    client: Client,
    opensearch_client: OpenSearch,  # noqa: F811
    alias: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Scene:
    monkeypatch.setattr(leveller, "SEARCH_ALIAS", alias)
    return Scene(client("dynamodb"), opensearch_client, alias)


def test_everything_is_projected_from_the_ledger_alone(scene: Scene) -> None:
    kept = [scene.ads.create("p", NEW).ad_id for _ in range(8)]
    changed, deleted = kept[0], kept[1]
    scene.ads.change("p", changed, changes(price=Decimal("7.50")))
    scene.ads.delete("p", deleted)
    done = scene.level()
    assert (done.ads, done.state_written, done.documents_written) == (8, 8, 8)
    assert scene.versions(*kept) == {ad: int(ad in (changed, deleted)) for ad in kept}
    assert scene.found() == {ad: ad == deleted for ad in kept}


def test_only_what_is_behind_is_written(scene: Scene) -> None:
    first = scene.ads.create("p", NEW).ad_id
    scene.level()
    scene.ads.change("p", first, changes(price=Decimal(8)))
    second = scene.ads.create("p", NEW).ad_id
    assert scene.level().state_written == 2
    assert scene.level().state_written == 0
    assert scene.versions(first, second) == {first: 1, second: 0}


def test_an_index_that_forgot_is_made_again(scene: Scene) -> None:
    ad = scene.ads.create("p", NEW).ad_id
    scene.level()
    scene.search.indices.delete(index=f"{scene.index}*")
    scene.level()
    assert scene.found() == {ad: False}


def test_a_newer_projection_is_left_as_it_is(scene: Scene) -> None:
    ad = scene.ads.create("p", NEW).ad_id
    scene.level()
    key = {"adId": {"S": ad}}
    scene.dynamodb.update_item(
        TableName=scene.state,
        Key=key,
        UpdateExpression="SET #version = :newer",
        ExpressionAttributeNames={"#version": "version"},
        ExpressionAttributeValues={":newer": {"N": "9"}},
    )
    scene.level()
    assert scene.versions(ad) == {ad: 9}


def test_a_ledger_without_blocks_is_level(scene: Scene) -> None:
    assert scene.level() == Levelled(0, 0, 0, 0)


def test_progress_is_told(scene: Scene) -> None:
    for _ in range(3):
        scene.ads.create("p", NEW)
    scene.level()
    last = {what: (done, total) for what, done, total in scene.steps}
    assert {"project state", "project search"} < set(last)
    assert all(done == total for done, total in last.values())


def test_a_damaged_block_stops_everything(scene: Scene) -> None:
    for _ in range(4):
        scene.ads.create("p", NEW)
    page = scene.dynamodb.scan(TableName=scene.journal)["Items"]
    block = next(item for item in page if item.get("kind", {}).get("S") == "block")
    ion = bytearray(block["ion"]["B"])
    ion[-3] ^= 1
    scene.dynamodb.put_item(TableName=scene.journal, Item={**block, "ion": {"B": bytes(ion)}})
    with pytest.raises(LevelError, match="does not verify"):
        scene.level()
    assert scene.dynamodb.scan(TableName=scene.state)["Count"] == 0
