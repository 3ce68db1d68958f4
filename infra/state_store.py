"""Where the current state of every ad is kept."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

PUBLISHER_INDEX = "byPublisher"


class StateStoreArgs(TypedDict):
    """How well the state is guarded."""

    retain: bool
    """Guard the table against deletion, by Pulumi and by AWS."""
    recovery_days: int
    """Days back that point-in-time recovery reaches; 1 to 35."""


class StateStore(pulumi.ComponentResource):
    """A table of ads by id, with an index of each publisher's ads by time, encrypted.

    A deleted ad leaves a tombstone, which expires long after any late record could arrive.
    """

    table_name: pulumi.Output[str]
    """The state table."""
    table_arn: pulumi.Output[str]
    """Its ARN."""

    def __init__(
        self, name: str, args: StateStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the table."""
        super().__init__("adledger:index:StateStore", name, {}, opts)
        table = aws.dynamodb.Table(
            name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="adId",
            attributes=[
                {"name": "adId", "type": "S"},
                {"name": "publisherId", "type": "S"},
                {"name": "listKey", "type": "S"},
            ],
            global_secondary_indexes=[
                {
                    "name": PUBLISHER_INDEX,
                    "projection_type": "ALL",
                    "key_schemas": [
                        {"attribute_name": "publisherId", "key_type": "HASH"},
                        {"attribute_name": "listKey", "key_type": "RANGE"},
                    ],
                }
            ],
            ttl={"enabled": True, "attribute_name": "expiresAt"},
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
        self.register_outputs({"tableName": self.table_name, "tableArn": self.table_arn})
