"""Replays by themselves: tables, worker, state machine, and what each may do."""

import json
from typing import Any

import pytest

from infra.replay import TASK_MARGIN_S, Replay
from infra.replay_machine import RETRIES_MAX, definition
from local.plan import Plan
from runtime.replays.pieces import PIECES_MAX
from tests.infra.plans import (
    FUNCTION,
    LOG_GROUP,
    PLATFORM,
    ROLE_POLICY,
    STATE_MACHINE,
    TABLE,
    component,
    statements,
)

STATE_BYTES_MAX = 256 * 1024
"""Of input and output of a state, whatever its paths make of them later."""
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:replay"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return component(
        lambda: Replay(
            "replay",
            {
                "worker": {
                    "code": "code",  # type: ignore[typeddict-item]
                    "handler": "runtime.replay.handler.handler",
                    "platform": PLATFORM,
                    "timeout_s": 100,
                },
                "statements": [
                    {"sid": "ReadJournal", "actions": ["dynamodb:Query"], "resources": ["arn:j"]}
                ],
                "environment": {"JOURNAL_TABLE": "journal"},
                "piece_blocks_max": 2000,
                "concurrency_max": 7,
            },
        )
    )


def granted(plan: Plan, name: str) -> dict[str, Any]:
    return {s["Sid"]: (s["Action"], s["Resource"]) for s in statements(plan.one(ROLE_POLICY, name))}


def test_what_replays_leave_expires_and_is_encrypted(plan: Plan) -> None:
    for name, keys in (
        ("replay-records", ("replayId", "item")),
        ("replay", ("replayId", "adId")),
    ):
        table = plan.one(TABLE, name)
        assert (table.inputs["hashKey"], table.inputs["rangeKey"]) == keys
        assert table.inputs["ttl"] == {"enabled": True, "attributeName": "expiresAt"}
        assert table.inputs["serverSideEncryption"] == {"enabled": True}
        assert not table.protect


def test_the_worker_is_told_where_everything_is(plan: Plan) -> None:
    function = plan.one(FUNCTION, "replay").inputs
    assert function["timeout"] == 100
    told = function["environment"]["variables"]
    assert {name: told[name] for name in told if not name.startswith("POWERTOOLS")} == {
        "JOURNAL_TABLE": "journal",
        "REPLAYS_TABLE": "replay-records",
        "REPLAY_TABLE": "replay",
        "REPLAY_PIECE_BLOCKS": "2000",
    }


def test_the_worker_deletes_nothing_of_any_table(plan: Plan) -> None:
    actions = {a for found, _ in granted(plan, "replay").values() for a in found}
    assert {a for a in actions if a.startswith("dynamodb:")} == {
        *("dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:PutItem"),
        *("dynamodb:Query", "dynamodb:UpdateItem"),
    }
    assert granted(plan, "replay")["WriteEntries"][0] == ["dynamodb:PutItem"]


def test_the_machine_calls_its_worker_and_starts_its_own_pieces(plan: Plan) -> None:
    machine = plan.one(STATE_MACHINE, "replay-machine")
    first = granted(plan, "replay-machine")
    assert set(first) == {"Invoke", "DeliverLogs", "TraceMachine"}
    assert first["Invoke"] == (["lambda:InvokeFunction"], ["arn:aws:mock:" + ARN_OF_FUNCTION])
    pieces = granted(plan, "replay-machine-pieces")
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:replay-machine"
    assert pieces["StartPieces"] == (["states:StartExecution"], [arn])
    executions = arn.replace("stateMachine", "execution") + ":*"
    assert pieces["LookAfterPieces"][1] == [executions]
    assert machine.inputs["tracingConfiguration"] == {"enabled": True}
    assert machine.inputs["loggingConfiguration"]["level"] == "ERROR"
    assert plan.one(LOG_GROUP, "replay-machine").inputs["retentionInDays"] == 14
    assert any("replay-machine" in urn for urn in machine.depends_on)


ARN_OF_FUNCTION = "eu-west-1:123456789012:replay"


def test_the_definition_is_the_one_for_these_settings(plan: Plan) -> None:
    found = json.loads(plan.one(STATE_MACHINE, "replay-machine").inputs["definition"])
    arn = found["States"]["Plan"]["Parameters"]["FunctionName"]
    assert found == definition(arn, 100 + TASK_MARGIN_S, 7)


def states(found: dict[str, Any]) -> dict[str, Any]:
    """Every state by name, those of the map included."""
    inner = found["States"]["Pieces"]["ItemProcessor"]
    return found["States"] | inner["States"]


def test_every_state_leads_somewhere_and_ends() -> None:
    found = definition(FUNCTION_ARN, 115, 20)
    known = states(found)
    assert found["StartAt"] in known
    assert found["States"]["Pieces"]["ItemProcessor"]["StartAt"] in known
    for name, state in known.items():
        ends = state.get("End") or state["Type"] == "Fail"
        assert ends or state["Next"] in known, name
        assert all(catch["Next"] in known for catch in state.get("Catch", ()))


def test_every_task_is_bounded_and_tried_again_whatever_went_wrong() -> None:
    tasks = {n: s for n, s in states(definition(FUNCTION_ARN, 115, 20)).items() if "Retry" in s}
    assert set(tasks) == {"Plan", "Piece", "Finish", "Tell"}
    for task in tasks.values():
        assert task["TimeoutSeconds"] == 115
        (retry,) = task["Retry"]
        assert (retry["ErrorEquals"], retry["MaxAttempts"]) == (["States.ALL"], RETRIES_MAX)


def test_the_most_pieces_that_there_can_be_fit_into_a_state() -> None:
    """Their numbers, and together what they return, of which no path of the map takes anything."""
    found = states(definition(FUNCTION_ARN, 115, 20))
    known = {"replayId": "20260102t030405-0a0b0c0d", "attempt": 1000}
    planned = known | {"pieces": list(range(PIECES_MAX))}
    assert found["Plan"]["OutputPath"] == "$.Payload"
    assert found["Piece"]["OutputPath"] is None  # Which is {} in the States Language.
    returned: list[dict[str, Any]] = [{}] * PIECES_MAX
    for state in (planned, returned):
        assert len(json.dumps(state)) < STATE_BYTES_MAX
    assert len(json.dumps([known] * PIECES_MAX)) > STATE_BYTES_MAX  # As it would be without.


def test_any_failure_is_told_and_any_number_of_pieces_fits() -> None:
    found = definition(FUNCTION_ARN, 115, 20)
    for name in ("Plan", "Pieces", "Finish"):
        (catch,) = found["States"][name]["Catch"]
        assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "Tell")
    pieces = found["States"]["Pieces"]
    assert pieces["MaxConcurrency"] == 20
    assert pieces["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert pieces["ResultPath"] is None
