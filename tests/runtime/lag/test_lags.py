"""Lags of several ledgers and projections, read from real journals."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from runtime.ads.shards import shard_of
from runtime.lag.lag import Age, Lag, Versions
from runtime.lag.lags import LOOK_BACK, SKEW, Lags
from tests.runtime.replay.ledgers import PUBLISHER, LedgerRun, new_ad

SHARDS = 2
NAMES = ("ads-0", "ads-1")
BLOCKS = 1000
LATE = timedelta(seconds=5)


@pytest.fixture
def run() -> LedgerRun:
    run = LedgerRun(seed=4, shards=SHARDS)
    run.live(60)
    return run


def having(versions: Mapping[str, int]) -> Versions:
    def known(ad_ids: Sequence[str]) -> Mapping[str, int]:
        return {ad_id: versions[ad_id] for ad_id in ad_ids if ad_id in versions}

    return known


def lags(run: LedgerRun, published: Mapping[str, int], **projections: Versions) -> Lags:
    journals = dict(zip(NAMES, run.storages, strict=True))
    ages = {"events": lambda now: 2.5}
    return Lags(journals, projections, lambda _: published, ages, now=lambda: run.time + LATE)


def measure(run: LedgerRun, blocks: int = BLOCKS, **projections: Versions) -> list[Lag]:
    """Of the projections alone."""
    found = lags(run, {}, **projections).measure(blocks)
    return [lag for lag in found if isinstance(lag, Lag) and lag.projection in projections]


def of_stream(run: LedgerRun, published: Mapping[str, int], blocks: int = BLOCKS) -> list[Lag]:
    found = lags(run, published).measure(blocks)
    assert found.pop() == Age("events", 2.5)
    assert {each.projection for each in found} == {"stream"}
    return [lag for lag in found if isinstance(lag, Lag)]


def test_each_projection_is_measured_against_each_ledger(run: LedgerRun) -> None:
    newest = {ad_id: revision.version for ad_id, revision in run.newest().items()}
    last = run.ads.create(PUBLISHER, new_ad(0)).ad_id
    behind = shard_of(last, SHARDS)
    state, search = having(newest | {last: 0}), having(newest)
    found = {(one.ledger, one.projection): one for one in measure(run, state=state, search=search)}
    assert list(found) == [(name, by) for name in NAMES for by in ("state", "search")]
    for name in NAMES:
        assert found[name, "state"].blocks == 0
        assert found[name, "state"].applied == found[name, "state"].head
    lacking = found[NAMES[behind], "search"]
    assert (lacking.blocks, lacking.ads, lacking.seconds) == (1, 1, LATE.total_seconds())
    assert found[NAMES[1 - behind], "search"].blocks == 0


def test_only_the_newest_blocks_are_looked_at(run: LedgerRun) -> None:
    nothing = having({})
    for lag in measure(run, 3, state=nothing):
        assert (lag.at_least, lag.applied) == (True, lag.head - 3)
        assert lag.blocks == 3


def test_an_empty_ledger_asks_projections_nothing() -> None:
    def asked(ad_ids: Sequence[str]) -> Mapping[str, int]:
        raise AssertionError("there is nothing to ask for")

    empty = LedgerRun(seed=1, shards=SHARDS)
    assert measure(empty, state=asked) == [
        Lag("state", name, -1, -1, 0, 0, 0.0, at_least=False) for name in NAMES
    ]
    assert [lag.head for lag in of_stream(empty, {})] == [-1, -1]


def test_the_stream_is_behind_by_what_it_lacks(run: LedgerRun) -> None:
    newest = {ad_id: revision.version for ad_id, revision in run.newest().items()}
    assert [lag.blocks for lag in of_stream(run, newest)] == [0, 0]
    last = run.ads.create(PUBLISHER, new_ad(0)).ad_id
    behind = shard_of(last, SHARDS)
    found = of_stream(run, newest)
    assert (found[behind].blocks, found[behind].ads, found[behind].at_least) == (1, 1, False)
    assert found[1 - behind].applied == found[1 - behind].head
    assert all(lag.at_least for lag in of_stream(run, {}, 3))


def test_what_is_older_than_is_read_counts_as_published(run: LedgerRun) -> None:
    run.time += LOOK_BACK * 2
    assert [(lag.blocks, lag.at_least) for lag in of_stream(run, {})] == [(0, False)] * SHARDS


def test_no_more_of_the_stream_is_read_than_the_blocks_can_have_filled(run: LedgerRun) -> None:
    asked: list[datetime] = []

    def published(since: datetime) -> Mapping[str, int]:
        asked.append(since)
        return {}

    journals = dict(zip(NAMES, run.storages, strict=True))
    run.ads.create(PUBLISHER, new_ad(0))
    for blocks in (1, BLOCKS):
        Lags(journals, {}, published, {}, now=lambda: run.time).measure(blocks)
    newest, oldest = asked
    assert oldest < newest <= run.time - SKEW
