"""A Lambda function with everything that belongs to it alone: role, logs, failure queue, source."""

import json
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants
from infra.grants import Statement

FAILURES_RETENTION_S = 14 * 24 * 3600
"""The longest SQS keeps a message."""
SYSTEM_LOG_LEVELS = {"WARNING": "WARN"}
"""Lambda's name of a log level, where it is not Python's."""


class Platform(TypedDict):
    """What all workers of a stack have in common."""

    runtime: str
    """Lambda's runtime, such as python3.13."""
    architecture: str
    """arm64 or x86_64."""
    layers: list[pulumi.Input[str]]
    """ARNs of the layers with what the workers import from elsewhere."""
    memory_mb: int
    """Memory in MB, which also sets the share of a processor."""
    namespace: str
    """Of the workers' metrics."""
    log_level: str
    """The least that is logged: DEBUG, INFO, WARNING or ERROR."""
    log_retention_days: int
    """Days that logs are kept."""
    tracing: bool
    """Trace with X-Ray."""


class Delivery(TypedDict):
    """How a stream's records are handed over, and for how long again after a failure."""

    batch_size_max: int
    """Records in a batch."""
    batch_window_s: int
    """Seconds to wait for a batch to fill; 0 waits for nothing."""
    retries_max: int
    """Tries after the first; then a batch is halved, and what still fails goes to the queue."""
    record_age_s_max: int
    """Seconds after which a failing record goes to the queue whatever its tries."""


class EventSource(TypedDict):
    """A stream whose records the worker gets in batches, in order, and more than once at need."""

    arn: pulumi.Input[str]
    """Of a table's stream or a Kinesis stream."""
    parallelism: int
    """Batches of one shard at once; order is kept for each partition key."""
    delivery: Delivery
    """How the records are handed over."""
    pattern: NotRequired[dict[str, Any]]
    """Only records that match this event pattern; all where it is left out."""


class WorkerArgs(TypedDict):
    """What makes one worker differ from another."""

    code: pulumi.Input[pulumi.Archive]
    """Its own code."""
    handler: str
    """Its entry, as Lambda names it."""
    platform: Platform
    """What it has in common with the others."""
    timeout_s: int
    """Seconds it may take for a request or a batch."""
    statements: list[Statement]
    """What it may do, beside logging, tracing and sending to its own queue."""
    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables."""
    event_source: NotRequired[EventSource]
    """Where its batches come from; none for a worker that is called."""


class Worker(pulumi.ComponentResource):
    """A function that can do what it was granted, and whose failures end in a queue of its own."""

    function_name: pulumi.Output[str]
    """The function."""
    function_arn: pulumi.Output[str]
    """Its ARN."""
    invoke_arn: pulumi.Output[str]
    """The ARN by which an API calls it."""
    role_arn: pulumi.Output[str]
    """The role that it runs under."""
    failure_queue_arn: pulumi.Output[str]
    """The queue in which its failures end."""
    log_group_name: pulumi.Output[str]
    """Where it logs."""

    def __init__(
        self, name: str, args: WorkerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the worker's role, logs, queue, function and event source."""
        super().__init__("adledger:index:Worker", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        logs = aws.cloudwatch.LogGroup(
            name, retention_in_days=args["platform"]["log_retention_days"], opts=self._own
        )
        # What failed is told here, not kept: the ledger has it, and replay brings it back.
        failures = aws.sqs.Queue(
            f"{name}-failures",
            message_retention_seconds=FAILURES_RETENTION_S,
            sqs_managed_sse_enabled=True,
            opts=self._own,
        )
        role = aws.iam.Role(
            name, assume_role_policy=grants.trust("lambda.amazonaws.com"), opts=self._own
        )
        permissions = aws.iam.RolePolicy(
            name,
            role=role.name,
            policy=grants.policy(_statements(args, logs, failures)),
            opts=self._own,
        )
        function = self._function(name, args, role, logs, failures, permissions)
        if "event_source" in args:
            self._event_source(name, args["event_source"], function, failures)
        self.function_name = function.name
        self.function_arn = function.arn
        self.invoke_arn = function.invoke_arn
        self.role_arn = role.arn
        self.failure_queue_arn = failures.arn
        self.log_group_name = logs.name
        self.register_outputs(
            {
                "functionName": self.function_name,
                "functionArn": self.function_arn,
                "invokeArn": self.invoke_arn,
                "roleArn": self.role_arn,
                "failureQueueArn": self.failure_queue_arn,
                "logGroupName": self.log_group_name,
            }
        )

    def _function(
        self,
        name: str,
        args: WorkerArgs,
        role: aws.iam.Role,
        logs: aws.cloudwatch.LogGroup,
        failures: aws.sqs.Queue,
        permissions: aws.iam.RolePolicy,
    ) -> aws.lambda_.Function:
        platform = args["platform"]
        level = platform["log_level"]
        return aws.lambda_.Function(
            name,
            runtime=platform["runtime"],
            architectures=[platform["architecture"]],
            layers=platform["layers"],
            code=args["code"],
            handler=args["handler"],
            role=role.arn,
            timeout=args["timeout_s"],
            memory_size=platform["memory_mb"],
            environment={
                "variables": {
                    "POWERTOOLS_SERVICE_NAME": name,
                    "POWERTOOLS_METRICS_NAMESPACE": platform["namespace"],
                    "POWERTOOLS_LOG_LEVEL": level,
                    "POWERTOOLS_TRACE_DISABLED": json.dumps(not platform["tracing"]),
                    **args.get("environment", {}),
                }
            },
            logging_config={
                "log_format": "JSON",
                "log_group": logs.name,
                "application_log_level": SYSTEM_LOG_LEVELS.get(level, level),
                "system_log_level": "INFO",
            },
            tracing_config={"mode": "Active" if platform["tracing"] else "PassThrough"},
            dead_letter_config={"target_arn": failures.arn},
            # Lambda tries the role on the queue while it makes the function.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )

    def _event_source(
        self,
        name: str,
        source: EventSource,
        function: aws.lambda_.Function,
        failures: aws.sqs.Queue,
    ) -> None:
        pattern, delivery = source.get("pattern"), source["delivery"]
        aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=source["arn"],
            function_name=function.name,
            starting_position="TRIM_HORIZON",
            batch_size=delivery["batch_size_max"],
            maximum_batching_window_in_seconds=delivery["batch_window_s"],
            parallelization_factor=source["parallelism"],
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=delivery["retries_max"],
            maximum_record_age_in_seconds=delivery["record_age_s_max"],
            destination_config={"on_failure": {"destination_arn": failures.arn}},
            filter_criteria={"filters": [{"pattern": json.dumps(pattern)}]} if pattern else None,
            opts=self._own,
        )


def _statements(
    args: WorkerArgs, logs: aws.cloudwatch.LogGroup, failures: aws.sqs.Queue
) -> list[Statement]:
    """What the worker was granted, and what every worker needs."""
    traces = [grants.write_traces()] if args["platform"]["tracing"] else []
    own = [grants.write_logs(logs.arn), grants.send_to_queue(failures.arn)]
    return [*args["statements"], *own, *traces]
