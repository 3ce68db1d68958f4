"""Searches: what is asked of OpenSearch, and where a search goes on."""

import json
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from typing import Any

from runtime.ads import cursor as opaque
from runtime.search_index.errors import CursorError

PAGE_ITEMS_MAX = 100
MATCHED_FIELDS = ["adTitle^4", "tags^3", "category^2", "adDescription"]
_FINGERPRINT_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; a filter that is None filters nothing, no words match every ad."""

    words: str | None = None
    category: str | None = None
    tag: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None


def body(search: Search, limit: int, cursor: str | None) -> dict[str, Any]:
    """The request: best match first, newest first among equals, then by id, so pages never overlap.

    It asks for one more than the limit, to tell whether there is more. Raises CursorError.
    """
    request: dict[str, Any] = {
        "size": min(max(limit, 1), PAGE_ITEMS_MAX) + 1,
        "track_total_hits": True,
        "query": {
            "bool": {
                "must": [_matching(search.words)],
                "filter": _filters(search),
                "must_not": [{"term": {"deleted": True}}],
            }
        },
        "sort": [{"_score": "desc"}, {"createdAt": "desc"}, {"adId": "asc"}],
    }
    if cursor is not None:
        request["search_after"] = _after(search, cursor)
    return request


def next_cursor(search: Search, sort: list[Any]) -> str:
    """The cursor behind the hit with these sort values; only the same search accepts it."""
    return opaque.pack(_fingerprint(search), *sort)


def _matching(words: str | None) -> dict[str, Any]:
    if words is None or not words.strip():
        return {"match_all": {}}
    return {"multi_match": {"query": words, "fields": MATCHED_FIELDS}}


def _filters(search: Search) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if search.category is not None:
        filters.append({"term": {"category.exact": search.category}})
    if search.tag is not None:
        filters.append({"term": {"tags.exact": search.tag}})
    bounds = {"gte": search.min_price, "lte": search.max_price}
    price = {name: str(bound) for name, bound in bounds.items() if bound is not None}
    if price:
        filters.append({"range": {"price": price}})
    return filters


def _after(search: Search, cursor: str) -> list[Any]:
    try:
        parts = opaque.unpack(cursor)
    except ValueError as error:
        raise CursorError("The cursor is damaged. Begin without a cursor.") from error
    match parts:
        case [str(fingerprint), int() | float() as score, int(created_at), str(ad_id)] if (
            fingerprint == _fingerprint(search) and isfinite(score) and ad_id.isascii()
        ):
            return [score, created_at, ad_id]
        case _:
            raise CursorError("The cursor is not one of this search. Begin without a cursor.")


def _fingerprint(search: Search) -> str:
    parts = [search.words, search.category, search.tag, search.min_price, search.max_price]
    text = json.dumps([None if part is None else str(part) for part in parts])
    return sha256(text.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]
