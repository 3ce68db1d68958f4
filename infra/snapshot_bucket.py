"""Where snapshots are kept: a bucket that forgets nothing, and whose old objects get cheaper."""

from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra.snapshot_grants import deny_insecure

ARCHIVED = ("journal/", "state/")
"""What is large; the small objects by which snapshots are found stay where reading is cheap."""
WORK_DAYS = 7
"""An unfinished snapshot that nobody goes on with for so long begins anew."""
REPLACED_DAYS = 90
"""Nothing writes an object twice in other words: whoever does it is found by verification."""
UPLOAD_DAYS = 7


class SnapshotBucketArgs(TypedDict):
    """How snapshots are kept."""

    retain: bool
    """Guard the bucket against deletion, and keep it when the stack goes."""
    archive_days: int
    """Days after which journals and states go to the cheaper storage class."""
    archive_class: str
    """That class: GLACIER_IR, GLACIER or DEEP_ARCHIVE."""
    lock_days: int
    """Days for which nobody can delete or replace an object's version; 0 locks nothing."""
    lock_mode: str
    """GOVERNANCE, which a special right overrides, or COMPLIANCE, which nothing does."""
    tls_only: bool
    """Refuse whoever does not come by TLS."""


class SnapshotBucket(pulumi.ComponentResource):
    """A versioned, encrypted bucket that is never public."""

    bucket_name: pulumi.Output[str]
    """The bucket."""
    bucket_arn: pulumi.Output[str]
    """Its ARN."""

    def __init__(
        self, name: str, args: SnapshotBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the bucket and its settings, which go on to hold when the stack is gone."""
        super().__init__("adledger:index:SnapshotBucket", name, {}, opts)
        retain = args["retain"]
        self._own = pulumi.ResourceOptions(parent=self, retain_on_delete=retain)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=not retain,
            opts=pulumi.ResourceOptions(parent=self, protect=retain, retain_on_delete=retain),
        )
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.id,
            versioning_configuration={"status": "Enabled"},
            opts=self._own,
        )
        self._guard(name, bucket, args["tls_only"])
        self._lifecycle(name, bucket, versioning, args)
        if args["lock_days"]:
            self._lock(name, bucket, versioning, args)
        self.bucket_name = bucket.id
        self.bucket_arn = bucket.arn
        self.register_outputs({"bucketName": self.bucket_name, "bucketArn": self.bucket_arn})

    def _guard(self, name: str, bucket: aws.s3.Bucket, tls_only: bool) -> None:
        """Encrypt everything, and shut out the public."""
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"},
                    "bucket_key_enabled": True,
                }
            ],
            opts=self._own,
        )
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._own,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._own,
        )
        if tls_only:
            aws.s3.BucketPolicy(
                name,
                bucket=bucket.id,
                policy=bucket.arn.apply(deny_insecure),
                # S3 refuses two changes of a bucket's access at once.
                opts=self._after(block),
            )

    def _lifecycle(
        self,
        name: str,
        bucket: aws.s3.Bucket,
        versioning: aws.s3.BucketVersioning,
        args: SnapshotBucketArgs,
    ) -> None:
        archived: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
            {
                "id": f"archive-{prefix.rstrip('/')}",
                "status": "Enabled",
                "filter": {"prefix": prefix},
                "transitions": [
                    {"days": args["archive_days"], "storage_class": args["archive_class"]}
                ],
            }
            for prefix in ARCHIVED
        ]
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=[
                *archived,
                {
                    "id": "forget-work",
                    "status": "Enabled",
                    "filter": {"prefix": "work/"},
                    "expiration": {"days": WORK_DAYS},
                },
                {
                    "id": "forget-replaced",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": REPLACED_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": UPLOAD_DAYS},
                },
            ],
            opts=self._after(versioning),
        )

    def _lock(
        self,
        name: str,
        bucket: aws.s3.Bucket,
        versioning: aws.s3.BucketVersioning,
        args: SnapshotBucketArgs,
    ) -> None:
        """Lock what comes from now on; a bucket that is there already can be locked, too."""
        retention: aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgsDict = {
            "mode": args["lock_mode"],
            "days": args["lock_days"],
        }
        aws.s3.BucketObjectLockConfiguration(
            name,
            bucket=bucket.id,
            object_lock_enabled="Enabled",
            rule={"default_retention": retention},
            opts=self._after(versioning),
        )

    def _after(self, resource: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(
            self._own, pulumi.ResourceOptions(depends_on=[resource])
        )
