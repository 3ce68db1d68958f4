"""Batches stop at the first failure, and say where and why."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.ads.revision import AdRevision
from runtime.journal.batch import process
from runtime.journal.errors import BatchError
from runtime.journal.projection import Failure, newest
from tests.journal_blocks import (
    START,
    ad_id_of,
    ad_revision,
    aggregated,
    kinesis_event,
    revision_record,
    revisions_event,
)
from tests.stream_delivery import deliver

ONE, TWO, THREE = (ad_id_of(number) for number in (1, 2, 3))
JUNK = b"\x00 not ion"


class MemoryStore:
    """Keeps the newest revision of each ad; ads named in `failures` fail as these say."""

    def __init__(self, **failures: Failure) -> None:
        self.failures = failures
        self.held: dict[str, AdRevision] = {}
        self.given: list[list[AdRevision]] = []

    def __call__(self, revisions: Sequence[AdRevision]) -> Mapping[str, Failure]:
        self.given.append(list(revisions))
        found = newest(revisions)
        self.held |= {one.ad_id: one for one in newest([*self.held.values(), *found])}
        return {one.ad_id: self.failures[one.ad_id] for one in found if one.ad_id in self.failures}


def failing(ad_id: str, *, lasting: bool = False) -> MemoryStore:
    return MemoryStore(**{ad_id: Failure(f"no room for {ad_id}", lasting)})


def respond(records: Sequence[Mapping[str, Any]], store: MemoryStore) -> dict[str, Any]:
    return process(records, store).failures.response()


def resume_at(sequence_number: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": str(sequence_number)}]}


def test_a_batch_is_projected_in_one_go() -> None:
    groups = [[ad_revision(ONE)], [ad_revision(TWO), ad_revision(ONE, 1)]]
    store = MemoryStore()

    result = process(revisions_event(*groups)["Records"], store)

    assert result.failures.response() == {"batchItemFailures": []}
    assert store.given == [[*groups[0], *groups[1]]]
    assert result.projected == store.given[0]


def test_the_first_record_about_an_ad_that_failed_is_reported_and_only_that() -> None:
    groups = [
        [ad_revision(ONE)],
        [ad_revision(TWO)],
        [ad_revision(THREE)],
        [ad_revision(TWO, 1)],
        [ad_revision(TWO, 2), ad_revision(ONE, 1)],
    ]
    result = process(revisions_event(*groups)["Records"], failing(TWO))

    assert result.failures.response() == resume_at(1)
    assert [one.ad_id for one in result.projected] == [ONE, THREE, ONE]
    assert result.failures.reasons() == [f"record 1: no room for {TWO}"]


def test_two_failures_are_reported_as_the_earlier_one() -> None:
    groups = [[ad_revision(THREE)], [ad_revision(ONE)], [ad_revision(TWO)]]
    store = MemoryStore(**{ad: Failure("full", lasting=True) for ad in (TWO, ONE)})
    assert respond(revisions_event(*groups)["Records"], store) == resume_at(1)


def test_nothing_behind_an_unreadable_record_is_projected() -> None:
    good = aggregated([revision_record(ad_revision(ONE))])
    behind = aggregated([revision_record(ad_revision(TWO))])
    store = MemoryStore()

    result = process(kinesis_event(good, JUNK, behind)["Records"], store)

    assert result.failures.response() == resume_at(1)
    assert store.given == [[ad_revision(ONE)]]
    assert "record 1: it cannot be read" in result.failures.reasons()[0]


def test_what_is_readable_of_an_unreadable_aggregate_is_projected() -> None:
    records = [revision_record(ad_revision(ONE)), JUNK, revision_record(ad_revision(TWO))]
    store = MemoryStore()
    assert respond(kinesis_event(aggregated(records))["Records"], store) == resume_at(0)
    assert set(store.held) == {ONE, TWO}


@pytest.mark.parametrize("lasting", [True, False])
def test_only_a_lasting_failure_at_the_front_has_the_batch_split(lasting: bool) -> None:
    event = revisions_event([ad_revision(ONE)], [ad_revision(TWO)])["Records"]
    store = failing(ONE, lasting=lasting)
    if lasting:
        with pytest.raises(BatchError, match=f"split this batch of 2.*no room for {ONE}"):
            respond(event, store)
    else:
        assert respond(event, store) == resume_at(0)
    assert respond(event[:1], store) == resume_at(0)


def test_poison_is_given_up_alone_and_everything_else_is_projected() -> None:
    groups = [[ad_revision(ad_id_of(number))] for number in range(20)]
    records = revisions_event(*groups)["Records"]
    for position in (0, 7, 8, 19):
        records[position]["kinesis"]["data"] = "AAAA"
    store = MemoryStore()

    given_up = deliver(records, lambda batch: respond(batch, store), retries_max=2)

    assert given_up == [records[position] for position in (0, 7, 8, 19)]
    assert set(store.held) == {ad_id_of(n) for n in range(20) if n not in (0, 7, 8, 19)}


def test_the_lag_is_that_of_the_oldest_commit_projected() -> None:
    event = revisions_event([ad_revision(ONE, 5)], [ad_revision(TWO, 1)], [ad_revision(THREE)])
    result = process(event["Records"], failing(THREE))
    assert result.lag_ms(START + timedelta(seconds=3)) == 2000
    assert process([], MemoryStore()).lag_ms(datetime.now(UTC)) == 0


def test_the_newest_revision_counts_wherever_it_stands() -> None:
    revisions = [ad_revision(ONE, 1), ad_revision(TWO), ad_revision(ONE, 2), ad_revision(ONE)]
    assert newest(revisions) == [ad_revision(ONE, 2), ad_revision(TWO)]
    assert newest([]) == []
