"""The benchmark of replays runs, and measures what it says."""

import sys

import pytest

from bench import replay_cost
from bench.replay_cost import MemoryTable

FACTOR_MIN = 3
"""Fewer ads than the benchmark's say less exactly how quick it is."""


@pytest.mark.speed
def test_replaying_is_quicker_than_writing_and_as_cheap_for_many(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay_cost, "FACTOR_MIN", FACTOR_MIN)
    monkeypatch.setattr(replay_cost, "GROWTH_MAX", 2)
    monkeypatch.setattr(sys, "argv", ["replay_cost", "--ads", "200", "800"])
    assert replay_cost.main() == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:3]] == ["200", "800"]
    monkeypatch.setattr(replay_cost, "FACTOR_MIN", 10_000)
    monkeypatch.setattr(sys, "argv", ["replay_cost", "--ads", "20"])
    assert replay_cost.main() == 1


def test_a_run_that_loses_ads_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryTable, "transact_write_items", lambda *_, **__: {})
    monkeypatch.setattr(MemoryTable, "transactions", 1, raising=False)
    with pytest.raises(RuntimeError, match="0 of 10 ads came back"):
        replay_cost.measured(10)
