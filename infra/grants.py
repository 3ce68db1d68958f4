"""What a worker may do, as data: one verb each, the least that the verb takes, on what it is for.

Roles are attached to nothing else: no managed policies, no wildcards in actions. The few actions
that AWS cannot confine to a resource are listed in UNCONFINED.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

UNCONFINED = frozenset(
    {
        "cloudwatch:GetMetricData",
        "dynamodb:ListStreams",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
)
"""Actions for which IAM knows no resource."""


Principal = Mapping[str, Any]
"""Who is permitted, as IAM writes it: {"Service": ...} or {"AWS": [...]}."""


class Statement(TypedDict):
    """Permission for some actions on some resources."""

    sid: str
    """What it is for, in letters and digits."""
    actions: list[str]
    """Actions by their full names, none with a wildcard."""
    resources: list[pulumi.Input[str]]
    """ARNs."""
    principal: NotRequired[Principal]
    """Whose permission it is, in a resource's policy; a role's policy leaves it out."""
    condition: NotRequired[Mapping[str, Any]]
    """What else has to hold, as IAM writes it."""


def append_journal(table_arn: pulumi.Input[str]) -> Statement:
    """Put items into the journal; the role can neither update nor delete what is there."""
    return allow("AppendJournal", ["dynamodb:PutItem"], table_arn)


def read_journal(table_arn: pulumi.Input[str]) -> Statement:
    """Read blocks, revisions and index entries, which are ranges, and see a commit as a whole."""
    return allow("ReadJournal", ["dynamodb:BatchGetItem", "dynamodb:Query"], table_arn)


def read_table_stream(stream_arn: pulumi.Input[str]) -> list[Statement]:
    """Poll a table's stream, as an event source does for its function."""
    actions = ["DescribeStream", "GetRecords", "GetShardIterator"]
    return [
        allow("ReadTableStream", [f"dynamodb:{action}" for action in actions], stream_arn),
        allow("FindTableStream", ["dynamodb:ListStreams"], "*"),
    ]


def publish_stream(stream_arn: pulumi.Input[str]) -> Statement:
    """Put records onto a Kinesis stream."""
    return allow("PublishStream", ["kinesis:PutRecords"], stream_arn)


def read_stream(stream_arn: pulumi.Input[str]) -> Statement:
    """Poll a Kinesis stream, as an event source does for its function."""
    actions = [
        *("DescribeStream", "DescribeStreamSummary", "GetRecords"),
        *("GetShardIterator", "ListShards"),
    ]
    return allow("ReadStream", [f"kinesis:{action}" for action in actions], stream_arn)


def measure_lag(stream_arn: pulumi.Input[str]) -> list[Statement]:
    """Read what a Kinesis stream has got lately, and how old it was when functions were given it.

    The stream is read beside those who follow it; of the age Lambda alone can tell, as a metric.
    """
    actions = ["GetRecords", "GetShardIterator", "ListShards"]
    return [
        allow("LookIntoStream", [f"kinesis:{action}" for action in actions], stream_arn),
        allow("ReadMetrics", ["cloudwatch:GetMetricData"], "*"),
    ]


def read_state(table_arn: pulumi.Input[str]) -> Statement:
    """Read the current state by id and by publisher."""
    return allow(
        "ReadState",
        ["dynamodb:GetItem", "dynamodb:Query"],
        table_arn,
        pulumi.Output.concat(table_arn, "/index/*"),
    )


def compare_state(table_arn: pulumi.Input[str]) -> Statement:
    """Read the versions of many ads at once."""
    return allow("CompareState", ["dynamodb:BatchGetItem"], table_arn)


def write_state(table_arn: pulumi.Input[str]) -> Statement:
    """Put the current state, on conditions; nothing is ever deleted, tombstones replace."""
    return allow("WriteState", ["dynamodb:PutItem"], table_arn)


def read_search(domain_arn: pulumi.Input[str], index: str) -> Statement:
    """Search the index, and nothing else of the domain."""
    return allow(
        "ReadSearch", ["es:ESHttpPost"], pulumi.Output.concat(domain_arn, f"/{index}/_search")
    )


