"""Pages of a publisher's list as it was: a cursor belongs to one publisher and one time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from runtime.ads import cursor as opaque
from runtime.ads.ad import is_ad_id
from runtime.ads.faults import Fault
from runtime.ads.port import Ads
from runtime.web.ad_bodies import version_body
from runtime.web.problem import INVALID, ProblemError

_PAST: Final = "past"
_DAMAGED = "The cursor is not one of this list at this time. Begin without a cursor."


def past_page(
    ads: Ads, publisher_id: str, time: datetime, limit: int, cursor: str | None
) -> Mapping[str, Any]:
    """The PastAdsBody that was asked for. Raises ProblemError for a cursor of something else."""
    after = None if cursor is None else _after(publisher_id, time, cursor)
    page = ads.all_at(publisher_id, time, limit, after)
    return {
        "items": [version_body(revision) for revision in page.revisions],
        "next": page.next and opaque.pack(_PAST, publisher_id, time.isoformat(), page.next),
    }


def _after(publisher_id: str, time: datetime, cursor: str) -> str:
    """The ad that the page before ended with."""
    try:
        parts = opaque.unpack(cursor)
    except ValueError as error:
        raise ProblemError(INVALID, _DAMAGED, [Fault("cursor", _DAMAGED)]) from error
    match parts:
        case ["past", owner, at, str(ad_id)] if (owner, at) == (
            publisher_id,
            time.isoformat(),
        ) and is_ad_id(ad_id):
            return ad_id
        case _:
            raise ProblemError(INVALID, _DAMAGED, [Fault("cursor", _DAMAGED)])
