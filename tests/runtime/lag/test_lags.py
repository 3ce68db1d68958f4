"""Lags of several ledgers and projections, read from real journals."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from runtime.ads.shards import shard_of
from runtime.lag.lag import Lag, Versions
from runtime.lag.lags import Lags
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


def measure(run: LedgerRun, blocks: int = BLOCKS, **projections: Versions) -> list[Lag]:
    journals = dict(zip(NAMES, run.storages, strict=True))
    return Lags(journals, projections, now=lambda: run.time + LATE).measure(blocks)


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
