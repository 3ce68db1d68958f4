"""From the ledger to whoever wants to know: the journal as a stream of QLDB's records."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants
from infra.grants import Statement
from infra.worker import Delivery, EventSource, Platform, Worker

BLOCKS_ONLY = {"dynamodb": {"NewImage": {"kind": {"S": ["block"]}}}}
"""Of what is appended to the journal table, the blocks; the rest is found through them."""


class PublisherArgs(TypedDict):
    """The worker between the journal table's stream and the Kinesis stream."""

    code: pulumi.Input[pulumi.Archive]
    """Its code."""
    handler: str
    """Its entry, as Lambda names it."""
    platform: Platform
    """What it has in common with the other workers."""
    timeout_s: int
    """Seconds it may take for a batch."""
    delivery: Delivery
    """How new blocks are handed over; a failing one must go to the queue within a day."""


class JournalStreamArgs(TypedDict):
    """Whose journal is published, by what, and how long it can be read."""

    table_name: pulumi.Input[str]
    """The journal table."""
    table_arn: pulumi.Input[str]
    """The journal table's ARN."""
    table_stream_arn: pulumi.Input[str]
    """The ARN of the journal table's stream."""
    ledger_name: str
    """The ledgers' name, as it stands in the ARN that the records carry."""
    retention_hours: int
    """Hours that records are kept; 24 to 8760."""
    publisher: PublisherArgs
    """What runs for every batch of new blocks."""


class JournalStream(pulumi.ComponentResource):
    """An encrypted Kinesis stream that grows with its load, and the publisher that fills it."""

    stream_name: pulumi.Output[str]
    """The Kinesis stream."""
    stream_arn: pulumi.Output[str]
    """Its ARN."""
    statements: list[Statement]
    """What whoever measures how far it, and who follows it, are behind may do."""

    def __init__(
        self, name: str, args: JournalStreamArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the stream and its publisher."""
        super().__init__("adledger:index:JournalStream", name, {}, opts)
        stream = aws.kinesis.Stream(
            name,
            stream_mode_details={"stream_mode": "ON_DEMAND"},
            retention_period=args["retention_hours"],
            encryption_type="KMS",
            kms_key_id="alias/aws/kinesis",
            opts=pulumi.ResourceOptions(parent=self),
        )
        publisher = args["publisher"]
        Worker(
            f"{name}-publisher",
            {
                "code": publisher["code"],
                "handler": publisher["handler"],
                "platform": publisher["platform"],
                "timeout_s": publisher["timeout_s"],
                "statements": [
                    *grants.read_table_stream(args["table_stream_arn"]),
                    grants.read_journal(args["table_arn"]),
                    grants.publish_stream(stream.arn),
                ],
                "environment": {
                    "JOURNAL_TABLE": args["table_name"],
                    "STREAM_NAME": stream.name,
                    "QLDB_STREAM_ARN": stream.arn.apply(
                        lambda arn: qldb_stream_arn(arn, args["ledger_name"])
                    ),
                },
                "event_source": _blocks(args),
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.stream_name = stream.name
        self.stream_arn = stream.arn
        self.statements = grants.measure_lag(stream.arn)
        self.register_outputs({"streamName": self.stream_name, "streamArn": self.stream_arn})

    def tells(self, follower: Worker) -> dict[str, pulumi.Input[str]]:
        """Where to measure its lag, and that of a worker which leaves nothing else to ask."""
        return {"STREAM_ARN": self.stream_arn, "EVENT_FUNCTION": follower.function_name}


def qldb_stream_arn(stream_arn: str, ledger_name: str) -> str:
    """The ARN of a QLDB stream into this Kinesis stream, as the records carry it."""
    _, partition, _, region, account, stream = stream_arn.split(":", 5)
    name = stream.removeprefix("stream/")
    return f"arn:{partition}:qldb:{region}:{account}:stream/{ledger_name}/{name}"


def _blocks(args: JournalStreamArgs) -> EventSource:
    """The new blocks, one batch of a shard at a time: each is its own item, and order counts."""
    return {
        "arn": args["table_stream_arn"],
        "parallelism": 1,
        "delivery": args["publisher"]["delivery"],
        "pattern": BLOCKS_ONLY,
    }
