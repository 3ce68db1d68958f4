"""Pages of an ad's history, bounded in number and in bytes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from runtime.ads import cursor as opaque
from runtime.ads.faults import Fault
from runtime.ads.port import Ads
from runtime.ads.revision import AdRevision
from runtime.queries.inputs import AdQuery
from runtime.web import exact_json
from runtime.web.ad_bodies import changed_body, version_body
from runtime.web.inputs import PAGE_ITEMS_MAX, AdPath
from runtime.web.problem import INVALID, ProblemError

PAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of the items of a page, their last one apart; Lambda takes 6 MB of an answer."""
_OLDEST: Final = "versions"
_NEWEST: Final = "versions, newest first"
_NUMBER_MAX: Final = 10**9
_DAMAGED = "The cursor is not one of this ad's versions in this order. Begin without a cursor."


def versions_page(ads: Ads, path: AdPath, query: AdQuery) -> Mapping[str, Any]:
    """The VersionsBody that was asked for. Raises ProblemError for a cursor of something else."""
    return (_from_newest if query.order == "newest" else _from_oldest)(ads, path, query)


def _from_oldest(ads: Ads, path: AdPath, query: AdQuery) -> Mapping[str, Any]:
    first = 0 if query.cursor is None else _number(_OLDEST, path.ad_id, query.cursor)
    limit = query.limit or PAGE_ITEMS_MAX
    # The version before is what the first one is compared with, the one behind tells of more.
    before = 1 if query.diff and first else 0
    found = ads.revisions(path.publisher_id, path.ad_id, first - before, before + limit + 1)
    items = _bodies(found, range(before, min(before + limit, len(found))), diff=query.diff)
    more = before + len(items) < len(found)
    going_on = opaque.pack(_OLDEST, path.ad_id, first + len(items)) if more else None
    return {"items": items, "next": going_on}


def _from_newest(ads: Ads, path: AdPath, query: AdQuery) -> Mapping[str, Any]:
    last = None if query.cursor is None else _number(_NEWEST, path.ad_id, query.cursor)
    limit = query.limit or PAGE_ITEMS_MAX
    # One more than are shown: what the last one is compared with, and what tells of more.
    found = ads.newest(path.publisher_id, path.ad_id, limit + 1, last)
    lowest = max(len(found) - limit, 0)
    items = _bodies(found, range(len(found) - 1, lowest - 1, -1), diff=query.diff)
    behind = len(found) - len(items)
    going_on = opaque.pack(_NEWEST, path.ad_id, found[behind - 1].version) if behind else None
    return {"items": items, "next": going_on}


def _bodies(
    found: Sequence[AdRevision], positions: Iterable[int], *, diff: bool
) -> list[Mapping[str, Any]]:
    """Bodies of the revisions at these positions, as far as an answer takes them."""
    items: list[Mapping[str, Any]] = []
    size = 0
    for position in positions:
        if size > PAGE_BYTES_MAX:
            break
        previous = found[position - 1] if position else None
        body = changed_body(found[position], previous) if diff else version_body(found[position])
        items.append(body)
        size += len(exact_json.dumps(body).encode())
    return items


def _number(order: str, ad_id: str, cursor: str) -> int:
    """The version that a cursor goes on with, which is beside one that was there."""
    try:
        parts = opaque.unpack(cursor)
    except ValueError as error:
        raise ProblemError(INVALID, _DAMAGED, [Fault("cursor", _DAMAGED)]) from error
    match parts:
        case [kind, owner, int(number)] if (kind, owner) == (
            order,
            ad_id,
        ) and 0 <= number < _NUMBER_MAX:
            return number
        case _:
            raise ProblemError(INVALID, _DAMAGED, [Fault("cursor", _DAMAGED)])
