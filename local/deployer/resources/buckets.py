"""S3's buckets and what is set on them."""

from typing import Any, ClassVar

from local.deployer.resources.maker import Inputs, Maker, Outputs, capitalised, found, physical

DELETED_AT_ONCE_MAX = 1000


class Bucket(Maker):
    """A bucket; when it goes, so does everything in it."""

    type = "aws:s3/bucket:Bucket"

    @property
    def _s3(self) -> Any:
        return self.place.client("s3")

    def find(self, name: str, inputs: Inputs) -> str | None:
        bucket = physical(name, inputs, "bucket")
        return bucket if found(self._s3.head_bucket, Bucket=bucket) is not None else None

    def create(self, name: str, inputs: Inputs) -> str:
        bucket = physical(name, inputs, "bucket")
        self._s3.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": self.place.region},
        )
        return bucket

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"bucket": id_, "arn": f"arn:aws:s3:::{id_}", "region": self.place.region}

    def delete(self, id_: str, outputs: Outputs) -> None:
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=id_, PaginationConfig={"PageSize": DELETED_AT_ONCE_MAX}
        )
        for page in pages:
            versions = [
                {"Key": each["Key"], "VersionId": each["VersionId"]}
                for each in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            ]
            if versions:
                self._s3.delete_objects(
                    Bucket=id_,
                    Delete={"Objects": versions, "Quiet": True},
                    BypassGovernanceRetention=True,
                )
        self._s3.delete_bucket(Bucket=id_)


class _Setting(Maker):
    """One setting of a bucket. It is written anew at each change, and goes with the bucket."""

    read: ClassVar[str]
    """The call that reads it."""

    @property
    def _s3(self) -> Any:
        return self.place.client("s3")

    def find(self, name: str, inputs: Inputs) -> str | None:
        bucket = inputs["bucket"]
        return bucket if found(getattr(self._s3, self.read), Bucket=bucket) else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(inputs["bucket"], name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self.put(id_, inputs)
        return id_

    def put(self, bucket: str, inputs: Inputs) -> None:
        """Write it."""
        raise NotImplementedError


class BucketVersioning(_Setting):
    """Whether replaced objects stay."""

    type = "aws:s3/bucketVersioning:BucketVersioning"
    read = "get_bucket_versioning"

    def put(self, bucket: str, inputs: Inputs) -> None:
        self._s3.put_bucket_versioning(
            Bucket=bucket,
            VersioningConfiguration={"Status": inputs["versioningConfiguration"]["status"]},
        )


class BucketEncryption(_Setting):
    """How objects are encrypted."""

    type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    read = "get_bucket_encryption"

    def put(self, bucket: str, inputs: Inputs) -> None:
        rules = [
            {
                "ApplyServerSideEncryptionByDefault": {
                    "SSEAlgorithm": rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
                },
                "BucketKeyEnabled": rule["bucketKeyEnabled"],
            }
            for rule in inputs["rules"]
        ]
        self._s3.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
        )


class BucketPublicAccessBlock(_Setting):
    """That nothing of it is public."""

    type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    read = "get_public_access_block"
    SWITCHES = (
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    )

    def put(self, bucket: str, inputs: Inputs) -> None:
        switches = {switch: bool(inputs.get(switch)) for switch in self.SWITCHES}
        self._s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=capitalised(switches)
        )


class BucketOwnershipControls(_Setting):
    """Whose its objects are."""

    type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    read = "get_bucket_ownership_controls"

    def put(self, bucket: str, inputs: Inputs) -> None:
        self._s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [capitalised(inputs["rule"])]}
        )


class BucketLifecycle(_Setting):
    """What becomes of old objects."""

    type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    read = "get_bucket_lifecycle_configuration"

    def put(self, bucket: str, inputs: Inputs) -> None:
        rules = [capitalised(rule) for rule in inputs["rules"]]
        for rule in rules:
            rule["ID"] = rule.pop("Id")
        self._s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": rules}
        )


class BucketObjectLock(_Setting):
    """For how long nobody can delete an object's version."""

    type = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    read = "get_object_lock_configuration"

    def put(self, bucket: str, inputs: Inputs) -> None:
        self._s3.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": inputs["objectLockEnabled"],
                "Rule": capitalised(inputs["rule"]),
            },
        )


class BucketPolicy(_Setting):
    """Who may use it."""

    type = "aws:s3/bucketPolicy:BucketPolicy"
    read = "get_bucket_policy"

    def put(self, bucket: str, inputs: Inputs) -> None:
        self._s3.put_bucket_policy(Bucket=bucket, Policy=inputs["policy"])

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._s3.delete_bucket_policy(Bucket=id_)


MAKERS = (
    Bucket,
    BucketEncryption,
    BucketLifecycle,
    BucketObjectLock,
    BucketOwnershipControls,
    BucketPolicy,
    BucketPublicAccessBlock,
    BucketVersioning,
)
