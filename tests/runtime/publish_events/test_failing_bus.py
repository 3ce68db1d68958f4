"""1,000 changes, a bus that fails and recovers: 1,000 distinct events, in order for each ad."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.revision import AdRevision
from runtime.ledger.storage.port import StoredBlock
from runtime.publish_events.bus import EventBus
from runtime.publish_events.history import History
from runtime.publish_events.publisher import EventPublisher
from runtime.publish_journal.blocks import JournalTable
from runtime.publish_journal.lanes import Lanes
from runtime.publish_journal.publisher import Publisher
from tests.fakes import MemoryStorage
from tests.journal_blocks import STREAM_ARN, Journal, block_item, table_event
from tests.memory_bus import FailingBus
from tests.memory_kinesis import MemoryKinesis
from tests.runtime.ad_ledger.stores import memory_ledger
from tests.runtime.publish_journal.test_blocks import FailingTable
from tests.stream_delivery import deliver

CHANGES = 1000
SEED = 1
ADS = 60
SHARDS = 2
PUBLISHER = "publisher-1"


class Business:
    """Publishers at work on a sharded ledger."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.storages = {f"ads-{shard}": MemoryStorage() for shard in range(SHARDS)}
        self.ads = memory_ledger(SHARDS, lambda name: self.storages[name])
        self.ids: list[str] = []
        self.ended: set[str] = set()

    def change(self) -> None:
        """Create, change or delete one ad; a few are changed very often."""
        alive = [ad_id for ad_id in self.ids if ad_id not in self.ended]
        if len(self.ids) < ADS and (not alive or self.chance.random() < 0.15):
            new = {"adTitle": "new", "price": Decimal(1), "currency": "EUR", "category": "things"}
            self.ids.append(self.ads.create(PUBLISHER, NewAd.model_validate(new)).ad_id)
            return
        ad_id = alive[int(len(alive) * self.chance.random() ** 3)]
        if len(alive) > 5 and self.chance.random() < 0.05:
            self.ads.delete(PUBLISHER, ad_id)
            self.ended.add(ad_id)
            return
        title = f"title {self.chance.random()}"
        self.ads.change(PUBLISHER, ad_id, AdChanges.model_validate({"adTitle": title}))

    def versions(self) -> dict[str, Sequence[AdRevision]]:
        return {ad_id: self.ads.versions(PUBLISHER, ad_id) for ad_id in self.ids}

    def stream(self) -> MemoryKinesis:
        """The journal stream, filled by the publisher in batches."""
        blocks: list[tuple[str, StoredBlock]] = [
            (name, block) for name, storage in self.storages.items() for block in storage.blocks(0)
        ]
        items = [block_item(Journal(name), block) for name, block in blocks]
        records = table_event(*items)["Records"]
        kinesis = MemoryKinesis()
        publisher = Publisher(
            JournalTable(FailingTable(), "journal"), Lanes(kinesis, "journal"), STREAM_ARN
        )
        for at in range(0, len(records), 9):
            publisher.publish(records[at : at + 9])
        return kinesis


def by_lane(kinesis: MemoryKinesis) -> list[list[Mapping[str, Any]]]:
    """The stream's records as parallel consumers get them: each lane by itself, in order."""
    lanes: dict[str, list[Mapping[str, Any]]] = {}
    for (lane, _), record in zip(kinesis.taken, kinesis.event()["Records"], strict=True):
        lanes.setdefault(lane, []).append(record)
    return list(lanes.values())


def test_1000_changes_are_1000_events_in_order() -> None:
    business = Business(SEED)
    for _ in range(CHANGES):
        business.change()
    expected = business.versions()
    assert sum(map(len, expected.values())) == CHANGES
    assert max(map(len, expected.values())) > 50
    bus = FailingBus(SEED)
    waits: list[float] = []
    history = History(list(business.storages.values()))
    publisher = EventPublisher(history, EventBus(bus, "events", sleep=waits.append))

    for records in by_lane(business.stream()):
        for at in range(0, len(records), 25):
            batch = records[at : at + 25]
            assert deliver(batch, lambda some: publisher.publish(some).failures.response()) == []

    kinds = {"down", "throttled", "lost", "unanswered", "refused"}
    assert min(bus.seen[kind] for kind in kinds) > 5, bus.seen
    assert len(bus.taken) > CHANGES, "some were sent twice, or nothing was tested"
    distinct = {detail["id"]: detail for detail in reversed(bus.details)}
    assert len(distinct) == CHANGES
    first_seen = list(dict.fromkeys(bus.ids()))
    for ad_id, versions in expected.items():
        found = [distinct[one] for one in first_seen if distinct[one]["adId"] == ad_id]
        assert [event["version"] for event in found] == list(range(len(versions)))
        assert [event["txId"] for event in found] == [one.tx_id for one in versions]
        titles = [one.fields["adTitle"] for one in versions if one.fields]
        told = [event["changes"]["adTitle"] for event in found if "changes" in event]
        assert [change["old"] for change in told] == titles[:-1]
        assert [change["new"] for change in told] == titles[1:]
    deleted = [entry for entry in bus.taken if entry["DetailType"] == "AdDeleted"]
    assert len({entry["Detail"] for entry in deleted}) == len(business.ended) > 5
    business.ads.close()
