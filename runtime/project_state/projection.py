"""Revisions to the state table: one conditional write an ad."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from runtime.ads.revision import AdRevision
from runtime.journal.projection import Failure, newest
from runtime.state.errors import StateRefusedError, StateUnavailableError
from runtime.state.table import StateTable

WRITERS_MAX = 8
"""Writes under way at once; they are of different ads, so their order means nothing."""


def project(revisions: Sequence[AdRevision], table: StateTable) -> Mapping[str, Failure]:
    """Put each ad's newest revision unless the table has it or a newer one; failures by ad id.

    Deletions are written as tombstones: repeated, late and reordered revisions change nothing.
    """
    ads = newest(revisions)
    if len(ads) <= 1:
        outcomes = [_put(revision, table) for revision in ads]
    else:
        with ThreadPoolExecutor(min(WRITERS_MAX, len(ads))) as writers:
            outcomes = list(writers.map(partial(_put, table=table), ads))
    pairs = zip(ads, outcomes, strict=True)
    return {revision.ad_id: failure for revision, failure in pairs if failure is not None}


def _put(revision: AdRevision, table: StateTable) -> Failure | None:
    try:
        table.put(revision)
    except StateRefusedError as error:
        return Failure(str(error), lasting=True)
    except StateUnavailableError as error:
        return Failure(str(error), lasting=False)
    return None
