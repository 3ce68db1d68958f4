"""Pages of an ad's history, bounded in number and in bytes."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.ads import cursor as opaque
from runtime.ads.faults import Fault
from runtime.ads.port import Ads
from runtime.queries.inputs import AdQuery
from runtime.web import exact_json
from runtime.web.ad_bodies import changed_body, version_body
from runtime.web.inputs import PAGE_ITEMS_MAX, AdPath
from runtime.web.problem import INVALID, ProblemError

PAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of the items of a page, their last one apart; Lambda takes 6 MB of an answer."""
_VERSIONS: Final = "versions"
_DAMAGED = "The cursor is not one of this ad's versions. Begin without a cursor."


def versions_page(ads: Ads, path: AdPath, query: AdQuery) -> Mapping[str, Any]:
    """The VersionsBody that was asked for. Raises ProblemError for a cursor of something else."""
    first = 0 if query.cursor is None else _first(path.ad_id, query.cursor)
    limit = query.limit or PAGE_ITEMS_MAX
    # The version before is what the first one is compared with, the one behind tells of more.
    before = 1 if query.diff and first else 0
    found = ads.revisions(path.publisher_id, path.ad_id, first - before, before + limit + 1)
    items: list[Mapping[str, Any]] = []
    size = 0
    for position, revision in enumerate(found[before : before + limit], before):
        if size > PAGE_BYTES_MAX:
            break
        previous = found[position - 1] if position else None
        body = changed_body(revision, previous) if query.diff else version_body(revision)
        items.append(body)
        size += len(exact_json.dumps(body).encode())
    more = before + len(items) < len(found)
    return {"items": items, "next": _cursor(path.ad_id, first + len(items)) if more else None}


def _cursor(ad_id: str, first: int) -> str:
    return opaque.pack(_VERSIONS, ad_id, first)


def _first(ad_id: str, cursor: str) -> int:
    """The version that a cursor goes on with, which follows one that was there."""
    try:
        parts = opaque.unpack(cursor)
    except ValueError as error:
        raise ProblemError(INVALID, _DAMAGED, [Fault("cursor", _DAMAGED)]) from error
    match parts:
        case ["versions", owner, int(first)] if owner == ad_id and 0 < first < 10**9:
            return first
        case _:
            raise ProblemError(INVALID, _DAMAGED, [Fault("cursor", _DAMAGED)])
