"""The replays' state machine in Amazon States Language: plan, pieces, finish; tell of a failure."""

from typing import Any

RETRIES_MAX = 4
"""Of one step, before the replay is told to have failed; it can be resumed then."""
RETRY_INTERVAL_S = 1
RETRY_BACKOFF_RATE = 2
INVOKE = "arn:aws:states:::lambda:invoke"
ANY_ERROR = ["States.ALL"]
"""Names of errors differ between AWS and its emulators; whether to go on, the steps decide."""
_REPLAY = {"replayId.$": "$.replayId", "attempt.$": "$.attempt"}
_NOTHING = {"OutputPath": None}
"""{} as the output of a piece: those of thousands have to fit into one state of 256 KiB."""
_CATCH = {"Catch": [{"ErrorEquals": ANY_ERROR, "ResultPath": "$.error", "Next": "Tell"}]}


def definition(function_arn: str, timeout_s: int, concurrency_max: int) -> dict[str, Any]:
    """The machine over a function; its input is {replayId, attempt}.

    Pieces are numbers; each is an execution of its own, `concurrency_max` at once.
    """
    task = {"FunctionName": function_arn, "TimeoutSeconds": timeout_s}
    return {
        "Comment": "Brings a projection level with the journal, piece by piece.",
        "StartAt": "Plan",
        "States": {
            "Plan": {**_step(task, "plan"), **_CATCH, "Next": "Pieces"},
            "Pieces": {
                "Type": "Map",
                "ItemsPath": "$.pieces",
                "ItemSelector": {**_REPLAY, "piece.$": "$$.Map.Item.Value"},
                "MaxConcurrency": concurrency_max,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Piece",
                    "States": {
                        "Piece": {
                            **_step(task, "piece", **{"piece.$": "$.piece"}),
                            **_NOTHING,
                            "End": True,
                        }
                    },
                },
                # What the pieces returned is put together, and held to the limit of a state, all
                # the same: ResultPath only keeps it from what follows.
                "ResultPath": None,
                **_CATCH,
                "Next": "Finish",
            },
            "Finish": {**_step(task, "finish"), **_CATCH, "End": True},
            "Tell": {**_step(task, "fail", **{"cause.$": "$.error.Cause"}), "Next": "Failed"},
            "Failed": {
                "Type": "Fail",
                "Error": "ReplayFailed",
                "Cause": "The replay's own faults say why.",
            },
        },
    }


def _step(task: dict[str, Any], kind: str, **more: str) -> dict[str, Any]:
    """One step, tried again after a while when it fails."""
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {
            "FunctionName": task["FunctionName"],
            "Payload": {"step": kind, **_REPLAY, **more},
        },
        "OutputPath": "$.Payload",
        "TimeoutSeconds": task["TimeoutSeconds"],
        "Retry": [
            {
                "ErrorEquals": ANY_ERROR,
                "IntervalSeconds": RETRY_INTERVAL_S,
                "BackoffRate": RETRY_BACKOFF_RATE,
                "MaxAttempts": RETRIES_MAX,
            }
        ],
    }
