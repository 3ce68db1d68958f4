"""What those who take snapshots, and those who ask for them, may do; as in infra.grants."""

import json

import pulumi

from infra.grants import Statement, allow

SCHEDULER = "scheduler.amazonaws.com"


def take_snapshots(bucket_arn: pulumi.Input[str]) -> list[Statement]:
    """Put objects into the bucket, and read back what is there; nothing is ever deleted."""
    everything = pulumi.Output.concat(bucket_arn, "/*")
    return [
        allow("WriteSnapshots", ["s3:PutObject"], everything),
        *read_snapshots(bucket_arn),
    ]


def read_snapshots(bucket_arn: pulumi.Input[str]) -> list[Statement]:
    """Find and read snapshots."""
    everything = pulumi.Output.concat(bucket_arn, "/*")
    return [
        allow("ReadSnapshots", ["s3:GetObject"], everything),
        allow("FindSnapshots", ["s3:ListBucket"], bucket_arn),
    ]


def ask_for_snapshots(
    bucket_arn: pulumi.Input[str], function_arn: pulumi.Input[str]
) -> list[Statement]:
    """Put a request into the bucket, and the key that it came with, and have it answered."""
    written = [pulumi.Output.concat(bucket_arn, f"/{kind}/*") for kind in ("requests", "keys")]
    return [
        allow("AskForSnapshots", ["s3:PutObject"], *written),
        allow("TakeSnapshots", ["lambda:InvokeFunction"], function_arn),
    ]


def call(function_arn: pulumi.Input[str]) -> Statement:
    """Call the function that takes snapshots."""
    return allow("TakeSnapshots", ["lambda:InvokeFunction"], function_arn)


def trust_schedules(account: str) -> str:
    """The policy by which schedules of this account alone may take on a role."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": SCHEDULER},
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def deny_insecure(bucket_arn: str) -> str:
    """A bucket's policy: nobody reaches it but by TLS."""
    statement = {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
