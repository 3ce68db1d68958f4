"""From the ledger to both stores: every change arrives once and for all, whatever fails between."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from opensearchpy import OpenSearch

from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.revision import AdRevision
from runtime.journal.batch import process
from runtime.journal.projection import Projection
from runtime.ledger.storage.port import StoredBlock
from runtime.project_search.projection import project as project_search
from runtime.project_state.projection import project as project_state
from runtime.publish_journal.blocks import JournalTable
from runtime.publish_journal.lanes import Lanes
from runtime.publish_journal.publisher import Publisher
from runtime.search_index.index import AdIndex
from runtime.search_index.query import Search
from runtime.state.table import StateTable
from tests.fakes import MemoryStorage
from tests.journal_blocks import STREAM_ARN, Journal, block_item, table_event
from tests.memory_kinesis import MemoryKinesis
from tests.opensearch import alias, opensearch, opensearch_client
from tests.runtime.ad_ledger.stores import memory_ledger
from tests.runtime.project_search.test_projection import FlakyOpenSearch
from tests.runtime.project_state.test_projection import FlakyDynamoDb
from tests.runtime.publish_journal.test_blocks import FailingTable
from tests.state_table import dynamodb, state_table_name
from tests.stream_delivery import deliver

__all__ = ["alias", "dynamodb", "opensearch", "opensearch_client", "state_table_name"]
PUBLISHER = "publisher-1"
SHARDS = 2
ADS = 40
FAILURE_RATE = 0.2
LANE_BATCH = 7


class LedgerRun:
    """A sharded ledger, what was done to it, and its journals."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.storages: dict[str, MemoryStorage] = {}
        self.ads = memory_ledger(SHARDS, self._storage)
        self.ad_ids: list[str] = []

    def _storage(self, name: str) -> MemoryStorage:
        return self.storages.setdefault(name, MemoryStorage())

    def live(self) -> None:
        """Create ads, change most of them a few times, delete some."""
        for number in range(ADS):
            price = Decimal(self.chance.randrange(10_000)).scaleb(-2)
            new = NewAd.model_validate(
                {
                    "adTitle": f"ad number {number}",
                    "price": price,
                    "currency": "EUR",
                    "category": "things",
                    "tags": ["one", "two"],
                }
            )
            ad_id = self.ads.create(PUBLISHER, new).ad_id
            self.ad_ids.append(ad_id)
            for change in range(self.chance.randrange(4)):
                title = AdChanges.model_validate({"adTitle": f"ad {number} change {change}"})
                self.ads.change(PUBLISHER, ad_id, title)
            if self.chance.random() < 0.3:
                self.ads.delete(PUBLISHER, ad_id)

    def newest(self) -> dict[str, AdRevision]:
        return {ad_id: self.ads.versions(PUBLISHER, ad_id)[-1] for ad_id in self.ad_ids}

    def events(self) -> list[Mapping[str, Any]]:
        """Every block as a record of the journal table's stream; ledgers take turns at random."""
        waiting: dict[str, list[StoredBlock]] = {
            name: list(storage.blocks(0)) for name, storage in self.storages.items()
        }
        items: list[dict[str, Any]] = []
        while waiting:
            name = self.chance.choice(sorted(waiting))
            items.append(block_item(Journal(name), waiting[name].pop(0)))
            if not waiting[name]:
                del waiting[name]
        return table_event(*items)["Records"]


def published(records: Sequence[Mapping[str, Any]], chance: random.Random) -> MemoryKinesis:
    """The stream behind a publisher that is refused now and then, and at times starts over."""
    code = "ProvisionedThroughputExceededException"
    kinesis = MemoryKinesis(lambda *_: code if chance.random() < FAILURE_RATE else None)
    waits: list[float] = []
    lanes = Lanes(kinesis, "journal", sleep=waits.append)
    publisher = Publisher(JournalTable(FailingTable(), "journal"), lanes, STREAM_ARN)
    at = 0
    while at < len(records):
        batch = records[at : at + chance.randrange(1, 12)]
        failed = publisher.publish(batch).failures.response()["batchItemFailures"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        done = numbers.index(failed[0]["itemIdentifier"]) if failed else len(batch)
        # A publisher that dies before it has answered publishes the same blocks again.
        at += done if chance.random() > FAILURE_RATE else 0
    return kinesis


def consume(kinesis: MemoryKinesis, project: Projection) -> None:
    """Every lane's records in order, in batches, again where the projection fails."""
    records = kinesis.event()["Records"]
    for at in range(0, len(records), LANE_BATCH):
        batch = records[at : at + LANE_BATCH]
        assert deliver(batch, lambda some: process(some, project).failures.response()) == []


def failures(chance: random.Random) -> list[bool]:
    return [chance.random() < FAILURE_RATE for _ in range(2000)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ledger_state_and_search_agree_exactly(
    seed: int,
    dynamodb: Any,
    state_table_name: str,
    opensearch_client: OpenSearch,
    alias: str,
) -> None:
    run = LedgerRun(seed)
    run.live()
    kinesis = published(run.events(), run.chance)
    table = StateTable(dynamodb, state_table_name)
    index = AdIndex(opensearch_client, alias)
    index.ensure()

    flaky_dynamodb: Any = FlakyDynamoDb(dynamodb, failures(run.chance))
    flaky_opensearch: Any = FlakyOpenSearch(opensearch_client, failures(run.chance))
    consume(kinesis, partial(project_state, table=StateTable(flaky_dynamodb, state_table_name)))
    consume(kinesis, partial(project_search, index=AdIndex(flaky_opensearch, alias)))

    expected = run.newest()
    alive = {ad_id: one for ad_id, one in expected.items() if not one.deleted}
    assert 0 < len(alive) < len(expected)
    assert {ad_id: table.get(ad_id) for ad_id in run.ad_ids} == expected
    listed = table.list(PUBLISHER, 100)
    assert {one.ad_id: one for one in listed.revisions} == alive
    found = index.search(Search(), 100)
    assert {one.ad_id: one for one in found.revisions} == alive
    assert found.total == len(alive)
    run.ads.close()
