"""One worker by itself: its function, role, logs, queue, and event source where it has one."""

import json
from typing import Any

import pulumi

from infra import grants
from infra.worker import EventSource, Worker, WorkerArgs
from local.plan import Plan
from tests.infra.plans import (
    EVENT_SOURCE,
    FUNCTION,
    LOG_GROUP,
    PLATFORM,
    QUEUE,
    ROLE_POLICY,
    component,
    statements,
)

SOURCE: EventSource = {
    "arn": "arn:stream",
    "parallelism": 3,
    "delivery": {
        "batch_size_max": 50,
        "batch_window_s": 2,
        "retries_max": 7,
        "record_age_s_max": 900,
    },
}


def args(**changes: Any) -> WorkerArgs:
    found: Any = {
        "code": pulumi.AssetArchive({}),
        "handler": "runtime.count.handler.handler",
        "platform": PLATFORM,
        "timeout_s": 20,
        "statements": [],
        **changes,
    }
    return found


def planned(**changes: Any) -> Plan:
    return component(lambda: Worker("count", args(**changes)))


def test_a_worker_is_called_or_fed() -> None:
    assert planned().of(EVENT_SOURCE) == []
    assert len(planned(event_source=SOURCE).of(EVENT_SOURCE)) == 1


def test_the_function_runs_on_the_platform() -> None:
    function = planned().one(FUNCTION, "count").inputs
    assert function["runtime"] == "python3.13"
    assert function["architectures"] == ["arm64"]
    assert function["layers"] == ["arn:layer"]
    assert (function["memorySize"], function["timeout"]) == (512, 20)
    assert function["handler"] == "runtime.count.handler.handler"


def test_its_environment_is_the_platforms_and_its_own() -> None:
    function = planned(environment={"LEDGER_NAME": "ads"}).one(FUNCTION, "count")
    assert function.inputs["environment"]["variables"] == {
        "LEDGER_NAME": "ads",
        "POWERTOOLS_LOG_LEVEL": "WARNING",
        "POWERTOOLS_METRICS_NAMESPACE": "adledger",
        "POWERTOOLS_SERVICE_NAME": "count",
        "POWERTOOLS_TRACE_DISABLED": "false",
    }


def test_it_logs_into_a_group_of_its_own_that_expires() -> None:
    plan = planned()
    assert plan.one(LOG_GROUP, "count").inputs == {"retentionInDays": 14}
    assert plan.one(FUNCTION, "count").inputs["loggingConfig"] == {
        "logFormat": "JSON",
        "logGroup": "count",
        "applicationLogLevel": "WARN",
        "systemLogLevel": "INFO",
    }


def test_tracing_is_a_choice_that_takes_its_permission_along() -> None:
    platform = {**PLATFORM, "tracing": False}
    plan = planned(platform=platform)
    function = plan.one(FUNCTION, "count").inputs
    assert function["tracingConfig"] == {"mode": "PassThrough"}
    assert function["environment"]["variables"]["POWERTOOLS_TRACE_DISABLED"] == "true"
    assert "WriteTraces" not in {s["Sid"] for s in statements(plan.one(ROLE_POLICY, "count"))}


def test_its_role_may_do_what_was_granted_and_what_every_worker_needs() -> None:
    plan = planned(statements=[grants.publish_stream("arn:stream")])
    granted = {s["Sid"]: s["Resource"] for s in statements(plan.one(ROLE_POLICY, "count"))}
    queue = "arn:aws:sqs:eu-west-1:123456789012:count-failures"
    assert granted == {
        "PublishStream": ["arn:stream"],
        "WriteLogs": ["arn:aws:logs:eu-west-1:123456789012:log-group:count:*"],
        "SendToQueue": [queue],
        "WriteTraces": ["*"],
    }
    (role,) = plan.of("aws:iam/role:Role")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_the_function_waits_for_its_permissions() -> None:
    plan = planned()
    (policy,) = plan.of(ROLE_POLICY)
    assert policy.urn in plan.one(FUNCTION, "count").depends_on


def test_its_source_is_bounded_and_halved_and_ends_in_its_queue() -> None:
    (source,) = planned(event_source=SOURCE).of(EVENT_SOURCE)
    assert source.inputs == {
        "batchSize": 50,
        "bisectBatchOnFunctionError": True,
        "destinationConfig": {
            "onFailure": {"destinationArn": "arn:aws:sqs:eu-west-1:123456789012:count-failures"}
        },
        "eventSourceArn": "arn:stream",
        "functionName": "count",
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "maximumBatchingWindowInSeconds": 2,
        "maximumRecordAgeInSeconds": 900,
        "maximumRetryAttempts": 7,
        "parallelizationFactor": 3,
        "startingPosition": "TRIM_HORIZON",
    }


def test_a_source_may_be_filtered() -> None:
    pattern = {"data": {"kind": ["block"]}}
    (source,) = planned(event_source={**SOURCE, "pattern": pattern}).of(EVENT_SOURCE)
    (kept,) = source.inputs["filterCriteria"]["filters"]
    assert json.loads(kept["pattern"]) == pattern


def test_its_queue_is_encrypted_and_keeps_failures_for_long() -> None:
    assert planned().one(QUEUE, "count-failures").inputs == {
        "messageRetentionSeconds": 1_209_600,
        "sqsManagedSseEnabled": True,
    }


def test_it_says_what_it_made() -> None:
    plan = planned()
    (urn,) = [r.urn for r in plan.resources.values() if r.type == "adledger:index:Worker"]
    assert set(plan.outputs[urn]) == {
        *("functionName", "functionArn", "invokeArn", "roleArn"),
        *("failureQueueArn", "logGroupName"),
    }
    assert all(r.parent == urn for r in plan.resources.values() if r.custom)
