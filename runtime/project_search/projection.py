"""Revisions to the search index: bulk writes by external version."""

from collections.abc import Mapping, Sequence

from runtime.ads.revision import AdRevision
from runtime.journal.projection import Failure, newest
from runtime.search_index.bulk import Effect
from runtime.search_index.index import AdIndex


def project(revisions: Sequence[AdRevision], index: AdIndex) -> Mapping[str, Failure]:
    """Index each ad's newest revision unless the index has it or a newer one; failures by ad id.

    Deletions are indexed as tombstones: repeated, late and reordered revisions change nothing.
    """
    return {
        outcome.revision.ad_id: Failure(
            f"cannot index version {outcome.revision.version} of ad {outcome.revision.ad_id}: "
            f"{outcome.reason}",
            lasting=outcome.effect is Effect.REFUSED,
        )
        for outcome in index.bulk(newest(revisions))
        if outcome.failed
    }
