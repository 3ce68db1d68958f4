"""Ads with a history in ledgers of memory, and what replaying them from the beginning makes."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.connection import ad_ledger
from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.revision import AdRevision
from runtime.journal.projection import Failure, newest
from runtime.ledger import ion
from runtime.ledger.storage.port import JournalStorage
from runtime.snapshot.blocks import ads_of
from runtime.snapshot.taking import Taking
from runtime.snapshots.manifest import Manifest
from runtime.snapshots.snapshots import Snapshots
from runtime.snapshots.store import SnapshotStore
from tests.fakes import MemoryStorage

PREFIX = "ads"
PRICES = ("0", "10", "10.50", "0.001", "1000000.10")
SMALL = {"run_bytes_max": 1500, "object_bytes_max": 4000, "chunk_bytes_max": 900}
"""So that little data is cut into many objects."""


class World:
    """Publishers at work, and the bucket into which their ledgers are snapshotted."""

    def __init__(self, store: SnapshotStore, shards: int = 2, seed: int = 1, **sizes: int) -> None:
        self.store = store
        self.journals = [MemoryStorage() for _ in range(shards)]
        self.by_name: dict[str, JournalStorage] = {
            f"{PREFIX}-{shard}": journal for shard, journal in enumerate(self.journals)
        }
        self.ads: AdLedger = ad_ledger(PREFIX, shards, self.by_name.__getitem__)
        self.chance = random.Random(seed)
        self.live: list[str] = []
        self.slept: list[float] = []
        self.snapshots = Snapshots(store)
        self.taking = Taking(
            store, self.journals, PREFIX, bucket="bucket", sleep=self.slept.append, **sizes
        )

    def change(self, times: int) -> None:
        """Create, change and delete ads at random."""
        for _ in range(times):
            step = self.chance.random()
            if not self.live or step < 0.45:
                self.live.append(self.ads.create("42", self._new(), self._key()).ad_id)
            elif step < 0.85:
                changes = {"price": Decimal(self.chance.choice(PRICES)), "adTitle": self._text()}
                changed = AdChanges.model_validate(changes)
                self.ads.change("42", self.chance.choice(self.live), changed)
            else:
                gone = self.live.pop(self.chance.randrange(len(self.live)))
                self.ads.delete("42", gone)

    def now(self) -> datetime:
        """A moment behind every block that there is."""
        return datetime.now(UTC) + timedelta(milliseconds=2)

    def snapshot(self, end: datetime | None = None) -> Manifest:
        if end is None:
            newest = self.snapshots.newest()
            end = max(self.now(), newest.end + timedelta(milliseconds=1) if newest else self.now())
        manifest = self.taking.take(self.snapshots.request(end, self.now()))
        assert manifest is not None
        return manifest

    def _new(self) -> NewAd:
        return NewAd.model_validate(
            {
                "adTitle": self._text(),
                "adDescription": "häufig \u2028",
                "price": Decimal(self.chance.choice(PRICES)),
                "currency": "€",
                "category": "things",
                "tags": ["old", "blue"],
            }
        )

    def _key(self) -> str | None:
        return f"key-{self.chance.random()}" if self.chance.random() < 0.3 else None

    def _text(self) -> str:
        return f"title {self.chance.randrange(1_000_000)}"


class MemoryProjection:
    """Keeps the newest revision of each ad; refuses the ads that it is told to."""

    def __init__(self, refused: Iterable[str] = ()) -> None:
        self.revisions: dict[str, AdRevision] = {}
        self.batches: list[int] = []
        self.refused = set(refused)

    def __call__(self, revisions: Sequence[AdRevision]) -> Mapping[str, Failure]:
        self.batches.append(len(revisions))
        for revision in newest(revisions):
            known = self.revisions.get(revision.ad_id)
            if known is None or known.version < revision.version:
                self.revisions[revision.ad_id] = revision
        return {each: Failure("refused", lasting=True) for each in self.refused}


def replayed(journals: Iterable[JournalStorage], before: Any = None) -> dict[str, AdRevision]:
    """The newest revision of every ad by the journals alone, from their beginnings."""
    found: dict[str, AdRevision] = {}
    for journal in journals:
        for stored in journal.blocks(0):
            block = ion.decode(stored.ion)
            if before is not None and block["blockTimestamp"] >= before:
                break
            found.update({revision.ad_id: revision for revision in ads_of(block)})
    return found


def exact(revisions: Mapping[str, AdRevision]) -> dict[str, str]:
    """As text in which 1.0 and 1.00 differ."""
    return {ad_id: _text(revisions[ad_id]) for ad_id in sorted(revisions)}


def _text(revision: AdRevision) -> str:
    fields = None if revision.fields is None else sorted(revision.fields.items())
    return f"{revision.version} {revision.tx_time} {revision.tx_id} {fields!r}"
