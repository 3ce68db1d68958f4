"""The worker's steps as the state machine takes them."""

from collections.abc import Iterator
from typing import Any

import pytest

from runtime.ads.environment import SettingsError
from runtime.replay.handler import UNKNOWN_CAUSE, stepping
from runtime.replay.settings import read_settings
from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.replay import Request, Status, Target
from tests.lambda_runtime import MemoryContext
from tests.runtime.replay.ledgers import LedgerRun
from tests.runtime.replay.test_steps import Workshop

ENVIRONMENT = {
    "JOURNAL_TABLE": "journal",
    "LEDGER_NAME": "ads",
    "LEDGER_SHARDS": "2",
    "STATE_TABLE": "state",
    "SEARCH_ENDPOINT": "https://search.example",
    "SEARCH_INDEX": "ads",
    "REPLAYS_TABLE": "replays",
    "REPLAY_TABLE": "replay",
    "REPLAY_PIECE_BLOCKS": "100",
    "SNAPSHOT_BUCKET": "bucket",
}


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "adledger")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "replay")
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    run = LedgerRun(7)
    run.live(40)
    yield Workshop(run)
    run.ads.close()


class Executions:
    """Calls the handler as the state machine does."""

    def __init__(self, workshop: Workshop, request: Request) -> None:
        self._handler = stepping(workshop.steps)
        self.replay_id = workshop.replays.start(request).replay.replay_id

    def step(self, step: str, **more: Any) -> dict[str, Any]:
        event = {"step": step, "replayId": self.replay_id, "attempt": 1, **more}
        return self._handler(event, MemoryContext())  # type: ignore[arg-type]


def test_the_steps_of_a_replay(workshop: Workshop) -> None:
    calls = Executions(workshop, Request(Target.STATE))
    planned = calls.step("plan")
    known = {"replayId": calls.replay_id, "attempt": 1}
    assert planned == {**known, "pieces": list(range(len(planned["pieces"])))}
    assert len(planned["pieces"]) > 3
    for number in planned["pieces"]:
        assert calls.step("piece", piece=number) == known
    assert calls.step("finish") == known
    assert workshop.replays.read(calls.replay_id).replay.status is Status.SUCCEEDED
    assert workshop.target.ads == workshop.run.newest()


def test_what_another_try_may_mend_is_raised(workshop: Workshop) -> None:
    calls = Executions(workshop, Request(Target.STATE))
    *_, newest = calls.step("plan")["pieces"]
    workshop.target.fails = lambda: True
    with pytest.raises(ReplayUnavailableError, match="throttled"):
        calls.step("piece", piece=newest)
    assert workshop.replays.read(calls.replay_id).replay.status is Status.RUNNING


def test_what_no_try_will_mend_ends_the_replay_at_once(workshop: Workshop) -> None:
    calls = Executions(workshop, Request(Target.STATE, "0" * 22))
    calls.step("plan")
    calls.step("piece", piece=0)
    failed = workshop.replays.read(calls.replay_id).replay
    assert (failed.status, len(failed.faults)) == (Status.FAILED, 1)
    assert calls.step("plan")["pieces"] == []


@pytest.mark.parametrize(("cause", "fault"), [("it burns", "it burns"), (None, UNKNOWN_CAUSE)])
def test_a_failure_that_the_machine_tells_of_is_recorded(
    workshop: Workshop, cause: str | None, fault: str
) -> None:
    calls = Executions(workshop, Request(Target.STATE))
    calls.step("fail", cause=cause)
    failed = workshop.replays.read(calls.replay_id).replay
    assert (failed.status, failed.faults) == (Status.FAILED, (fault,))


def test_a_strange_step_is_refused(workshop: Workshop) -> None:
    with pytest.raises(ValueError, match="'dance' is no step"):
        Executions(workshop, Request(Target.STATE)).step("dance")


def test_settings_name_what_is_missing_or_wrong() -> None:
    settings = read_settings(ENVIRONMENT)
    assert (settings.ledger.shards, settings.piece_blocks_max) == (2, 100)
    assert settings.search_endpoint == "https://search.example"
    with pytest.raises(SettingsError, match="REPLAYS_TABLE, REPLAY_TABLE"):
        read_settings({**ENVIRONMENT, "REPLAYS_TABLE": "", "REPLAY_TABLE": ""})
    with pytest.raises(SettingsError, match="REPLAY_PIECE_BLOCKS"):
        read_settings({**ENVIRONMENT, "REPLAY_PIECE_BLOCKS": "0"})
    with pytest.raises(SettingsError, match="LEDGER_SHARDS"):
        read_settings({**ENVIRONMENT, "LEDGER_SHARDS": "none"})
