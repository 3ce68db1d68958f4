"""Revisions as items and back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from runtime.state.errors import DamagedItemError
from runtime.state.items import item, revision
from tests.journal_blocks import ad_id_of, ad_revision

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(
    title=TEXT,
    price=st.decimals(min_value=0, max_value=10**17, places=4),
    tags=st.lists(TEXT, max_size=5),
    version=st.integers(0, 2**53),
)
def test_an_item_holds_the_revision_exactly(
    title: str, price: Decimal, tags: list[str], version: int
) -> None:
    one = replace(ad_revision(adTitle=title, price=price, tags=tags), version=version)
    found = revision(item(one))
    assert found == one
    assert found.fields is not None
    assert str(found.fields["price"]) == str(price)


def test_an_item_is_what_the_clients_library_would_make() -> None:
    plain = {
        name: TypeDeserializer().deserialize(value) for name, value in item(ad_revision()).items()
    }
    assert plain["version"] == 0
    assert plain["price"] == "10.50"
    assert plain["tags"] == ["awesome", "category"]
    assert plain["listKey"] == f"2026-01-02T03:04:05.678Z#{ad_id_of(1)}"


def test_a_deletion_is_a_tombstone_that_holds_nothing_of_the_ad() -> None:
    deleted = ad_revision(version=2, deleted=True)

    stored = item(deleted)

    assert set(stored) == {"adId", "version", "txTime", "txId", "deleted", "expiresAt"}
    expires_at = datetime.fromtimestamp(int(stored["expiresAt"]["N"]), UTC)
    assert expires_at - datetime.fromisoformat(deleted.tx_time) > timedelta(days=366)
    assert item(deleted) == stored, "a replay writes the same item"
    assert revision(stored) == deleted


@pytest.mark.parametrize(
    "change",
    [{"version": {"S": "x"}}, {"price": {"S": "cheap"}}, {"tags": {"S": "a"}}, {"adId": {}}],
)
def test_an_item_that_no_projection_wrote_is_told_apart(change: dict[str, Any]) -> None:
    with pytest.raises(DamagedItemError, match="replay this ad"):
        revision({**item(ad_revision()), **change})
