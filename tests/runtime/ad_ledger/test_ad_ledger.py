"""Ads in ledgers: round trips, concurrency, first use, shards, failures."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
import yaml

from local.home import ROOT
from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.connection import READ_TIMEOUT_S
from runtime.ad_ledger.settings import settings
from runtime.ad_ledger.shard import PATIENCE_S, Shard
from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.errors import ConflictError, UnavailableError, VersionMismatchError
from runtime.ads.shards import shard_of
from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.limits import LIMITS
from runtime.ledger.storage.port import StoredRevision
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.stores import ledger_over, memory_ledger
from tests.runtime.ad_ledger.test_contract import NEW, changes
from tests.runtime.ledger.storages import CountingStorage, FailingStorage

CREATE_TRIPS_MAX = 2
CREATE_WITH_KEY_TRIPS_MAX = 3
SAME_KEY_TRIPS_MAX = 4
CHANGE_TRIPS_MAX = 3
READ_TRIPS_MAX = 2


@pytest.fixture
def storage() -> CountingStorage:
    return CountingStorage()


@pytest.fixture
def ads(storage: CountingStorage) -> AdLedger:
    return ledger_over(storage)


def test_round_trips_of_a_warm_worker(ads: AdLedger, storage: CountingStorage) -> None:
    warm = ads.create("p", NEW).ad_id

    def trips(call: Any) -> int:
        storage.taken()
        call()
        return sum(storage.taken().values())

    assert trips(lambda: ads.create("p", NEW)) <= CREATE_TRIPS_MAX
    assert trips(lambda: ads.create("p", NEW, "key")) <= CREATE_WITH_KEY_TRIPS_MAX
    assert trips(lambda: ads.create("p", NEW, "key")) <= SAME_KEY_TRIPS_MAX
    assert trips(lambda: ads.change("p", warm, changes(price=Decimal(1)))) <= CHANGE_TRIPS_MAX
    assert trips(lambda: ads.change("p", warm, changes(price=Decimal(1)))) <= READ_TRIPS_MAX
    assert trips(lambda: ads.read("p", warm)) <= READ_TRIPS_MAX
    assert trips(lambda: ads.versions("p", warm)) <= READ_TRIPS_MAX
    assert trips(lambda: ads.delete("p", warm)) <= CHANGE_TRIPS_MAX


def test_a_change_that_records_nothing_appends_nothing(
    ads: AdLedger, storage: CountingStorage
) -> None:
    ad = ads.create("p", NEW)
    storage.taken()
    ads.change("p", ad.ad_id, changes(price=NEW.price))
    assert "append" not in storage.taken()


def test_two_who_change_an_ad_at_once_leave_no_gap_and_no_duplicate(
    ads: AdLedger, storage: CountingStorage
) -> None:
    ad = ads.create("p", NEW)
    writers, rounds = 4, 10
    together = Barrier(writers)

    def write(writer: int) -> list[int]:
        other = ledger_over(storage)
        together.wait()
        return [
            other.change("p", ad.ad_id, changes(price=Decimal(100 * writer + n))).version
            for n in range(rounds)
        ]

    with ThreadPoolExecutor(writers) as pool:
        answered = [version for versions in pool.map(write, range(writers)) for version in versions]
    assert sorted(answered) == list(range(1, writers * rounds + 1))
    happened = ads.versions("p", ad.ad_id)
    assert [revision.version for revision in happened] == list(range(writers * rounds + 1))


def test_of_many_who_demand_the_same_version_one_succeeds(ads: AdLedger) -> None:
    ad = ads.create("p", NEW)
    writers = 6
    together = Barrier(writers)

    def write(writer: int) -> bool:
        together.wait()
        try:
            ads.change("p", ad.ad_id, changes(price=Decimal(writer)), {0})
        except VersionMismatchError:
            return False
        return True

    with ThreadPoolExecutor(writers) as pool:
        assert Counter(pool.map(write, range(writers))) == {True: 1, False: writers - 1}
    assert ads.read("p", ad.ad_id).version == 1


def test_a_key_sent_many_times_at_once_creates_one_ad(storage: CountingStorage) -> None:
    callers = 6
    together = Barrier(callers)

    def create(_: int) -> str:
        own = ledger_over(storage)
        together.wait()
        return own.create("p", NEW, "key").ad_id

    with ThreadPoolExecutor(callers) as pool:
        assert len(set(pool.map(create, range(callers)))) == 1


def test_many_who_use_a_ledger_first_make_its_tables_once() -> None:
    storage = MemoryStorage()
    callers = 6
    together = Barrier(callers)

    def create(_: int) -> str:
        own = ledger_over(storage)
        together.wait()
        return own.create("p", NEW).ad_id

    with ThreadPoolExecutor(callers) as pool:
        ids = list(pool.map(create, range(callers)))
    assert len(set(ids)) == callers
    statements = [
        str(statement["statement"])
        for block in storage.blocks(0)
        for statement in ion.decode(block.ion)["transactionInfo"]["statements"]
    ]
    assert Counter(s for s in statements if s.startswith("CREATE")) == {
        "CREATE TABLE Ads": 1,
        "CREATE INDEX ON Ads (publisherId)": 1,
        "CREATE TABLE IdempotencyKeys": 1,
        'CREATE INDEX ON IdempotencyKeys ("key")': 1,
    }


def test_nothing_of_an_ad_is_in_a_statement(ads: AdLedger, storage: CountingStorage) -> None:
    ad = ads.create("p", NEW, "secret-key")
    ads.change("p", ad.ad_id, AdChanges.of({"adTitle": "secret", "price": Decimal("7.77")}))
    ads.delete("p", ad.ad_id)
    said = " ".join(
        str(statement["statement"])
        for block in storage.blocks(0)
        for statement in ion.decode(block.ion)["transactionInfo"]["statements"]
    )
    assert said.count("?") >= 6
    assert not any(word in said for word in ("secret", "7.77", "bike", ad.ad_id))


def test_an_ad_lives_in_the_shard_of_its_id() -> None:
    stores: dict[str, MemoryStorage] = {}
    ads = memory_ledger(4, lambda name: stores.setdefault(name, MemoryStorage()))
    created = [ads.create("p", NEW, f"key{n}" if n % 2 else None).ad_id for n in range(40)]
    assert sorted(stores) == ["ads-0", "ads-1", "ads-2", "ads-3"]
    assert {shard_of(ad_id, 4) for ad_id in created} == {0, 1, 2, 3}
    again = memory_ledger(4, stores.__getitem__)
    assert [again.read("p", ad_id).ad_id for ad_id in created] == created


def test_a_store_that_is_down_is_unavailable() -> None:
    storage = FailingStorage()
    ads = ledger_over(storage)
    ad = ads.create("p", NEW)
    storage.plan = {"head": ["before"] * 100}
    with pytest.raises(UnavailableError, match="Ledger ads-0 does not answer"):
        ads.change("p", ad.ad_id, changes(price=Decimal(1)))
    storage.plan = {}
    assert ads.read("p", ad.ad_id) == ad


class MeddledStorage(MemoryStorage):
    """Somebody else changes a document the first time that it is read."""

    meddle: Callable[[], object] | None = None

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        found = super().current(table_id, document_id)
        meddle, self.meddle = self.meddle, None
        if meddle is not None:
            meddle()
        return found


def meddled() -> tuple[MeddledStorage, str]:
    storage = MeddledStorage()
    other = ledger_over(storage)
    ad_id = other.create("p", NEW).ad_id
    storage.meddle = lambda: other.change("p", ad_id, changes(price=Decimal(1)))
    return storage, ad_id


def test_a_change_that_meets_another_comes_after_it() -> None:
    storage, ad_id = meddled()
    changed = ledger_over(storage).change("p", ad_id, changes(adTitle="mine"))
    assert (changed.version, changed.fields["price"], changed.fields["adTitle"]) == (2, 1, "mine")


def test_a_demand_is_checked_again_after_a_conflict() -> None:
    storage, ad_id = meddled()
    with pytest.raises(VersionMismatchError, match="at version 1, not at 0"):
        ledger_over(storage).change("p", ad_id, changes(adTitle="mine"), {0})


def test_a_conflict_that_lasts_is_told() -> None:
    storage, ad_id = meddled()
    impatient = AdLedger([Shard(Ledger(storage, name="ads-0"), patience_s=0)])
    with pytest.raises(ConflictError, match=f"Ad {ad_id} is being changed by others"):
        impatient.change("p", ad_id, changes(adTitle="mine"))
    assert [r.version for r in impatient.versions("p", ad_id)] == [0, 1]


def test_patience_ends() -> None:
    failing = FailingStorage()
    failing.plan = {"head": ["before"] * 100}
    shard = Shard(Ledger(failing, name="ads-0"), patience_s=0)
    with pytest.raises(UnavailableError):
        shard.run("Ad x", lambda transaction: None)
    assert len(failing.plan["head"]) == 99


def test_a_function_outlives_the_patience_of_its_writes() -> None:
    settings = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    longest_s = PATIENCE_S + LIMITS.append_s_max
    assert longest_s + READ_TIMEOUT_S < settings["apiTimeoutS"]["default"]


def test_ads_written_differently_in_json_are_the_same_ad() -> None:
    ads = memory_ledger()
    short = {"adTitle": "t", "price": Decimal(1), "currency": "EUR", "category": "c"}
    first = ads.create("p", NewAd.of(short), "key")
    full = {"tags": [], "adDescription": "", **dict(reversed(short.items()))}
    assert ads.create("p", NewAd.of(full), "key") == first


@pytest.mark.parametrize("shards", ["0", "-1", "1.5", "many", "", "65"])
def test_an_impossible_number_of_shards_is_named(shards: str) -> None:
    with pytest.raises(ValueError, match="LEDGER_SHARDS"):
        settings("table", "ads", shards)


def test_settings() -> None:
    found = settings("table", "ads", "8")
    assert (found.journal_table, found.ledger_prefix, found.shards) == ("table", "ads", 8)
