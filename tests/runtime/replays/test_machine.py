"""The state machine's executions: one an attempt."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.machine import StateMachine
from runtime.replays.ports import Execution
from runtime.replays.replay import Replay, Request, Target

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:replay"
REPLAY = Replay("20260102t030405-0a0b0c0d", Request(Target.STATE), "2026-01-02T03:04:05.000Z")


class MemoryStates:
    """Executions by ARN; fails with a code, or altogether."""

    def __init__(self) -> None:
        self.executions: dict[str, Mapping[str, Any]] = {}
        self.status = "RUNNING"
        self.down = False

    def start_execution(self, **arguments: Any) -> Mapping[str, Any]:
        self._answer()
        arn = f"{arguments['stateMachineArn'].replace('stateMachine', 'execution')}"
        arn = f"{arn}:{arguments['name']}"
        if arn in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")
        self.executions[arn] = arguments
        return {"executionArn": arn}

    def describe_execution(self, **arguments: Any) -> Mapping[str, Any]:
        self._answer()
        if arguments["executionArn"] not in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": self.status}

    def _answer(self) -> None:
        if self.down:
            raise EndpointConnectionError(endpoint_url="states")


def test_an_attempt_is_one_execution_however_often_it_is_started() -> None:
    states = MemoryStates()
    machine = StateMachine(states, ARN)
    assert machine.execution(REPLAY) is Execution.UNKNOWN
    machine.start(REPLAY)
    machine.start(REPLAY)
    (started,) = states.executions.values()
    assert json.loads(started["input"]) == {"replayId": REPLAY.replay_id, "attempt": 1}
    assert started["name"] == "20260102t030405-0a0b0c0d-1"
    assert machine.execution(REPLAY) is Execution.RUNS


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_is_told_apart_from_one_that_nobody_knows(status: str) -> None:
    states = MemoryStates()
    machine = StateMachine(states, ARN)
    machine.start(REPLAY)
    states.status = status
    assert machine.execution(REPLAY) is Execution.ENDED
    states.executions.clear()
    assert machine.execution(REPLAY) is Execution.UNKNOWN


def test_a_service_that_is_away_is_told() -> None:
    states = MemoryStates()
    states.down = True
    machine = StateMachine(states, ARN)
    for ask in (machine.start, machine.execution):
        with pytest.raises(ReplayUnavailableError, match="20260102t030405-0a0b0c0d"):
            ask(REPLAY)
