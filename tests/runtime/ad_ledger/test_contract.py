"""What every record of ads does, the ledger's and the one that stands in for it in tests."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from runtime.ads.ad import AdChanges, NewAd, is_ad_id
from runtime.ads.errors import AdNotFoundError, KeyReusedError, VersionMismatchError
from runtime.ads.port import Ads, PastAds
from runtime.ads.revision import FIELDS
from tests.memory_ads import MemoryAds
from tests.runtime.ad_ledger.stores import memory_ledger

AD: dict[str, Any] = {
    "adTitle": "bike 🚲",
    "adDescription": "two\nlines",
    "price": Decimal("10.00"),
    "currency": "€",
    "category": "wheels",
    "tags": ["old", "blue"],
}
NEW = NewAd.of(AD)
UNKNOWN = "0" * 22


@pytest.fixture(params=[MemoryAds, memory_ledger, lambda: memory_ledger(shards=3)])
def ads(request: pytest.FixtureRequest) -> Ads:
    return request.param()


def changes(**fields: Any) -> AdChanges:
    return AdChanges.of(fields)


def exactly(fields: Any) -> dict[str, str]:
    return {name: repr(fields[name]) for name in fields}


def test_a_new_ad_is_at_version_zero(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    assert is_ad_id(ad.ad_id)
    assert (ad.version, ad.publisher_id) == (0, "p")
    assert set(ad.fields) == set(FIELDS)
    assert {name: ad.fields[name] for name in AD} == AD
    assert exactly(ads.read("p", ad.ad_id).fields) == exactly(ad.fields)


def test_the_largest_ad_comes_back_whole(ads: Ads) -> None:
    largest = {
        **AD,
        "adTitle": "🚲" * 200,
        "adDescription": "🚲" * 10_000,
        "price": Decimal("999999999999999999.99999999"),
        "tags": [f"{n:02d}" + "🚲" * 48 for n in range(20)],
    }
    ad = ads.create("x" * 128, NewAd.of(largest))
    read = ads.read("x" * 128, ad.ad_id)
    assert exactly({name: read.fields[name] for name in AD}) == exactly(largest)


@pytest.mark.parametrize("price", ["0", "0.00", "10", "1E+2", "1E-8", "12345678901234.123456"])
def test_prices_stay_exact(ads: Ads, price: str) -> None:
    ad = ads.create("p", NewAd.of({**AD, "price": Decimal(price)}))
    assert str(ads.read("p", ad.ad_id).fields["price"]) == price
    assert str(ads.versions("p", ad.ad_id)[0].fields["price"]) == price  # type: ignore[index]


def test_a_change_leaves_the_rest_alone(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    changed = ads.change("p", ad.ad_id, changes(price=Decimal("9.5"), tags=[]))
    assert changed.version == 1
    assert dict(changed.fields) == {**ad.fields, "price": Decimal("9.5"), "tags": []}
    assert ads.read("p", ad.ad_id) == changed


def test_a_change_to_the_same_records_nothing(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    assert ads.change("p", ad.ad_id, AdChanges.of(AD)) == ad
    assert len(ads.versions("p", ad.ad_id)) == 1


def test_another_scale_is_another_price(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    changed = ads.change("p", ad.ad_id, changes(price=Decimal("10.0")))
    assert (changed.version, str(changed.fields["price"])) == (1, "10.0")


def test_a_demanded_version_is_honoured(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    assert ads.change("p", ad.ad_id, changes(price=Decimal(1)), {0}).version == 1
    with pytest.raises(VersionMismatchError, match="is at version 1, not at 0"):
        ads.change("p", ad.ad_id, changes(price=Decimal(2)), {0})
    with pytest.raises(VersionMismatchError, match="not at another one"):
        ads.delete("p", ad.ad_id, frozenset())
    assert ads.read("p", ad.ad_id).fields["price"] == 1
    ads.delete("p", ad.ad_id, {1, 7})


def test_a_deleted_ad_is_gone_but_its_history_stays(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    ads.change("p", ad.ad_id, changes(price=Decimal(1)))
    ads.delete("p", ad.ad_id)
    everything: list[Callable[[], object]] = [
        lambda: ads.read("p", ad.ad_id),
        lambda: ads.change("p", ad.ad_id, changes(price=Decimal(2))),
        lambda: ads.delete("p", ad.ad_id),
        lambda: ads.at("p", ad.ad_id, datetime.now(UTC)),
    ]
    for attempt in everything:
        with pytest.raises(AdNotFoundError):
            attempt()
    happened = ads.versions("p", ad.ad_id)
    assert [(r.ad_id, r.version, r.deleted) for r in happened] == [
        (ad.ad_id, 0, False),
        (ad.ad_id, 1, False),
        (ad.ad_id, 2, True),
    ]
    assert len({revision.tx_id for revision in happened}) == 3


def test_versions_are_read_from_one_on(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    for price in range(5):
        ads.change("p", ad.ad_id, changes(price=Decimal(price)))
    ads.delete("p", ad.ad_id)
    every = list(ads.versions("p", ad.ad_id))
    assert list(ads.revisions("p", ad.ad_id, 0, 100)) == every
    assert list(ads.revisions("p", ad.ad_id, 0, 1)) == every[:1]
    assert list(ads.revisions("p", ad.ad_id, 2, 3)) == every[2:5]
    assert list(ads.revisions("p", ad.ad_id, 6, 3)) == every[6:]
    for publisher_id, first in (("p", 7), ("q", 0), ("q", 6)):
        with pytest.raises(AdNotFoundError):
            ads.revisions(publisher_id, ad.ad_id, first, 3)


@pytest.mark.parametrize("deleted", [False, True])
def test_the_newest_versions_are_read_without_the_others(ads: Ads, deleted: bool) -> None:
    ad = ads.create("p", NEW)
    for price in range(5):
        ads.change("p", ad.ad_id, changes(price=Decimal(price)))
    if deleted:
        ads.delete("p", ad.ad_id)
    every = list(ads.versions("p", ad.ad_id))
    assert list(ads.newest("p", ad.ad_id, 100)) == every
    assert list(ads.newest("p", ad.ad_id, 1)) == every[-1:]
    assert list(ads.newest("p", ad.ad_id, 2, 4)) == every[3:5]
    assert list(ads.newest("p", ad.ad_id, 9, 1)) == every[:2]
    for last in (None, 0, 4):
        with pytest.raises(AdNotFoundError):
            ads.newest("q", ad.ad_id, 3, last)


@pytest.mark.parametrize("ad_id", [UNKNOWN, "", "nope", "x" * 500, "a'b\"", "\0", "🚲"])
def test_unknown_ads_are_not_found(ads: Ads, ad_id: str) -> None:
    check_not_found(ads, "p", ad_id)


def test_another_publishers_ad_is_not_found(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    check_not_found(ads, "q", ad.ad_id)
    assert ads.read("p", ad.ad_id) == ad


def check_not_found(ads: Ads, publisher_id: str, ad_id: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: ads.read(publisher_id, ad_id),
        lambda: ads.versions(publisher_id, ad_id),
        lambda: ads.revisions(publisher_id, ad_id, 0, 1),
        lambda: ads.newest(publisher_id, ad_id, 1),
        lambda: ads.proof(publisher_id, ad_id, 0),
        lambda: ads.at(publisher_id, ad_id, datetime.now(UTC)),
        lambda: ads.change(publisher_id, ad_id, changes(price=Decimal(1)), {5}),
        lambda: ads.delete(publisher_id, ad_id),
    ]
    for attempt in attempts:
        with pytest.raises(AdNotFoundError):
            attempt()


def test_an_ad_as_it_was(ads: Ads) -> None:
    ad = ads.create("p", NEW)
    time.sleep(0.003)
    ads.change("p", ad.ad_id, changes(price=Decimal(1)))
    time.sleep(0.003)
    ads.delete("p", ad.ad_id)
    first, second, _ = (
        datetime.fromisoformat(revision.tx_time) for revision in ads.versions("p", ad.ad_id)
    )
    assert ads.at("p", ad.ad_id, first).version == 0
    assert ads.at("p", ad.ad_id, second - timedelta(microseconds=1)).version == 0
    assert ads.at("p", ad.ad_id, second).version == 1
    with pytest.raises(AdNotFoundError):
        ads.at("p", ad.ad_id, first - timedelta(microseconds=1))
    with pytest.raises(AdNotFoundError):
        ads.at("p", ad.ad_id, datetime(1, 1, 1, tzinfo=UTC))


def test_a_publishers_ads_as_they_were(ads: Ads) -> None:
    first, second = (ads.create("p", NEW).ad_id for _ in range(2))
    ads.create("q", NEW)
    moment(ads, first)
    ads.delete("p", first)
    then = moment(ads, first)
    ads.change("p", second, changes(price=Decimal(1)))
    third = ads.create("p", NEW).ad_id
    now = datetime.now(UTC)
    assert listed(ads, "p", datetime(1, 1, 1, tzinfo=UTC)) == {}
    assert listed(ads, "p", then) == {second: 0}
    assert listed(ads, "p", now) == {second: 1, third: 0}
    assert listed(ads, "r", now) == {}


def test_a_list_of_then_goes_on_behind_an_ad(ads: Ads) -> None:
    ids = sorted(ads.create("p", NEW).ad_id for _ in range(5))
    now = datetime.now(UTC)
    page = ads.all_at("p", now, 2)
    assert ([one.ad_id for one in page.revisions], page.next) == (ids[:2], ids[1])
    page = ads.all_at("p", now, 3, page.next)
    assert ([one.ad_id for one in page.revisions], page.next) == (ids[2:], None)
    assert ads.all_at("p", now, 3, "z" * 22) == PastAds([], None)


def moment(ads: Ads, ad_id: str) -> datetime:
    """The time of an ad's newest version; what is committed afterwards is later."""
    time.sleep(0.003)
    return datetime.fromisoformat(ads.versions("p", ad_id)[-1].tx_time)


