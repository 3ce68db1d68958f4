"""Searches: what is asked of OpenSearch, and where a search goes on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from runtime.ads import cursor as opaque
from runtime.search_index.errors import CursorError

PAGE_ITEMS_MAX = 100
MATCHED_CHARACTERS_MAX = 200
"""Each may be a word, and each word is a clause a field, of which OpenSearch allows 1,024."""
MATCHED_FIELDS = ["adTitle^4", "tags^3", "category^2", "adDescription"]
RANKED_HITS_MAX = 10_000
"""How deep OpenSearch goes by offset (index.max_result_window); narrower words find the rest."""
TIME_MS_MAX = 10**15
_FINGERPRINT_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; a filter that is None filters nothing, no words match every ad."""

    words: str | None = None
    category: str | None = None
    tag: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None

    @property
    def ranked(self) -> bool:
        """Whether some ads match better than others."""
        return bool(self.words and self.words.strip())


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a search: what to send, and how to read on behind it.

    Ads that match words come best first, and a page begins at an offset: scores differ between
    copies of a shard, so a score is no place to go on from. Without words ads come newest first,
    and a page begins behind the last ad seen, at any depth. The id decides among equals. One hit
    more than the limit is asked for, to tell whether there is more.
    """

    search: Search
    limit: int
    offset: int
    after: list[Any] | None

    @classmethod
    def page(cls, search: Search, limit: int, cursor: str | None) -> "PageRequest":
        """The page that a cursor stands for, the first one for None; raises CursorError."""
        size = min(max(limit, 1), PAGE_ITEMS_MAX)
        if cursor is None:
            return cls(search, size, 0, None)
        match _place(search, cursor):
            case [int(offset)] if search.ranked and 0 < offset < RANKED_HITS_MAX:
                return cls(search, min(size, RANKED_HITS_MAX - offset), offset, None)
            case [int(created_at), str(ad_id)] if not search.ranked and _plausible(
                created_at, ad_id
            ):
                return cls(search, size, 0, [created_at, ad_id])
            case _:
                raise CursorError("The cursor is not one of this search. Begin without a cursor.")

    def body(self) -> dict[str, Any]:
        """The body of the request to OpenSearch."""
        wanted = min(self.limit + 1, RANKED_HITS_MAX - self.offset)
        request: dict[str, Any] = {
            "from": self.offset,
            "size": wanted,
            "track_total_hits": True,
            "query": {
                "bool": {
                    "must": [_matching(self.search)],
                    "filter": _filters(self.search),
                    "must_not": [{"term": {"deleted": True}}],
                }
            },
            "sort": [{"createdAt": "desc"}, {"adId": "asc"}],
        }
        if self.search.ranked:
            request["sort"].insert(0, {"_score": "desc"})
        if self.after is not None:
            request["search_after"] = self.after
        return request

    def next_cursor(self, hits: Sequence[Mapping[str, Any]]) -> str | None:
        """The cursor of the next page, given this one's hits; None where there is none."""
        if len(hits) <= self.limit:
            return None
        place = [self.offset + self.limit] if self.search.ranked else hits[self.limit - 1]["sort"]
        return opaque.pack(_fingerprint(self.search), *place)


def _matching(search: Search) -> dict[str, Any]:
    if not search.ranked:
        return {"match_all": {}}
    words = (search.words or "")[:MATCHED_CHARACTERS_MAX]
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


def _place(search: Search, cursor: str) -> list[Any]:
    try:
        fingerprint, *place = opaque.unpack(cursor)
    except ValueError as error:
        raise CursorError("The cursor is damaged. Begin without a cursor.") from error
    return place if fingerprint == _fingerprint(search) else []


def _plausible(created_at: int, ad_id: str) -> bool:
    return 0 <= created_at <= TIME_MS_MAX and ad_id.isascii()


def _fingerprint(search: Search) -> str:
    parts = [search.words, search.category, search.tag, search.min_price, search.max_price]
    text = json.dumps([None if part is None else str(part) for part in parts])
    return sha256(text.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]
