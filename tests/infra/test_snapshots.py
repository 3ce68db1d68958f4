"""Snapshots: a bucket that keeps what is in it, a schedule, and a worker with the least rights."""

import json
from typing import Any

import pulumi
import pytest

from infra.snapshot_bucket import SnapshotBucketArgs
from infra.snapshots import Snapshots
from local.plan import Plan, Resource
from tests.infra.plans import (
    BUCKET,
    FUNCTION,
    PLATFORM,
    ROLE_POLICY,
    SCHEDULE,
    component,
    planned,
    statements,
)

ROLE = "aws:iam/role:Role"
BUCKET_ARN = "arn:aws:s3:::snapshots"
KEPT: SnapshotBucketArgs = {
    "retain": True,
    "archive_days": 90,
    "archive_class": "GLACIER_IR",
    "lock_days": 0,
    "lock_mode": "GOVERNANCE",
    "tls_only": True,
}


def plan(schedule: str = "cron(0 0 1 * ? *)", **changes: Any) -> Plan:
    bucket: Any = {**KEPT, **changes}
    return component(
        lambda: Snapshots(
            "snapshots",
            {
                "bucket": bucket,
                "schedule": schedule,
                "worker": {
                    "code": pulumi.AssetArchive({}),
                    "handler": "runtime.snapshot.handler.handler",
                    "platform": PLATFORM,
                },
                "statements": [],
                "environment": {"JOURNAL_TABLE": "journal"},
            },
        )
    )


def setting(found: Plan, kind: str) -> Resource:
    return found.one(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", "snapshots")


def test_the_bucket_is_versioned_encrypted_and_never_public() -> None:
    found = plan()
    versioning = setting(found, "BucketVersioning").inputs["versioningConfiguration"]
    assert versioning == {"status": "Enabled"}
    encryption = setting(found, "BucketServerSideEncryptionConfiguration").inputs
    assert encryption["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"},
            "bucketKeyEnabled": True,
        }
    ]
    block = {**setting(found, "BucketPublicAccessBlock").inputs}
    assert block.pop("bucket") == "snapshots-id"
    assert block == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    ownership = setting(found, "BucketOwnershipControls").inputs["rule"]
    assert ownership == {"objectOwnership": "BucketOwnerEnforced"}


def test_nobody_reaches_the_bucket_but_by_tls() -> None:
    policy = setting(plan(), "BucketPolicy")
    (statement,) = statements(policy)
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"] == [BUCKET_ARN, f"{BUCKET_ARN}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert plan(tls_only=False).of("aws:s3/bucketPolicy:BucketPolicy") == []


@pytest.mark.parametrize("retain", [True, False])
def test_one_flag_guards_the_bucket_and_its_settings(retain: bool) -> None:
    found = plan(retain=retain)
    bucket = found.one(BUCKET, "snapshots")
    assert (bucket.protect, bucket.retain) == (retain, retain)
    assert bucket.inputs["forceDestroy"] is not retain
    settings = [r for r in found.resources.values() if r.type.startswith("aws:s3/bucket")]
    assert {(r.retain, r.protect) for r in settings if r != bucket} == {(retain, False)}
    assert len(settings) == 7


def test_large_objects_get_cheaper_and_what_is_unfinished_goes() -> None:
    rules = setting(plan(archive_days=100), "BucketLifecycleConfiguration").inputs["rules"]
    archived = {
        rule["filter"]["prefix"]: rule["transitions"] for rule in rules if "transitions" in rule
    }
    assert archived == {
        prefix: [{"days": 100, "storageClass": "GLACIER_IR"}] for prefix in ("journal/", "state/")
    }
    expiring = {rule["filter"]["prefix"] for rule in rules if "expiration" in rule}
    assert expiring == {"work/"}
    (replaced,) = [rule for rule in rules if "noncurrentVersionExpiration" in rule]
    assert replaced["filter"] == {"prefix": ""}
    assert {rule["status"] for rule in rules} == {"Enabled"}


