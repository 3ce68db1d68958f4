"""Where the ledger's journal is kept: a table that only grows."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws


class LedgerArgs(TypedDict):
    """How well the journal is guarded."""

    retain: bool
    """Guard the table against deletion, by Pulumi and by AWS."""
    recovery_days: int
    """Days back that point-in-time recovery reaches; 1 to 35."""


class Ledger(pulumi.ComponentResource):
    """The journal table: blocks, revisions and index entries of all ledgers, encrypted.

    Every block that is appended appears on the table's stream.
    """

    table_name: pulumi.Output[str]
    """The journal table."""
    table_arn: pulumi.Output[str]
    """Its ARN."""
    stream_arn: pulumi.Output[str]
    """The ARN of the table's stream, which has every new item."""

    def __init__(
        self, name: str, args: LedgerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the table."""
        super().__init__("adledger:index:Ledger", name, {}, opts)
        table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            range_key="sk",
            attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
            stream_enabled=True,
            stream_view_type="NEW_IMAGE",
            # With the key that AWS keeps for the account: its use is logged, and costs no grants.
            server_side_encryption={"enabled": True},
            point_in_time_recovery={
                "enabled": True,
                "recovery_period_in_days": args["recovery_days"],
            },
            deletion_protection_enabled=args["retain"],
            opts=pulumi.ResourceOptions(
                parent=self, protect=args["retain"], retain_on_delete=args["retain"]
            ),
        )
        self.table_name = table.name
        self.table_arn = table.arn
        self.stream_arn = table.stream_arn
        self.register_outputs(
            {
                "tableName": self.table_name,
                "tableArn": self.table_arn,
                "streamArn": self.stream_arn,
            }
        )
