"""Changes as they come: each once, in order, those that are wanted, until told to stop."""

from decimal import Decimal
from typing import Any

import pytest

from cli.errors import UnreachableError
from cli.tail import Following, changes
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.stores import ledger_over
from tests.runtime.ad_ledger.test_contract import NEW
from tests.runtime.ad_ledger.test_contract import changes as fields
from tests.runtime.ledger.storages import FailingStorage


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


def followed(storage: MemoryStorage, following: Following, steps: list[Any] | None = None) -> Any:
    """The versions told; between two looks the next step is taken, then time runs out."""
    left = list(steps or [])
    clock = [0.0]

    def sleep(_: float) -> None:
        clock[0] += 1
        if left:
            left.pop(0)()

    told = changes({"ads-0": storage}, following, sleep, lambda: clock[0])
    return [(revision.ad_id, revision.version) for _, _, revision in told]


def test_what_comes_later_is_told_in_order(storage: MemoryStorage) -> None:
    ads = ledger_over(storage)
    old = ads.create("p", NEW).ad_id
    made: list[str] = []
    steps = [
        lambda: made.append(ads.create("p", NEW).ad_id),
        lambda: ads.change("p", old, fields(price=Decimal(1))),
        lambda: ads.delete("p", made[0]),
    ]
    told = followed(storage, Following(quiet_s=3), steps)
    assert told == [(made[0], 0), (old, 1), (made[0], 1)]


def test_the_first_of_all_is_told(storage: MemoryStorage) -> None:
    made: list[str] = []
    steps = [lambda: made.append(ledger_over(storage).create("p", NEW).ad_id)]
    assert followed(storage, Following(quiet_s=2), steps) == [(made[0], 0)]


def test_from_the_beginning(storage: MemoryStorage) -> None:
    ads = ledger_over(storage)
    ids = [ads.create("p", NEW).ad_id for _ in range(5)]
    assert followed(storage, Following(since=0, quiet_s=0)) == [(ad_id, 0) for ad_id in ids]
    head = storage.head()
    assert head is not None
    newest = Following(since=head.sequence_no, quiet_s=0)
    assert followed(storage, newest) == [(ids[-1], 0)]
    assert followed(storage, Following(since=head.sequence_no + 9, quiet_s=0)) == []


def test_no_more_than_wanted(storage: MemoryStorage) -> None:
    ads = ledger_over(storage)
    ids = [ads.create("p", NEW).ad_id for _ in range(5)]
    assert followed(storage, Following(since=0, count_max=2)) == [(ids[0], 0), (ids[1], 0)]


def test_one_ad_or_one_publishers(storage: MemoryStorage) -> None:
    ads = ledger_over(storage)
    mine, other = ads.create("p", NEW).ad_id, ads.create("q", NEW).ad_id
    ads.delete("q", other)
    ads.delete("p", mine)
    one = followed(storage, Following(ad_id=other, since=0, quiet_s=0))
    assert one == [(other, 0), (other, 1)]
    own = followed(storage, Following(publisher_id="p", since=0, quiet_s=0))
    assert own == [(mine, 0), (mine, 1)]


def test_a_journal_that_is_silent_is_unreachable() -> None:
    storage = FailingStorage()
    storage.plan["head"] = ["before"]
    with pytest.raises(UnreachableError, match="ledger ads-0 is not reached"):
        followed(storage, Following(quiet_s=0))
