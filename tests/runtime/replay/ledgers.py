"""A sharded ledger in memory under a clock of its own, and clients that look at it at moments."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.shard import Shard
from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.revision import AdRevision
from runtime.ads.shards import ledger_name, shard_of
from runtime.ledger.engine import Ledger
from runtime.ledger.identifiers import new_id
from runtime.replay.journals import Journals
from runtime.replays.replay import time_text
from tests.fakes import MemoryStorage

PUBLISHER = "publisher-1"
Seen = dict[str, AdRevision]
"""What each ad was, deletions included."""


class LedgerRun:
    """Ads that live: created, changed and deleted in random order."""

    def __init__(self, seed: int, shards: int = 2) -> None:
        self.chance = random.Random(seed)
        self.time = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self.storages = [MemoryStorage() for _ in range(shards)]
        self.ads = AdLedger([self._shard(n, shards) for n in range(shards)], now=lambda: self.time)
        self.journals = Journals(self.storages)
        self.alive: list[str] = []
        self.all: list[str] = []

    def _shard(self, shard: int, shards: int) -> Shard:
        def own_id() -> str:
            while True:
                drawn = new_id()
                if shard_of(drawn, shards) == shard:
                    return drawn

        name = ledger_name("ads", shard)
        storage = self.storages[shard]
        return Shard(Ledger(storage, name=name, new_document_id=own_id, now=lambda: self.time))

    def tick(self) -> None:
        self.time += timedelta(milliseconds=self.chance.randrange(1, 5))

    def act(self) -> None:
        """Create, change or delete an ad."""
        self.tick()
        kind = self.chance.random()
        if not self.alive or kind < 0.4:
            ad_id = self.ads.create(PUBLISHER, new_ad(len(self.all))).ad_id
            self.alive.append(ad_id)
            self.all.append(ad_id)
        elif kind < 0.9:
            price = Decimal(self.chance.randrange(10_000)).scaleb(-2)
            changes = AdChanges.model_validate({"price": price})
            self.ads.change(PUBLISHER, self.chance.choice(self.alive), changes)
        else:
            ad_id = self.alive.pop(self.chance.randrange(len(self.alive)))
            self.ads.delete(PUBLISHER, ad_id)

    def live(self, actions: int) -> None:
        for _ in range(actions):
            self.act()

    def look(self) -> tuple[str, Seen]:
        """The moment, and every ad as a client sees it then."""
        self.tick()
        return time_text(self.time), self.newest()

    def newest(self) -> Seen:
        return {ad_id: self.ads.versions(PUBLISHER, ad_id)[-1] for ad_id in self.all}


def new_ad(number: int) -> NewAd:
    return NewAd.model_validate(
        {
            "adTitle": f"ad number {number}",
            "price": Decimal(number),
            "currency": "EUR",
            "category": "things",
            "tags": ["one"],
        }
    )
