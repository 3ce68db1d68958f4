"""The example of a partner: what its rule lets through, and who may fill its queues."""

import json

import pytest

from infra.partner_queue import PartnerQueue
from local.plan import Plan
from tests.infra.plans import (
    ACCOUNT,
    EVENT_RULE,
    EVENT_TARGET,
    QUEUE,
    QUEUE_POLICY,
    component,
    statements,
)

RULE = f"arn:aws:events:{ACCOUNT}:rule/changes/partner"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return component(
        lambda: PartnerQueue(
            "partner",
            {"bus_name": "changes", "source": "adledger", "event_types": ["AdCreated"]},
        )
    )


def test_its_rule_lets_its_events_through(plan: Plan) -> None:
    rule = plan.one(EVENT_RULE, "partner").inputs
    assert json.loads(rule["eventPattern"]) == {
        "source": ["adledger"],
        "detail-type": ["AdCreated"],
    }
    assert (rule["eventBusName"], rule["state"]) == ("changes", "ENABLED")


def test_its_events_go_to_the_queue_or_else_to_the_other(plan: Plan) -> None:
    target = plan.one(EVENT_TARGET, "partner").inputs
    assert target["arn"] == f"arn:aws:sqs:{ACCOUNT}:partner"
    assert target["deadLetterConfig"] == {"arn": f"arn:aws:sqs:{ACCOUNT}:partner-undelivered"}
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 86400, "maximumRetryAttempts": 185}
    assert (target["rule"], target["eventBusName"]) == ("partner", "changes")


@pytest.mark.parametrize("name", ["partner", "partner-undelivered"])
def test_only_its_rule_may_fill_a_queue(plan: Plan, name: str) -> None:
    queue = plan.one(QUEUE, name).inputs
    assert queue["sqsManagedSseEnabled"] is True
    assert queue["messageRetentionSeconds"] == 14 * 24 * 3600
    policy = plan.one(QUEUE_POLICY, name)
    assert policy.inputs["queueUrl"] == f"https://sqs.example/{name}"
    (statement,) = statements(policy)
    assert statement == {
        "Sid": "SendToQueue",
        "Effect": "Allow",
        "Action": ["sqs:SendMessage"],
        "Resource": [f"arn:aws:sqs:{ACCOUNT}:{name}"],
        "Principal": {"Service": "events.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE}},
    }


def test_the_queues_are_open_before_events_come(plan: Plan) -> None:
    target = plan.one(EVENT_TARGET, "partner")
    waited_for = {urn.rsplit("::", 1)[1] for urn in target.depends_on if "queuePolicy" in urn}
    assert waited_for == {"partner", "partner-undelivered"}


def test_its_outputs_say_where_to_receive(plan: Plan) -> None:
    outputs = plan.outputs[plan.one(EVENT_RULE, "partner").parent]
    assert outputs == {
        "queueUrl": "https://sqs.example/partner",
        "queueArn": f"arn:aws:sqs:{ACCOUNT}:partner",
        "undeliveredQueueArn": f"arn:aws:sqs:{ACCOUNT}:partner-undelivered",
    }
