"""Lags: what a projection lacks, counted from the first block that it lacks something of."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from runtime.lag.lag import Change, Lag, Recent, Versions, measured

NOW = datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)
CHANGES = [
    Change(3, "a", 0, "2026-01-01T00:00:03.000Z"),
    Change(4, "b", 0, "2026-01-01T00:00:04.000Z"),
    Change(6, "a", 1, "2026-01-01T00:00:06.000Z"),
    Change(7, "a", 2, "2026-01-01T00:00:07.000Z"),
    Change(8, "b", 1, "2026-01-01T00:00:08.000Z"),
]


def having(known: Mapping[str, int]) -> Versions:
    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        assert len(ad_ids) == len(set(ad_ids))
        return {ad_id: known[ad_id] for ad_id in ad_ids if ad_id in known}

    return versions


@pytest.mark.parametrize(
    ("known", "applied", "blocks", "ads", "seconds"),
    [
        ({"a": 2, "b": 1}, 9, 0, 0, 0.0),
        ({"a": 9, "b": 9}, 9, 0, 0, 0.0),
        ({"a": 2, "b": 0}, 7, 2, 1, 22.0),
        ({"a": 1, "b": 1}, 6, 3, 1, 23.0),
        ({"a": 0, "b": 0}, 5, 4, 2, 24.0),
        ({"a": 2}, 3, 6, 1, 26.0),
        ({}, 2, 7, 2, 27.0),
    ],
)
def test_what_is_lacking(
    known: Mapping[str, int], applied: int, blocks: int, ads: int, seconds: float
) -> None:
    found = measured("state", "ads-0", Recent(0, 9, CHANGES), having(known), NOW)
    assert found == Lag("state", "ads-0", 9, applied, blocks, ads, seconds, at_least=False)


def test_a_projection_that_lacks_the_oldest_looked_at_may_lack_more() -> None:
    assert measured("state", "ads-0", Recent(2, 9, CHANGES), having({}), NOW).at_least
    assert not measured("state", "ads-0", Recent(2, 9, CHANGES), having({"a": 2}), NOW).at_least


def test_nothing_is_behind_an_empty_ledger() -> None:
    found = measured("state", "ads-0", Recent(0, 3, []), having({}), NOW)
    assert (found.applied, found.blocks) == (3, 0)


def test_a_clock_that_is_late_makes_no_negative_lag() -> None:
    before = datetime(2025, 1, 1, tzinfo=UTC)
    assert measured("state", "ads-0", Recent(0, 9, CHANGES), having({}), before).seconds == 0
