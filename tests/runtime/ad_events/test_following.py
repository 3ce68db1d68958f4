"""Which event follows from which revision, and what it tells."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from runtime.ad_events.following import event_of
from runtime.ad_events.shapes import AdCreated, AdDeleted, AdEvent, AdUpdated
from runtime.ad_events.sizes import detail
from runtime.ads.revision import AdRevision
from tests.journal_blocks import ad_id_of, ad_revision

AD = ad_id_of(1)
STATE = {
    "adTitle": "awesome title",
    "adDescription": "awesome description",
    "price": "10.50",
    "currency": "€",
    "category": "awesome category",
    "tags": ["awesome", "category"],
    "createdAt": "2026-01-02T03:04:05.678Z",
}


def told(event: AdEvent) -> dict[str, Any]:
    return json.loads(detail(event))


def erased(revision: AdRevision) -> AdRevision:
    return replace(revision, fields=None)


def test_a_creation() -> None:
    event = event_of(ad_revision(), None)
    assert isinstance(event, AdCreated)
    assert told(event) == {
        "id": f"{AD}-0",
        "adId": AD,
        "publisherId": "publisher-1",
        "version": 0,
        "txTime": "2026-01-02T03:04:05.678Z",
        "txId": ad_revision().tx_id,
        "href": f"/publisher/publisher-1/ad/{AD}?versions=true",
        "leftOut": [],
        "ad": STATE,
    }


def test_an_update_tells_what_changed_and_nothing_else() -> None:
    changed = ad_revision(version=1, price=Decimal("11.00"), tags=["new"])
    event = event_of(changed, ad_revision())
    assert isinstance(event, AdUpdated)
    found = told(event)
    assert (found["id"], found["version"], found["txTime"]) == (
        f"{AD}-1",
        1,
        "2026-01-02T03:04:06.678Z",
    )
    assert found["changes"] == {
        "price": {"old": "10.50", "new": "11.00"},
        "tags": {"old": ["awesome", "category"], "new": ["new"]},
    }
    assert found["ad"] == {**STATE, "price": "11.00", "tags": ["new"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("publisherId", "publisher-2"),
        ("adTitle", "another"),
        ("adDescription", ""),
        ("price", Decimal("0")),
        ("currency", "EUR"),
        ("category", "other"),
        ("tags", []),
        ("createdAt", "2026-02-02T03:04:05.678Z"),
    ],
)
def test_every_field_can_change(name: str, value: Any) -> None:
    before = ad_revision()
    assert before.fields is not None
    found = told(event_of(ad_revision(version=1, **{name: value}), before))
    text = str(value) if name == "price" else value
    old = "10.50" if name == "price" else before.fields[name]
    assert found["changes"] == {name: {"old": old, "new": text}}


@pytest.mark.parametrize(
    ("old", "new"), [("1.0", "1.00"), ("100", "1E+2"), ("0.1", "0.10000001"), ("9" * 18, "0")]
)
def test_prices_are_exact(old: str, new: str) -> None:
    after = ad_revision(version=1, price=Decimal(new))
    found = told(event_of(after, ad_revision(price=Decimal(old))))
    assert found["changes"] == {"price": {"old": old, "new": new}}
    assert found["ad"]["price"] == new


def test_an_update_to_the_same_values_changes_nothing() -> None:
    assert told(event_of(ad_revision(version=1), ad_revision()))["changes"] == {}


def test_a_deletion_tells_the_last_state() -> None:
    event = event_of(ad_revision(version=2, deleted=True), ad_revision(version=1))
    assert isinstance(event, AdDeleted)
    found = told(event)
    assert found["ad"] == STATE
    assert (found["publisherId"], found["version"], found["leftOut"]) == ("publisher-1", 2, [])


def test_what_the_ledger_has_erased_is_null_and_named() -> None:
    updated = told(event_of(ad_revision(version=1), erased(ad_revision())))
    assert updated["changes"]["price"] == {"old": None, "new": "10.50"}
    assert len(updated["changes"]) == len(updated["leftOut"]) == 8
    assert "changes.price.old" in updated["leftOut"]
    deleted = told(event_of(ad_revision(version=1, deleted=True), erased(ad_revision())))
    assert (deleted["publisherId"], deleted["ad"], deleted["href"]) == (None, None, None)
    assert deleted["leftOut"] == ["ad"]


def test_the_same_revision_makes_the_same_event() -> None:
    first, again = (detail(event_of(ad_revision(version=1), ad_revision())) for _ in range(2))
    assert first == again


def test_odd_values_that_others_wrote_are_told_as_text() -> None:
    odd = ad_revision(tags=[1, None], price=Decimal("-1"))
    assert told(event_of(odd, None))["ad"]["tags"] == ["1", "None"]
