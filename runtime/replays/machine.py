"""The Step Functions state machine that runs replays."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runtime.replays.errors import ReplayUnavailableError
from runtime.replays.ports import Execution
from runtime.replays.replay import Replay

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
CALL_ATTEMPTS_MAX = 3
GOING_ON = frozenset({"RUNNING", "PENDING_REDRIVE"})
"""Statuses of an execution that is at work, or about to be again."""


class StatesClient(Protocol):
    """What is used of boto3's Step Functions client."""

    def start_execution(self, **arguments: Any) -> Mapping[str, Any]:
        """Begin an execution."""
        ...

    def describe_execution(self, **arguments: Any) -> Mapping[str, Any]:
        """Tell of an execution."""
        ...


class StateMachine:
    """Runs each attempt of a replay as one execution, named for both."""

    def __init__(self, client: StatesClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, replay: Replay) -> None:
        """Run this attempt; nothing where it was started before."""
        with _wrapped(f"start replay {replay.replay_id}"):
            try:
                self._client.start_execution(
                    stateMachineArn=self._arn,
                    name=_name(replay),
                    input=json.dumps({"replayId": replay.replay_id, "attempt": replay.attempt}),
                )
            except ClientError as error:
                if _code(error) != "ExecutionAlreadyExists":
                    raise

    def execution(self, replay: Replay) -> Execution:
        """What is known of this attempt's execution; one call."""
        execution = self._arn.replace(":stateMachine:", ":execution:") + ":" + _name(replay)
        with _wrapped(f"look after replay {replay.replay_id}"):
            try:
                found = self._client.describe_execution(executionArn=execution)
            except ClientError as error:
                if _code(error) != "ExecutionDoesNotExist":
                    raise
                return Execution.UNKNOWN
        return Execution.RUNS if found["status"] in GOING_ON else Execution.ENDED


def open_machine(arn: str) -> StateMachine:
    """The machine by its ARN, with the client settings that suit a Lambda function."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    return StateMachine(boto3.client("stepfunctions", config=config), arn)


def _name(replay: Replay) -> str:
    return f"{replay.replay_id}-{replay.attempt}"


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def _wrapped(what: str) -> Generator[None]:
    """Where errors of Step Functions become ours."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise ReplayUnavailableError(f"cannot {what} now: {error}") from error
