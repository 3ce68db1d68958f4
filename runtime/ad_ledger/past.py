"""Ads as they were: one, and all of a publisher, by reading no more than tells it.

Times of an ad's versions never go back, so a search by halves finds the one that counted: an ad of
1,000 versions takes eleven reads of one item each, one that has not changed since takes one.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from typing import Final

from runtime.ad_ledger.shard import Shard
from runtime.ads.errors import NotIndexedError
from runtime.ads.port import PastAds
from runtime.ads.revision import AdRevision
from runtime.ads.shards import shard_of
from runtime.ledger.errors import CorruptJournalError

READERS_MAX: Final = 16
"""Ads looked at at once."""
CANDIDATES_MAX: Final = 500
"""Ads looked at for one page, most of which may not have been there at that time."""
SCANNED_MAX: Final = 1000
"""Ads of a ledger without an index of publishers that are looked through instead."""


def revision_at(shard: Shard, ad_id: str, moment: str) -> AdRevision | None:
    """What had happened last to an ad at a moment, perhaps its end; None before its creation."""
    newest = shard.version(ad_id)
    if newest is None or newest.tx_time <= moment:
        return newest
    found, after = None, newest.version
    first = 0
    while first < after:
        middle = (first + after) // 2
        revision = shard.version(ad_id, middle)
        if revision is None:
            raise CorruptJournalError(
                f"ad {ad_id} has no version {middle} and has later ones: verify the journal"
            )
        if revision.tx_time <= moment:
            found, first = revision, middle + 1
        else:
            after = middle
    return found


def page_at(
    shards: Sequence[Shard], publisher_id: str, moment: str, limit: int, after: str | None
) -> PastAds:
    """The ads that a publisher had at a moment, by id, from the first behind `after` on."""
    with ThreadPoolExecutor(READERS_MAX) as pool:
        known = pool.map(_owned_ids, shards, repeat(publisher_id))
        ids = sorted(ad_id for ad_id in chain(*known) if after is None or ad_id > after)

        def look(ad_id: str) -> AdRevision | None:
            revision = revision_at(shards[shard_of(ad_id, len(shards))], ad_id, moment)
            return revision if _is_of(revision, publisher_id) else None

        found: list[AdRevision] = []
        looked_at = 0
        while looked_at < min(len(ids), CANDIDATES_MAX) and len(found) < limit:
            wanted = ids[looked_at : looked_at + limit - len(found)]
            looked_at += len(wanted)
            found += filter(None, pool.map(look, wanted))
    return PastAds(found, ids[looked_at - 1] if looked_at < len(ids) else None)


def _is_of(revision: AdRevision | None, publisher_id: str) -> bool:
    ad = None if revision is None else revision.ad()
    return ad is not None and ad.publisher_id == publisher_id


def _owned_ids(shard: Shard, publisher_id: str) -> Sequence[str]:
    """Every ad of a shard that this publisher ever had, and none of another's."""
    ids = shard.ids_of(publisher_id)
    return list(_scanned(shard, publisher_id)) if ids is None else ids


def _scanned(shard: Shard, publisher_id: str) -> Iterator[str]:
    """The same where ads were recorded before publishers were indexed."""
    for count, ad_id in enumerate(shard.ids()):
        if count == SCANNED_MAX:
            raise NotIndexedError(SCANNED_MAX)
        if _is_of(shard.version(ad_id, 0), publisher_id):
            yield ad_id
