"""What replays may do, and those who ask for them; as in infra.grants."""

import pulumi

from infra.grants import Statement, allow

LOG_DELIVERY = (
    "CreateLogDelivery",
    "GetLogDelivery",
    "UpdateLogDelivery",
    "DeleteLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "DescribeResourcePolicies",
    "DescribeLogGroups",
)
"""What Step Functions needs to log, none of which IAM can confine to a log group."""


def ask_for_replays(table_arn: pulumi.Input[str]) -> Statement:
    """Record a replay, change its status and read how far it is."""
    return allow(
        "AskForReplays",
        ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
        table_arn,
        pulumi.Output.concat(table_arn, "/index/*"),
    )


def do_replays(table_arn: pulumi.Input[str]) -> Statement:
    """Record the pieces of replays, and that they are done."""
    actions = ["BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem"]
    return allow("DoReplays", [f"dynamodb:{action}" for action in actions], table_arn)


def write_entries(table_arn: pulumi.Input[str]) -> Statement:
    """Put what a replay found into the replay table, on conditions."""
    return allow("WriteEntries", ["dynamodb:PutItem"], table_arn)


def read_entries(table_arn: pulumi.Input[str]) -> Statement:
    """Read what replays found."""
    return allow("ReadEntries", ["dynamodb:GetItem", "dynamodb:Query"], table_arn)


def run_machine(machine_arn: pulumi.Output[str]) -> list[Statement]:
    """Start a state machine and ask whether what was started still runs."""
    return [
        allow("StartReplays", ["states:StartExecution"], machine_arn),
        allow("LookAfterReplays", ["states:DescribeExecution"], executions(machine_arn)),
    ]


def run_pieces(machine_arn: pulumi.Output[str]) -> list[Statement]:
    """Start a distributed map's executions and look after them, as the machine's own role."""
    watched = ["states:DescribeExecution", "states:StopExecution"]
    return [
        allow("StartPieces", ["states:StartExecution"], machine_arn),
        allow("LookAfterPieces", watched, executions(machine_arn)),
    ]


def invoke(function_arn: pulumi.Input[str]) -> Statement:
    """Call a function."""
    return allow("Invoke", ["lambda:InvokeFunction"], function_arn)


def deliver_logs() -> Statement:
    """Have a state machine's log delivered."""
    return allow("DeliverLogs", [f"logs:{action}" for action in LOG_DELIVERY], "*")


def trace_machine() -> Statement:
    """Send a state machine's traces to X-Ray, and ask which to send."""
    actions = [
        *("PutTraceSegments", "PutTelemetryRecords"),
        *("GetSamplingRules", "GetSamplingTargets"),
    ]
    return allow("TraceMachine", [f"xray:{action}" for action in actions], "*")


def rebuild_search(domain_arn: pulumi.Input[str], index: str) -> Statement:
    """Make, fill and remove the indexes behind an alias, and have the alias change over."""
    methods = ["Delete", "Get", "Head", "Post", "Put"]
    return allow(
        "RebuildSearch",
        [f"es:ESHttp{method}" for method in methods],
        pulumi.Output.concat(domain_arn, "/_bulk"),
        pulumi.Output.concat(domain_arn, "/_aliases"),
        pulumi.Output.concat(domain_arn, f"/_alias/{index}"),
        pulumi.Output.concat(domain_arn, f"/{index}-*"),
    )


def executions(machine_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """The ARNs of what a state machine has run, its maps' pieces included."""
    return machine_arn.apply(lambda arn: arn.replace(":stateMachine:", ":execution:") + ":*")
