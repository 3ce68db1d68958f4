"""No event is larger than EventBridge takes, and none that the API can bring about is cut."""

import json
from decimal import Decimal
from typing import Any

from runtime.ad_events.following import event_of
from runtime.ad_events.sizes import DETAIL_BYTES_MAX, detail
from runtime.ads.ad import NewAd
from runtime.ads.revision import AdRevision
from tests.journal_blocks import ad_fields, ad_id_of, ad_revision

WIDE = "\U0001f600"
"""Four bytes in UTF-8, the most a character takes."""
LARGEST_BYTES = 140_000


def largest(character: str) -> dict[str, Any]:
    """The largest ad that the API accepts, made of this character."""
    new = NewAd.of(
        {
            "adTitle": character * 200,
            "adDescription": character * 10_000,
            "price": Decimal("999999999999999999.99999999"),
            "currency": "EUR",
            "category": character * 100,
            "tags": [f"{number:02d}{character * 48}" for number in range(20)],
        }
    )
    return ad_fields(**new.fields(), publisherId="p" * 128)


def revision(version: int, fields: dict[str, Any]) -> AdRevision:
    return AdRevision(ad_id_of(1), version, "2026-01-02T03:04:05.678Z", ad_id_of(2), fields)


def test_the_largest_update_through_the_api_is_told_whole() -> None:
    for one, other in ((WIDE, "\U0001f680"), ('"', "\\")):
        text = detail(event_of(revision(1, largest(one)), revision(0, largest(other))))
        assert json.loads(text)["leftOut"] == []
        assert 50_000 < len(text.encode()) < LARGEST_BYTES
    assert LARGEST_BYTES < DETAIL_BYTES_MAX


def test_descriptions_that_are_too_large_are_left_out_and_named() -> None:
    huge = revision(1, ad_fields(adDescription="x" * 100_000, adTitle="new"))
    text = detail(event_of(huge, revision(0, ad_fields(adDescription="y" * 100_000))))
    found = json.loads(text)
    assert len(text.encode()) < 2000
    assert found["ad"]["adDescription"] is None
    assert found["changes"]["adDescription"] == {"old": None, "new": None}
    assert found["changes"]["adTitle"] == {"old": "awesome title", "new": "new"}
    assert found["leftOut"] == [
        "ad.adDescription",
        "changes.adDescription.old",
        "changes.adDescription.new",
    ]
    assert found["href"].endswith("?versions=true")


def test_an_unchanged_description_is_left_out_of_the_state_alone() -> None:
    fields = ad_fields(adDescription="x" * DETAIL_BYTES_MAX)
    updated = event_of(revision(1, {**fields, "adTitle": "new"}), revision(0, fields))
    found = json.loads(detail(updated))
    assert found["leftOut"] == ["ad.adDescription"]
    assert list(found["changes"]) == ["adTitle"]
    created = json.loads(detail(event_of(revision(0, fields), None)))
    assert created["leftOut"] == ["ad.adDescription"]


def test_what_is_too_large_otherwise_is_left_out_with_all_of_the_ad() -> None:
    huge = revision(1, ad_fields(adTitle="x" * 125_000))
    found = json.loads(detail(event_of(huge, revision(0, ad_fields(adTitle="y" * 125_000)))))
    assert (found["ad"], found["changes"], found["leftOut"]) == (None, None, ["ad", "changes"])
    gone = event_of(ad_revision(version=2, deleted=True), huge)
    found = json.loads(detail(gone, bytes_max=1000))
    assert (found["ad"], found["leftOut"], found["version"]) == (None, ["ad"], 2)
    assert "changes" not in found


def test_the_limit_is_exact() -> None:
    event = event_of(ad_revision(adDescription="x" * 100), None)
    size = len(detail(event).encode())
    assert json.loads(detail(event, size))["leftOut"] == []
    assert json.loads(detail(event, size - 1))["leftOut"] == ["ad.adDescription"]
