"""Bulk requests are split by the limits, and every item of an answer counts."""

import json
from typing import Any

import pytest

from runtime.search_index import bulk
from runtime.search_index.bulk import BULK_BYTES_MAX, BULK_ITEMS_MAX, Effect, outcomes, requests
from tests.journal_blocks import ad_id_of, ad_revision

TWO = [ad_revision(ad_id_of(1)), ad_revision(ad_id_of(2), version=4)]


def answer(*items: dict[str, Any]) -> dict[str, Any]:
    return {"errors": True, "took": 1, "items": [{"index": item} for item in items]}


def item(number: int, status: int, error: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "_id": ad_id_of(number),
        "status": status,
        **({} if error is None else {"error": error}),
    }


def test_a_request_names_alias_id_and_external_version() -> None:
    (request,) = requests("ads", TWO)

    lines = [json.loads(line) for line in request.body.splitlines()]

    assert [line["index"] for line in lines[::2]] == [
        {"_index": "ads", "_id": ad_id_of(1), "version": 1, "version_type": "external"},
        {"_index": "ads", "_id": ad_id_of(2), "version": 5, "version_type": "external"},
    ]
    assert [line["price"] for line in lines[1::2]] == ["10.50", "10.50"]
    assert request.body.endswith(b"\n")


def test_requests_are_split_by_items() -> None:
    ads = [ad_revision(ad_id_of(number)) for number in range(BULK_ITEMS_MAX + 1)]
    first, second = requests("ads", ads)
    assert (len(first.revisions), len(second.revisions)) == (BULK_ITEMS_MAX, 1)
    assert [*first.revisions, *second.revisions] == ads


def test_requests_are_split_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    ads = [ad_revision(ad_id_of(number), adDescription="x" * 1_000_000) for number in range(12)]
    found = list(requests("ads", ads))
    assert [len(request.revisions) for request in found] == [4, 4, 4]
    assert all(len(request.body) <= BULK_BYTES_MAX for request in found)


def test_nothing_to_index_is_no_request() -> None:
    assert list(requests("ads", [])) == []


@pytest.mark.parametrize(
    ("status", "error", "effect"),
    [
        (200, None, Effect.INDEXED),
        (201, None, Effect.INDEXED),
        (409, {"type": "version_conflict_engine_exception"}, Effect.SUPERSEDED),
        (400, {"type": "mapper_parsing_exception"}, Effect.REFUSED),
        (404, {"type": "index_not_found_exception"}, Effect.NO_INDEX),
        (403, {"type": "cluster_block_exception"}, Effect.UNAVAILABLE),
        (429, {"type": "rejected_execution_exception"}, Effect.UNAVAILABLE),
        (500, {"type": "exception"}, Effect.UNAVAILABLE),
        (503, {"type": "unavailable_shards_exception"}, Effect.UNAVAILABLE),
    ],
)
def test_defect_5_every_item_is_looked_at_whatever_the_request_said(
    status: int, error: dict[str, Any] | None, effect: Effect
) -> None:
    """The ancestor logged bulk answers and never checked them."""
    good, other = outcomes(TWO, answer(item(1, 201), item(2, status, error)))
    assert good.effect is Effect.INDEXED
    assert other.effect is effect
    assert other.failed is (effect not in (Effect.INDEXED, Effect.SUPERSEDED))
    if other.failed:
        assert error is not None
        assert error["type"] in other.reason
        assert str(status) in other.reason


@pytest.mark.parametrize("items", [[], [item(1, 201)], [item(2, 201), item(1, 201)]])
def test_an_answer_about_other_items_proves_nothing(items: list[dict[str, Any]]) -> None:
    found = outcomes(TWO, answer(*items))
    assert [one.effect for one in found] == [Effect.UNAVAILABLE] * 2


def test_limits_leave_room_below_the_domains() -> None:
    assert bulk.BULK_BYTES_MAX < 10 * 1024 * 1024
