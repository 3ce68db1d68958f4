"""Grants: each verb is exactly its actions, on exactly its resource."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pulumi
import pytest

from infra import grants
from infra.grants import Statement
from tests.infra.plans import component

THING = "arn:thing"


def element(given: Callable[[], Sequence[Statement]]) -> list[dict[str, Any]]:
    """What the statements are in IAM's words."""
    plan = component(lambda: pulumi.export("policy", grants.policy(given())))
    document = json.loads(plan.exports["policy"])
    assert document["Version"] == "2012-10-17"
    return document["Statement"]


@pytest.mark.parametrize(
    ("statement", "actions", "resources"),
    [
        (grants.append_journal, ["dynamodb:PutItem"], [THING]),
        (grants.read_journal, ["dynamodb:BatchGetItem", "dynamodb:Query"], [THING]),
        (grants.publish_stream, ["kinesis:PutRecords"], [THING]),
        (grants.write_state, ["dynamodb:PutItem"], [THING]),
        (grants.put_events, ["events:PutEvents"], [THING]),
        (
            grants.read_state,
            ["dynamodb:GetItem", "dynamodb:Query"],
            [THING, f"{THING}/index/*"],
        ),
        (grants.send_to_queue, ["sqs:SendMessage"], [THING]),
        (grants.write_logs, ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{THING}:*"]),
    ],
)
def test_a_verb_is_its_actions_on_its_resource(
    statement: Any, actions: list[str], resources: list[str]
) -> None:
    (found,) = element(lambda: [statement(THING)])
    assert found == {
        "Sid": found["Sid"],
        "Effect": "Allow",
        "Action": actions,
        "Resource": resources,
    }
    assert found["Sid"].isalnum()


def test_searching_and_indexing_are_apart() -> None:
    reading, writing = element(
        lambda: [grants.read_search(THING, "ads"), grants.write_search(THING, "ads")]
    )
    assert (reading["Action"], reading["Resource"]) == (["es:ESHttpPost"], [f"{THING}/ads/_search"])
    assert writing["Action"] == ["es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"]
    assert writing["Resource"] == [f"{THING}/_bulk", f"{THING}/_alias/ads", f"{THING}/ads-*"]


def test_finding_a_tables_stream_is_all_that_is_unconfined_of_reading_it() -> None:
    reading, finding = element(lambda: grants.read_table_stream(THING))
    assert reading["Resource"] == [THING]
    assert (finding["Action"], finding["Resource"]) == (["dynamodb:ListStreams"], ["*"])


def test_a_resources_policy_says_who() -> None:
    roles = {"AWS": ["arn:role"]}
    (found,) = element(lambda: [grants.given_to(roles, grants.send_to_queue(THING))])
    assert found["Principal"] == {"AWS": ["arn:role"]}


def test_a_statement_says_what_else_has_to_hold() -> None:
    given = {"ArnEquals": {"aws:SourceArn": "arn:rule"}}
    (found,) = element(lambda: [grants.given_if(given, grants.send_to_queue(THING))])
    assert found["Condition"] == given
    (found,) = element(lambda: [grants.send_to_queue(THING)])
    assert "Condition" not in found


def test_rules_of_ones_own_are_bound_to_their_makers_account() -> None:
    found = element(lambda: grants.own_rules(THING, "ours"))
    assert [statement["Resource"] for statement in found] == [[THING]] * 3
    own = {"events:creatorAccount": "${aws:PrincipalAccount}"}
    assert [s["Condition"]["StringEqualsIfExists"] for s in found] == [own] * 3


def test_giving_to_someone_leaves_the_statement_as_it_was() -> None:
    statement = grants.send_to_queue(THING)
    grants.given_to({"AWS": ["arn:role"]}, statement)
    assert "principal" not in statement


def test_a_role_is_trusted_to_one_service() -> None:
    (statement,) = json.loads(grants.trust("lambda.amazonaws.com"))["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