def write_search(domain_arn: pulumi.Input[str], index: str) -> Statement:
    """Make the index behind its alias, and write documents through it; it cannot read any."""
    return allow(
        "WriteSearch",
        ["es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"],
        pulumi.Output.concat(domain_arn, "/_bulk"),
        pulumi.Output.concat(domain_arn, f"/_alias/{index}"),
        pulumi.Output.concat(domain_arn, f"/{index}-*"),
    )


def put_events(bus_arn: pulumi.Input[str]) -> Statement:
    """Put events onto a bus."""
    return allow("PutEvents", ["events:PutEvents"], bus_arn)


def own_rules(rules_arn: pulumi.Input[str], source: str) -> list[Statement]:
    """Let another account keep rules of its own on a bus, none of anyone else's.

    A rule has to ask for events of this source, and its targets have to be buses of that account.
    """
    own = {"StringEqualsIfExists": {"events:creatorAccount": "${aws:PrincipalAccount}"}}
    sourced = {
        "ForAllValues:StringEquals": {"events:source": [source]},
        "Null": {"events:source": "false"},
    }
    homeward = {
        "ForAllValues:ArnLike": {
            "events:TargetArn": "arn:*:events:*:${aws:PrincipalAccount}:event-bus/*"
        }
    }
    kept = [
        *("DeleteRule", "DescribeRule", "DisableRule", "EnableRule"),
        *("ListTargetsByRule", "RemoveTargets"),
    ]
    return [
        given_if(own | sourced, allow("MakeOwnRules", ["events:PutRule"], rules_arn)),
        given_if(own | homeward, allow("AimOwnRules", ["events:PutTargets"], rules_arn)),
        given_if(own, allow("KeepOwnRules", [f"events:{action}" for action in kept], rules_arn)),
    ]


def read_schemas(
    registry_arn: pulumi.Input[str], schemas_arn: pulumi.Input[str]
) -> list[Statement]:
    """Find and read the schemas of a registry."""
    found = ["DescribeRegistry", "ListSchemas", "SearchSchemas"]
    read = ["DescribeSchema", "ExportSchema", "ListSchemaVersions"]
    return [
        allow("FindSchemas", [f"schemas:{action}" for action in found], registry_arn),
        allow("ReadSchemas", [f"schemas:{action}" for action in read], schemas_arn),
    ]


def send_to_queue(queue_arn: pulumi.Input[str]) -> Statement:
    """Send messages to a queue."""
    return allow("SendToQueue", ["sqs:SendMessage"], queue_arn)


def write_logs(log_group_arn: pulumi.Input[str]) -> Statement:
    """Write into a log group that exists; the role cannot make one that nobody expires."""
    return allow(
        "WriteLogs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        pulumi.Output.concat(log_group_arn, ":*"),
    )


def write_traces() -> Statement:
    """Send traces to X-Ray."""
    return allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")


def given_to(principal: Principal, statement: Statement) -> Statement:
    """The statement as a resource's policy has it, which must say who is permitted."""
    return {**statement, "principal": principal}


def given_if(condition: Mapping[str, Any], statement: Statement) -> Statement:
    """The statement where this holds as well."""
    return {**statement, "condition": condition}


def policy(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The statements as an IAM policy document."""
    return pulumi.Output.json_dumps(
        {"Version": "2012-10-17", "Statement": [_element(statement) for statement in statements]}
    )


def trust(service: str) -> str:
    """The policy by which an AWS service may take on a role."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": service},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _element(statement: Statement) -> dict[str, Any]:
    """The statement in IAM's words."""
    return {
        "Sid": statement["sid"],
        "Effect": "Allow",
        "Action": statement["actions"],
        "Resource": statement["resources"],
        **({"Principal": statement["principal"]} if "principal" in statement else {}),
        **({"Condition": statement["condition"]} if "condition" in statement else {}),
    }


def allow(sid: str, actions: list[str], *resources: pulumi.Input[str]) -> Statement:
    """Permission for some actions on some resources."""
    return {"sid": sid, "actions": actions, "resources": list(resources)}
