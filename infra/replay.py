"""What rebuilds any projection from the journal: a state machine over pieces, and its records."""

import json
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants, replay_grants
from infra.grants import Statement
from infra.replay_machine import definition
from infra.worker import Platform, Worker

TASK_MARGIN_S = 15
"""A step is given up this long after its function would have ended it."""


class ReplayWorkerArgs(TypedDict):
    """The worker that takes the machine's steps."""

    code: pulumi.Input[pulumi.Archive]
    """Its code."""
    handler: str
    """Its entry, as Lambda names it."""
    platform: Platform
    """What it has in common with the other workers."""
    timeout_s: int
    """Seconds it may take for a piece."""


class ReplayArgs(TypedDict):
    """What replays may read and write, and how many pieces are done at once."""

    worker: ReplayWorkerArgs
    """What takes the steps."""
    statements: list[Statement]
    """What the worker may do to the journal and to the live targets."""
    environment: dict[str, pulumi.Input[str]]
    """Where these are."""
    piece_blocks_max: int
    """Blocks of a piece."""
    concurrency_max: int
    """Pieces done at once."""


class Replay(pulumi.ComponentResource):
    """The table of replays, the table that they write for looking at, worker and state machine.

    Neither table is guarded: what is in them can be made again, and expires.
    """

    machine_arn: pulumi.Output[str]
    """The state machine."""
    replays_table_name: pulumi.Output[str]
    """Where replays and their pieces are recorded."""
    entries_table_name: pulumi.Output[str]
    """The replay table: what replays that touch no live target wrote."""
    role_arn: pulumi.Output[str]
    """The role that the worker runs under."""
    statements: list[Statement]
    """What whoever starts replays and tells of them may do."""
    environment: dict[str, pulumi.Input[str]]
    """Where they are told to find the tables and the machine."""

    def __init__(
        self, name: str, args: ReplayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the tables, the worker and the machine."""
        super().__init__("adledger:index:Replay", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        replays, entries = self._replays(f"{name}-records"), self._entries(name)
        tables: dict[str, pulumi.Input[str]] = {
            "REPLAYS_TABLE": replays.name,
            "REPLAY_TABLE": entries.name,
        }
        worker = Worker(
            name,
            {
                **args["worker"],
                "statements": [
                    *args["statements"],
                    replay_grants.do_replays(replays.arn),
                    replay_grants.write_entries(entries.arn),
                ],
                "environment": {
                    **args["environment"],
                    **tables,
                    "REPLAY_PIECE_BLOCKS": str(args["piece_blocks_max"]),
                },
            },
            self._own,
        )
        machine = self._machine(f"{name}-machine", args, worker)
        self.machine_arn = machine.arn
        self.replays_table_name = replays.name
        self.entries_table_name = entries.name
        self.role_arn = worker.role_arn
        self.statements = [
            replay_grants.ask_for_replays(replays.arn),
            replay_grants.read_entries(entries.arn),
            *replay_grants.run_machine(machine.arn),
        ]
        self.environment = {**tables, "REPLAY_MACHINE": machine.arn}
        self.register_outputs(
            {
                "machineArn": self.machine_arn,
                "replaysTableName": self.replays_table_name,
                "entriesTableName": self.entries_table_name,
                "roleArn": self.role_arn,
            }
        )

    def _replays(self, name: str) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="replayId",
            range_key="item",
            attributes=[
                {"name": attribute, "type": "S"}
                for attribute in ("replayId", "item", "kind", "createdAt")
            ],
            global_secondary_indexes=[
                {
                    "name": "byCreation",
                    "projection_type": "ALL",
                    "key_schemas": [
                        {"attribute_name": "kind", "key_type": "HASH"},
                        {"attribute_name": "createdAt", "key_type": "RANGE"},
                    ],
                }
            ],
            ttl={"enabled": True, "attribute_name": "expiresAt"},
            server_side_encryption={"enabled": True},
            point_in_time_recovery={"enabled": False},
            opts=self._own,
        )

    def _entries(self, name: str) -> aws.dynamodb.Table:
        return aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="replayId",
            range_key="adId",
            attributes=[{"name": "replayId", "type": "S"}, {"name": "adId", "type": "S"}],
            ttl={"enabled": True, "attribute_name": "expiresAt"},
            server_side_encryption={"enabled": True},
            point_in_time_recovery={"enabled": False},
            opts=self._own,
        )

    def _machine(self, name: str, args: ReplayArgs, worker: Worker) -> aws.sfn.StateMachine:
        platform = args["worker"]["platform"]
        role = aws.iam.Role(
            name, assume_role_policy=grants.trust("states.amazonaws.com"), opts=self._own
        )
        logs = aws.cloudwatch.LogGroup(
            name, retention_in_days=platform["log_retention_days"], opts=self._own
        )
        traces = [replay_grants.trace_machine()] if platform["tracing"] else []
        permissions = aws.iam.RolePolicy(
            name,
            role=role.name,
            policy=grants.policy(
                [replay_grants.invoke(worker.function_arn), replay_grants.deliver_logs(), *traces]
            ),
            opts=self._own,
        )
        timeout_s, pieces = args["worker"]["timeout_s"], args["concurrency_max"]
        machine = aws.sfn.StateMachine(
            name,
            role_arn=role.arn,
            type="STANDARD",
            definition=worker.function_arn.apply(
                lambda arn: json.dumps(definition(arn, timeout_s + TASK_MARGIN_S, pieces))
            ),
            logging_configuration={
                "level": "ERROR",
                "include_execution_data": True,
                "log_destination": pulumi.Output.concat(logs.arn, ":*"),
            },
            tracing_configuration={"enabled": platform["tracing"]},
            # Step Functions tries the role on the log group while it makes the machine.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )
        # A distributed map's pieces are executions that the machine itself starts.
        aws.iam.RolePolicy(
            f"{name}-pieces",
            role=role.name,
            policy=grants.policy(replay_grants.run_pieces(machine.arn)),
            opts=self._own,
        )
        return machine