def listed(ads: Ads, publisher_id: str, at: datetime) -> dict[str, int]:
    page = ads.all_at(publisher_id, at, 100)
    assert page.next is None
    for revision in page.revisions:
        assert ads.at(publisher_id, revision.ad_id, at) == revision
    return {revision.ad_id: revision.version for revision in page.revisions}


def test_a_key_creates_one_ad(ads: Ads) -> None:
    first = ads.create("p", NEW, "key")
    assert ads.create("p", NEW, "key") == first
    assert ads.create("p", NEW, "other").ad_id != first.ad_id
    assert ads.create("q", NEW, "key").ad_id != first.ad_id
    assert ads.create("p", NEW).ad_id != first.ad_id


def test_a_key_gives_the_first_answer_whatever_came_later(ads: Ads) -> None:
    first = ads.create("p", NEW, "key")
    ads.change("p", first.ad_id, changes(price=Decimal(1)))
    assert ads.create("p", NEW, "key") == first
    ads.delete("p", first.ad_id)
    assert ads.create("p", NEW, "key") == first
    assert len(ads.versions("p", first.ad_id)) == 3


@pytest.mark.parametrize(
    "other", [{"price": Decimal("10.0")}, {"adTitle": "x"}, {"tags": ["blue", "old"]}]
)
def test_a_key_belongs_to_its_ad(ads: Ads, other: dict[str, Any]) -> None:
    ads.create("p", NEW, "key")
    with pytest.raises(KeyReusedError, match="'key' was used before"):
        ads.create("p", NewAd.of({**AD, **other}), "key")
