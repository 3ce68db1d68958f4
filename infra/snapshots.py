"""Snapshots of the journal and of every ad: their bucket, what takes them, and when."""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants, snapshot_grants
from infra.grants import Statement
from infra.snapshot_bucket import SnapshotBucket, SnapshotBucketArgs
from infra.worker import Platform, Worker

TIMEOUT_S = 900
"""The longest that Lambda lets a function run; it then goes on in another invocation."""
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""Stands in a schedule's input for when the schedule was due."""
EVENT_AGE_S_MAX = 24 * 3600
DELIVERIES_MAX = 185
"""EventBridge Scheduler's own limits on trying again."""


class SnapshotWorkerArgs(TypedDict):
    """The worker that takes snapshots."""

    code: pulumi.Input[pulumi.Archive]
    """Its code."""
    handler: str
    """Its entry, as Lambda names it."""
    platform: Platform
    """What it has in common with the other workers."""


class SnapshotsArgs(TypedDict):
    """What is snapshotted, when, and how it is kept."""

    bucket: SnapshotBucketArgs
    """How snapshots are kept."""
    schedule: str
    """When one is taken, UTC: cron(...) or rate(...), as EventBridge Scheduler writes it."""
    worker: SnapshotWorkerArgs
    """What takes them."""
    statements: list[Statement]
    """What lets it read the journals."""
    environment: dict[str, pulumi.Input[str]]
    """Where these are."""


class Snapshots(pulumi.ComponentResource):
    """A bucket of snapshots, a worker that takes them, and the schedule that calls it."""

    bucket_name: pulumi.Output[str]
    """The bucket."""
    bucket_arn: pulumi.Output[str]
    """Its ARN."""
    function_name: pulumi.Output[str]
    """What takes a snapshot when it is called."""
    statements: list[Statement]
    """What whoever asks for snapshots and tells of them may do."""
    environment: dict[str, pulumi.Input[str]]
    """Where they are told to find the bucket and the function."""

    def __init__(
        self, name: str, args: SnapshotsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the bucket, the worker and the schedule."""
        super().__init__("adledger:index:Snapshots", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        kept = SnapshotBucket(name, args["bucket"], self._own)
        worker = self._worker(f"{name}-worker", args, kept)
        self._schedule(name, args["schedule"], worker)
        self.bucket_name = kept.bucket_name
        self.bucket_arn = kept.bucket_arn
        self.function_name = worker.function_name
        self.statements = [
            *snapshot_grants.read_snapshots(kept.bucket_arn),
            *snapshot_grants.ask_for_snapshots(kept.bucket_arn, worker.function_arn),
        ]
        self.environment = {
            "SNAPSHOT_BUCKET": kept.bucket_name,
            "SNAPSHOT_FUNCTION": worker.function_name,
        }
        self.register_outputs(
            {
                "bucketName": self.bucket_name,
                "bucketArn": self.bucket_arn,
                "functionName": self.function_name,
            }
        )

    def _worker(self, name: str, args: SnapshotsArgs, kept: SnapshotBucket) -> Worker:
        worker = Worker(
            name,
            {
                **args["worker"],
                "timeout_s": TIMEOUT_S,
                "statements": [
                    *args["statements"],
                    *snapshot_grants.take_snapshots(kept.bucket_arn),
                ],
                "environment": {**args["environment"], "SNAPSHOT_BUCKET": kept.bucket_name},
            },
            self._own,
        )
        # A long snapshot goes on in another invocation, which the worker itself asks for.
        aws.iam.RolePolicy(
            f"{name}-again",
            role=worker.role_arn.apply(lambda arn: arn.rsplit("/", 1)[-1]),
            policy=grants.policy([snapshot_grants.call(worker.function_arn)]),
            opts=self._own,
        )
        return worker

    def _schedule(self, name: str, expression: str, worker: Worker) -> None:
        role = aws.iam.Role(
            f"{name}-schedule",
            assume_role_policy=worker.function_arn.apply(
                lambda arn: snapshot_grants.trust_schedules(arn.split(":")[4])
            ),
            opts=self._own,
        )
        permissions = aws.iam.RolePolicy(
            f"{name}-schedule",
            role=role.name,
            policy=grants.policy(
                [
                    snapshot_grants.call(worker.function_arn),
                    grants.send_to_queue(worker.failure_queue_arn),
                ]
            ),
            opts=self._own,
        )
        aws.scheduler.Schedule(
            name,
            description="Takes a snapshot of everything up to the moment that it is due.",
            schedule_expression=expression,
            schedule_expression_timezone="UTC",
            flexible_time_window={"mode": "OFF"},
            state="ENABLED",
            target={
                "arn": worker.function_arn,
                "role_arn": role.arn,
                "input": json.dumps({"end": SCHEDULED_TIME}),
                "dead_letter_config": {"arn": worker.failure_queue_arn},
                "retry_policy": {
                    "maximum_event_age_in_seconds": EVENT_AGE_S_MAX,
                    "maximum_retry_attempts": DELIVERIES_MAX,
                },
            },
            # The scheduler tries the role on its target while the schedule is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )
