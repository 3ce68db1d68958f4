"""How ads are indexed: settings and mappings of the index behind the alias."""

from typing import Any

GENERATION = "v1"
"""Part of the index's name: another mapping is another index, filled beside the one in use."""
REFRESH_INTERVAL = "500ms"
"""Stated, because an index left at the default is not refreshed while nobody searches it."""
KEYWORD_CHARACTERS_MAX = 8191
"""Lucene's limit on a term is 32,766 bytes; a character has up to four."""

_EXACT = {"type": "keyword", "ignore_above": KEYWORD_CHARACTERS_MAX}
_TEXT = {"type": "text"}
_TEXT_AND_EXACT = {"type": "text", "fields": {"exact": _EXACT}}


def index_name(alias: str) -> str:
    """The index that the alias stands for."""
    return f"{alias}-{GENERATION}"


def index_body(alias: str) -> dict[str, Any]:
    """The body that creates the index together with its alias.

    Fields without a mapping are kept in `_source` and not indexed. The price is a number to filters
    and stays the exact text it was in `_source`.
    """
    return {
        "settings": {"index": {"refresh_interval": REFRESH_INTERVAL}},
        "aliases": {alias: {}},
        "mappings": {
            "dynamic": False,
            "properties": {
                "adId": {"type": "keyword"},
                "publisherId": {"type": "keyword", "ignore_above": KEYWORD_CHARACTERS_MAX},
                "adTitle": _TEXT,
                "adDescription": _TEXT,
                "category": _TEXT_AND_EXACT,
                "tags": _TEXT_AND_EXACT,
                "price": {"type": "double"},
                "createdAt": {"type": "date"},
                "deleted": {"type": "boolean"},
            },
        },
    }
