"""The resources of snapshots: a bucket with its settings, and a schedule."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from infra.snapshot_bucket import SnapshotBucket, SnapshotBucketArgs
from local.emulator.servers import REGION, CloudServer
from tests.emulator import client
from tests.local.deployer.test_cloud import Deployment

BUCKET = "adledger-local-snapshots"
SCHEDULE = "adledger-local-monthly"
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:nobody"


@pytest.fixture
def deployment(cloud: CloudServer, tmp_path: Path) -> Deployment:
    return Deployment(cloud, tmp_path)


def options() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=aws.Provider("aws", region=REGION))


def kept(
    archive_days: int = 90, lock_days: int = 0, *, tls_only: bool = False
) -> Callable[[], Any]:
    args: SnapshotBucketArgs = {
        "retain": False,
        "archive_days": archive_days,
        "archive_class": "GLACIER_IR",
        "lock_days": lock_days,
        "lock_mode": "GOVERNANCE",
        "tls_only": tls_only,
    }
    return lambda: SnapshotBucket("snapshots", args, options())


def scheduled(expression: str) -> Callable[[], Any]:
    return lambda: aws.scheduler.Schedule(
        "monthly",
        schedule_expression=expression,
        schedule_expression_timezone="UTC",
        flexible_time_window={"mode": "OFF"},
        target={
            "arn": FUNCTION,
            "role_arn": "arn:aws:iam::000000000000:role/nobody",
            "input": "{}",
            "dead_letter_config": {"arn": "arn:aws:sqs:eu-west-1:000000000000:none"},
            "retry_policy": {"maximum_retry_attempts": 3},
        },
        opts=options(),
    )


def nothing() -> None:
    options()


def test_a_bucket_is_as_it_was_asked_for(deployment: Deployment, cloud: CloudServer) -> None:
    deployment.run(kept())
    s3 = client(cloud, "s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    [rule] = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    archived = {
        rule["Filter"]["Prefix"]: rule["Transitions"][0]
        for rule in rules
        if rule["ID"].startswith("archive")
    }
    assert archived == {
        prefix: {"Days": 90, "StorageClass": "GLACIER_IR"} for prefix in ("journal/", "state/")
    }
    deployment.run(nothing)


def test_what_is_as_asked_for_is_left_alone(deployment: Deployment) -> None:
    deployment.run(kept(lock_days=1, tls_only=True))
    assert deployment.changed == 8
    deployment.run(kept(lock_days=1, tls_only=True))
    assert deployment.changed == 0
    deployment.run(nothing)


def test_its_settings_change_and_its_objects_stay(
    deployment: Deployment, cloud: CloudServer
) -> None:
    deployment.run(kept())
    s3 = client(cloud, "s3")
    s3.put_object(Bucket=BUCKET, Key="manifests/000001.json", Body=b"1")
    deployment.run(kept(archive_days=120))
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert {rule["Transitions"][0]["Days"] for rule in rules if "Transitions" in rule} == {120}
    assert s3.get_object(Bucket=BUCKET, Key="manifests/000001.json")["Body"].read() == b"1"
    deployment.run(nothing)


def test_it_goes_with_all_its_versions(deployment: Deployment, cloud: CloudServer) -> None:
    deployment.run(kept())
    s3 = client(cloud, "s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=BUCKET, Key="manifests/000001.json", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="manifests/000001.json")
    deployment.run(nothing)
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket=BUCKET)


def test_a_locked_version_cannot_be_deleted(deployment: Deployment, cloud: CloudServer) -> None:
    deployment.run(kept(lock_days=2))
    s3 = client(cloud, "s3")
    version = s3.put_object(Bucket=BUCKET, Key="manifests/000001.json", Body=b"1")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key="manifests/000001.json", VersionId=version)
    deployment.run(nothing)


def test_a_policy_comes_and_goes(deployment: Deployment, cloud: CloudServer) -> None:
    deployment.run(kept(tls_only=True))
    s3 = client(cloud, "s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert policy["Statement"][0]["Sid"] == "DenyInsecureTransport"
    deployment.run(kept())
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=BUCKET)
    deployment.run(nothing)


def test_a_schedule_is_made_changed_and_removed(deployment: Deployment, cloud: CloudServer) -> None:
    deployment.run(scheduled("cron(0 0 1 * ? *)"))
    scheduler = client(cloud, "scheduler")
    made = scheduler.get_schedule(Name=SCHEDULE)
    assert made["ScheduleExpression"] == "cron(0 0 1 * ? *)"
    assert made["Target"]["Arn"] == FUNCTION
    assert made["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3}
    deployment.run(scheduled("rate(7 days)"))
    assert scheduler.get_schedule(Name=SCHEDULE)["ScheduleExpression"] == "rate(7 days)"
    deployment.run(nothing)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scheduler.get_schedule(Name=SCHEDULE)