def test_objects_are_locked_only_where_it_is_asked_for() -> None:
    lock = "BucketObjectLockConfiguration"
    assert plan().of(f"aws:s3/b{lock[1:]}:{lock}") == []
    locked = setting(plan(lock_days=365, lock_mode="COMPLIANCE"), lock)
    assert locked.inputs["rule"] == {"defaultRetention": {"days": 365, "mode": "COMPLIANCE"}}
    assert any("bucketVersioning" in urn for urn in locked.depends_on)


def test_the_schedule_calls_the_worker_with_the_time_that_it_is_due() -> None:
    schedule = plan("rate(7 days)").one(SCHEDULE, "snapshots").inputs
    assert schedule["scheduleExpression"] == "rate(7 days)"
    assert schedule["scheduleExpressionTimezone"] == "UTC"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    target = schedule["target"]
    assert json.loads(target["input"]) == {"end": "<aws.scheduler.scheduled-time>"}
    assert target["arn"].endswith(":snapshots-worker")
    assert target["deadLetterConfig"]["arn"].endswith(":snapshots-worker-failures")
    assert target["retryPolicy"]["maximumRetryAttempts"] > 0


def test_the_schedules_role_calls_the_worker_and_nothing_else() -> None:
    found = plan()
    (trust,) = statements(found.one(ROLE, "snapshots-schedule"), "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    granted = statements(found.one(ROLE_POLICY, "snapshots-schedule"))
    assert [statement["Action"] for statement in granted] == [
        ["lambda:InvokeFunction"],
        ["sqs:SendMessage"],
    ]
    schedule = found.one(SCHEDULE, "snapshots")
    assert granted[0]["Resource"] == [schedule.inputs["target"]["arn"]]
    assert any("rolePolicy" in urn for urn in schedule.depends_on)


def test_the_worker_writes_and_reads_and_never_deletes() -> None:
    found = plan()
    granted = {s["Sid"]: s for s in statements(found.one(ROLE_POLICY, "snapshots-worker"))}
    s3 = {sid: s for sid, s in granted.items() if s["Action"][0].startswith("s3:")}
    assert {sid: (s["Action"], s["Resource"]) for sid, s in s3.items()} == {
        "WriteSnapshots": (["s3:PutObject"], [f"{BUCKET_ARN}/*"]),
        "ReadSnapshots": (["s3:GetObject"], [f"{BUCKET_ARN}/*"]),
        "FindSnapshots": (["s3:ListBucket"], [BUCKET_ARN]),
    }
    (again,) = statements(found.one(ROLE_POLICY, "snapshots-worker-again"))
    function = found.one(FUNCTION, "snapshots-worker")
    assert again["Action"] == ["lambda:InvokeFunction"]
    assert again["Resource"][0].endswith(f":{function.name}")
    assert function.inputs["timeout"] == 900
    assert function.inputs["environment"]["variables"]["SNAPSHOT_BUCKET"] == "snapshots-id"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_operators_may_ask_and_read_and_write_nothing_but_requests(stack: str) -> None:
    granted = {s["Sid"]: s for s in statements(planned(stack).one(ROLE_POLICY, "operations"))}
    written = [f"{BUCKET_ARN}/requests/*", f"{BUCKET_ARN}/keys/*"]
    assert granted["AskForSnapshots"]["Resource"] == written
    assert granted["AskForSnapshots"]["Action"] == ["s3:PutObject"]
    assert granted["ReadSnapshots"]["Action"] == ["s3:GetObject"]
    assert granted["TakeSnapshots"]["Resource"][0].endswith(":snapshots-worker")
    writers = {
        name
        for name in ("commands", "queries", "search", "project-state", "project-search", "replay")
        for statement in statements(planned(stack).one(ROLE_POLICY, name))
        if any(action.startswith("s3:") for action in statement["Action"])
    }
    assert writers <= {"replay"}
