"""The event bus: archive, schemas, and what other accounts may do; all by its arguments."""

import json
from typing import Any

import pytest

from infra.event_bus import EventBus, EventBusArgs, event_schemas, event_source
from local.plan import Plan
from runtime.ad_events.schema import schema
from runtime.ad_events.shapes import SHAPES, SOURCE
from tests.infra.plans import (
    ACCOUNT,
    EVENT_BUS,
    EVENT_BUS_POLICY,
    REGISTRY,
    REGISTRY_POLICY,
    SCHEMA,
    component,
    statements,
)

ARCHIVE = "aws:cloudwatch/eventArchive:EventArchive"
PARTNERS = ["111122223333", "444455556666"]
ROOTS = {"AWS": [f"arn:aws:iam::{account}:root" for account in PARTNERS]}
RULES = f"arn:aws:events:{ACCOUNT}:rule/changes/*"


def planned(**changes: Any) -> Plan:
    args: EventBusArgs = {"archive_days": 30, "schemas": True, "consumer_accounts": [], **changes}  # type: ignore[typeddict-item]
    return component(lambda: EventBus("changes", args))


def test_its_archive_keeps_all_of_our_events() -> None:
    plan = planned()
    bus = plan.one(EVENT_BUS, "changes")
    archive = plan.one(ARCHIVE, "changes").inputs
    assert archive["eventSourceArn"] == f"arn:aws:events:{ACCOUNT}:event-bus/changes"
    assert archive["retentionDays"] == 30
    assert json.loads(archive["eventPattern"]) == {"source": [SOURCE]}
    assert plan.outputs[bus.parent] == {
        "busName": "changes",
        "busArn": f"arn:aws:events:{ACCOUNT}:event-bus/changes",
    }


def test_its_schemas_are_of_the_events_that_are_sent() -> None:
    found = {one.inputs["name"]: one.inputs for one in planned().of(SCHEMA)}
    assert sorted(found) == [f"{SOURCE}@{kind}" for kind in ("AdCreated", "AdDeleted", "AdUpdated")]
    for shape in SHAPES:
        inputs = found[f"{SOURCE}@{shape.__name__}"]
        assert json.loads(inputs["content"]) == schema(shape)
        assert inputs["type"] == "JSONSchemaDraft4"
        assert inputs["registryName"] == "changes"
        assert 0 < len(inputs["description"]) <= 256
    assert event_source() == SOURCE
    assert list(event_schemas()) == sorted(shape.__name__ for shape in SHAPES)


def test_schemas_can_be_left_out() -> None:
    plan = planned(schemas=False, consumer_accounts=PARTNERS)
    assert plan.of(REGISTRY) == plan.of(SCHEMA) == plan.of(REGISTRY_POLICY) == []
    assert len(plan.of(EVENT_BUS_POLICY)) == 1


def test_no_other_account_may_do_anything_by_default() -> None:
    plan = planned()
    assert plan.of(EVENT_BUS_POLICY) == plan.of(REGISTRY_POLICY) == []


def test_consumers_keep_rules_of_their_own_and_nothing_else() -> None:
    plan = planned(consumer_accounts=PARTNERS)
    policy = plan.one(EVENT_BUS_POLICY, "changes")
    assert policy.inputs["eventBusName"] == "changes"
    found = {statement["Sid"]: statement for statement in statements(policy)}
    assert {statement["Effect"] for statement in found.values()} == {"Allow"}
    for statement in found.values():
        assert statement["Principal"] == ROOTS
        assert statement["Resource"] == [RULES]
        assert statement["Condition"]["StringEqualsIfExists"] == {
            "events:creatorAccount": "${aws:PrincipalAccount}"
        }
    actions = {action for statement in found.values() for action in statement["Action"]}
    assert actions == {
        f"events:{verb}"
        for verb in (
            *("PutRule", "DeleteRule", "DescribeRule", "DisableRule", "EnableRule"),
            *("PutTargets", "RemoveTargets", "ListTargetsByRule"),
        )
    }


def test_a_consumers_rule_asks_for_our_events_and_leads_to_its_own_buses() -> None:
    (policy,) = planned(consumer_accounts=PARTNERS).of(EVENT_BUS_POLICY)
    found = {statement["Sid"]: statement["Condition"] for statement in statements(policy)}
    assert found["MakeOwnRules"]["ForAllValues:StringEquals"] == {"events:source": [SOURCE]}
    assert found["MakeOwnRules"]["Null"] == {"events:source": "false"}
    assert found["AimOwnRules"]["ForAllValues:ArnLike"] == {
        "events:TargetArn": "arn:*:events:*:${aws:PrincipalAccount}:event-bus/*"
    }


def test_consumers_read_the_schemas_and_cannot_change_them() -> None:
    (policy,) = planned(consumer_accounts=PARTNERS).of(REGISTRY_POLICY)
    finding, reading = statements(policy)
    assert finding["Resource"] == [f"arn:aws:schemas:{ACCOUNT}:registry/changes"]
    assert reading["Resource"] == [f"arn:aws:schemas:{ACCOUNT}:schema/changes/*"]
    assert finding["Principal"] == reading["Principal"] == ROOTS
    verbs = [action.split(":")[1] for action in finding["Action"] + reading["Action"]]
    assert [v for v in verbs if not v.startswith(("Describe", "List", "Search", "Export"))] == []


@pytest.mark.parametrize("action", ["PutEvents", "PutPermission", "DeleteEventBus", "StartReplay"])
def test_nobody_else_can_put_events_or_change_the_bus(action: str) -> None:
    (policy,) = planned(consumer_accounts=PARTNERS).of(EVENT_BUS_POLICY)
    assert f"events:{action}" not in json.dumps(statements(policy))
