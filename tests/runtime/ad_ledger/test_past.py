"""Ads as they were, against what a client saw at random moments; and what telling it costs."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from runtime.ad_ledger import past
from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.shard import CREATE, Shard
from runtime.ads.ad import AdChanges
from runtime.ads.errors import AdNotFoundError, NotIndexedError
from runtime.ads.revision import AdRevision
from runtime.ads.shards import ledger_name, shard_of
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.identifiers import new_id
from runtime.ledger.storage.port import StoredRevision
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.test_contract import NEW, changes
from tests.runtime.ledger.storages import CountingStorage

PUBLISHERS = ("p", "q", "r")
MOMENTS = 100
VERSIONS = 300
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Seen = dict[str, AdRevision]


class Market:
    """Publishers whose ads live in sharded ledgers under a clock of their own."""

    def __init__(self, storages: list[MemoryStorage], seed: int = 1) -> None:
        self.chance = random.Random(seed)
        self.time = BEGIN
        self.storages = storages
        self.ads = AdLedger([self._shard(n) for n in range(len(storages))], now=lambda: self.time)
        self.alive: dict[str, str] = {}
        """The publisher of each ad that was not deleted."""
        self.seen: dict[str, Seen] = {publisher: {} for publisher in PUBLISHERS}

    def _shard(self, shard: int) -> Shard:
        def own_id() -> str:
            while True:
                drawn = new_id()
                if shard_of(drawn, len(self.storages)) == shard:
                    return drawn

        name = ledger_name("ads", shard)
        storage = self.storages[shard]
        return Shard(Ledger(storage, name=name, new_document_id=own_id, now=lambda: self.time))

    def tick(self) -> datetime:
        self.time += timedelta(milliseconds=self.chance.randrange(1, 4))
        return self.time

    def act(self) -> None:
        """Create, change or delete an ad, and take down what its publisher sees of it then."""
        self.tick()
        kind = self.chance.random()
        if not self.alive or kind < 0.4:
            publisher = self.chance.choice(PUBLISHERS)
            ad_id = self.ads.create(publisher, NEW).ad_id
            self.alive[ad_id] = publisher
        else:
            ad_id = self.chance.choice(list(self.alive))
            publisher = self.alive[ad_id]
            if kind < 0.75:
                price = Decimal(self.chance.randrange(10_000)).scaleb(-2)
                self.ads.change(publisher, ad_id, AdChanges.model_validate({"price": price}))
            else:
                self.ads.delete(publisher, ad_id)
                del self.alive[ad_id]
                del self.seen[publisher][ad_id]
                return
        self.seen[publisher][ad_id] = self.ads.versions(publisher, ad_id)[-1]

    def listed(self, publisher: str, at: datetime, limit: int) -> list[AdRevision]:
        """Every page of the publisher's list at a time."""
        found: list[AdRevision] = []
        after = None
        while True:
            page = self.ads.all_at(publisher, at, limit, after)
            assert len(page.revisions) <= limit
            found += page.revisions
            if page.next is None:
                return found
            after = page.next


@pytest.mark.parametrize("shards", [1, 3])
def test_a_list_of_then_is_what_a_client_saw_at_that_moment(shards: int) -> None:
    market = Market([MemoryStorage() for _ in range(shards)], shards)
    looks: list[tuple[datetime, str, Seen]] = []
    for _ in range(MOMENTS):
        for _ in range(market.chance.randrange(4)):
            market.act()
        publisher = market.chance.choice(PUBLISHERS)
        looks.append((market.tick(), publisher, dict(market.seen[publisher])))
    ever = {revision.ad_id for _, _, seen in looks for revision in seen.values()}
    for moment, publisher, seen in market.chance.sample(looks, MOMENTS):
        found = market.listed(publisher, moment, market.chance.choice([1, 2, 100]))
        assert [one.ad_id for one in found] == sorted(seen)
        assert {one.ad_id: one for one in found} == seen
        for ad_id in market.chance.sample(sorted(ever), 5):
            if ad_id in seen:
                assert market.ads.at(publisher, ad_id, moment) == seen[ad_id]
            else:
                with pytest.raises(AdNotFoundError):
                    market.ads.at(publisher, ad_id, moment)
    market.ads.close()


@pytest.fixture(scope="module")
def long_lived() -> Iterator[tuple[Market, str]]:
    """An ad of many versions."""
    market = Market([CountingStorage()])
    ad_id = market.ads.create("p", NEW).ad_id
    for price in range(1, VERSIONS):
        market.time += timedelta(milliseconds=1)
        market.ads.change("p", ad_id, changes(price=Decimal(price)))
    yield market, ad_id
    market.ads.close()


def test_one_of_many_versions_takes_few_reads(long_lived: tuple[Market, str]) -> None:
    market, ad_id = long_lived
    [storage] = market.storages
    assert isinstance(storage, CountingStorage)
    for version in (*range(20), *market.chance.sample(range(VERSIONS), 50), VERSIONS - 1):
        storage.taken()
        found = market.ads.at("p", ad_id, BEGIN + timedelta(milliseconds=version))
        taken = storage.taken()
        assert found.version == version
        assert set(taken) <= {"current", "revision"}
        assert sum(taken.values()) <= (1 if version == VERSIONS - 1 else 10)


def test_a_page_of_unchanged_ads_takes_a_read_for_each() -> None:
    storage = CountingStorage()
    market = Market([storage])
    for _ in range(30):
        market.ads.create("p", NEW)
        market.ads.create("q", NEW)
    market.ads.all_at("p", market.tick(), 1)
    storage.taken()
    assert len(market.ads.all_at("p", market.time, 20).revisions) == 20
    # Threads that count at the same moment may lose a count.
    taken = storage.taken()
    assert set(taken) == {"lookup", "current"}
    assert taken["current"] <= 20


def test_a_page_looks_at_so_many_ads_and_says_where_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(past, "CANDIDATES_MAX", 10)
    market = Market([MemoryStorage()])
    ids = sorted(market.ads.create("p", NEW).ad_id for _ in range(25))
    for ad_id in ids[:-1]:
        market.ads.delete("p", ad_id)
    now = market.tick()
    page = market.ads.all_at("p", now, 5)
    assert (page.revisions, page.next) == ([], ids[9])
    assert [one.ad_id for one in market.listed("p", now, 5)] == ids[-1:]


def test_ledgers_without_an_index_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those are whose tables were made before there was one."""
    monkeypatch.setitem(CREATE, "Ads", ("CREATE TABLE Ads",))
    market = Market([MemoryStorage(), MemoryStorage()])
    for _ in range(40):
        market.act()
    now = market.tick()
    for publisher in PUBLISHERS:
        found = market.listed(publisher, now, 3)
        assert {one.ad_id: one for one in found} == market.seen[publisher]
    monkeypatch.setattr(past, "SCANNED_MAX", 3)
    with pytest.raises(NotIndexedError, match="more than 3 ads"):
        market.ads.all_at("p", now, 5)


class GappyStorage(MemoryStorage):
    """Has lost a version."""

    def revision(self, table_id: str, document_id: str, version: int) -> StoredRevision | None:
        return None if version == 1 else super().revision(table_id, document_id, version)


def test_a_version_that_is_missing_is_damage() -> None:
    market = Market([GappyStorage()])
    ad_id = market.ads.create("p", NEW).ad_id
    for price in range(3):
        market.tick()
        market.ads.change("p", ad_id, changes(price=Decimal(price)))
    with pytest.raises(CorruptJournalError, match="no version 1 and has later ones"):
        market.ads.at("p", ad_id, BEGIN)
