"""Folders, buckets and memory keep one contract; failures become an export's errors."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from local.emulator.servers import CloudServer
from runtime.ledger.exports.errors import (
    DestinationError,
    DestinationUnavailableError,
    NoSuchObjectError,
)
from runtime.ledger.exports.folder import INCOMPLETE, FolderDestination
from runtime.ledger.exports.s3 import Encryption, S3Destination
from tests.contracts.destination import DestinationContract
from tests.emulator import client
from tests.memory_destination import MemoryDestination


class TestMemoryDestination(DestinationContract):
    """The contract, in memory."""

    @pytest.fixture
    def destination(self) -> MemoryDestination:
        return MemoryDestination()


class TestFolderDestination(DestinationContract):
    """The contract, in a folder."""

    @pytest.fixture
    def destination(self, tmp_path: Path) -> FolderDestination:
        return FolderDestination(tmp_path / "not there yet")


@pytest.fixture
def bucket(cloud: CloudServer) -> Iterator[tuple[Any, str]]:
    """An S3 client and an empty bucket."""
    s3 = client(cloud, "s3")
    name = f"exports-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield s3, name
    s3.close()


class TestS3Destination(DestinationContract):
    """The contract, in a bucket."""

    @pytest.fixture
    def destination(self, bucket: tuple[Any, str]) -> S3Destination:
        return S3Destination(*bucket)


def test_many_keys_are_listed_page_by_page() -> None:
    class PagedS3:
        """Lists two keys a page."""

        def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
            start = int(asked.get("ContinuationToken", 0))
            page = {"Contents": [{"Key": f"k{n}"} for n in range(start, min(start + 2, 5))]}
            more = {"IsTruncated": True, "NextContinuationToken": str(start + 2)}
            return {**page, **(more if start + 2 < 5 else {"IsTruncated": False})}

        put_object = get_object = list_objects_v2

    assert list(S3Destination(PagedS3(), "b").keys("")) == ["k0", "k1", "k2", "k3", "k4"]


@pytest.mark.parametrize(
    ("encryption", "arguments"),
    [
        (Encryption(), {}),
        (Encryption("SSE_S3"), {"ServerSideEncryption": "AES256"}),
        (
            Encryption("SSE_KMS", "arn:aws:kms:x"),
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:x"},
        ),
    ],
)
def test_objects_are_encrypted_as_asked(encryption: Encryption, arguments: Any) -> None:
    class RecordingS3:
        """Keeps what it is told."""

        def put_object(self, **told: Any) -> dict[str, Any]:
            self.told = told
            return {}

        get_object = list_objects_v2 = put_object

    s3 = RecordingS3()
    S3Destination(s3, "b", encryption).put("k", b"data", "application/ion")
    assert s3.told == {
        "Bucket": "b",
        "Key": "k",
        "Body": b"data",
        "ContentType": "application/ion",
        **arguments,
    }


def test_a_bucket_keeps_content_types_and_encryption(bucket: tuple[Any, str]) -> None:
    s3, name = bucket
    S3Destination(s3, name, Encryption("SSE_S3")).put("k", b"{}", "application/json")
    head = s3.head_object(Bucket=name, Key="k")
    assert head["ContentType"] == "application/json"
    assert head["ServerSideEncryption"] == "AES256"


def failure(code: str, status: int = 400) -> ClientError:
    error = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "PutObject")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (failure("SlowDown", 503), DestinationUnavailableError),
        (failure("InternalError", 500), DestinationUnavailableError),
        (failure("RequestTimeout"), DestinationUnavailableError),
        (EndpointConnectionError(endpoint_url="http://x"), DestinationUnavailableError),
        (ReadTimeoutError(endpoint_url="http://x"), DestinationUnavailableError),
        (failure("NoSuchKey", 404), NoSuchObjectError),
        (failure("NoSuchBucket", 404), DestinationError),
        (failure("AccessDenied", 403), DestinationError),
        (NoCredentialsError(), DestinationError),
    ],
)
def test_errors_of_s3_say_what_failed_on_what(error: Exception, expected: type) -> None:
    class FailingS3:
        """Fails."""

        def put_object(self, **told: Any) -> dict[str, Any]:
            raise error

        get_object = list_objects_v2 = put_object

    destination = S3Destination(FailingS3(), "b")
    for call in (
        lambda: destination.put("a/k", b"", "text/plain"),
        lambda: destination.get("a/k"),
        lambda: list(destination.keys("a/k")),
    ):
        with pytest.raises(expected, match="s3://b/a/k") as raised:
            call()
        assert type(raised.value) is expected
        assert raised.value.__cause__ is error


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/./b", "a\0b", f"{INCOMPLETE}/a"])
def test_keys_that_are_no_files_are_refused(tmp_path: Path, key: str) -> None:
    destination = FolderDestination(tmp_path / "folder")
    with pytest.raises(DestinationError, match="cannot be a file"):
        destination.put(key, b"", "text/plain")
    assert list(tmp_path.iterdir()) == []


def test_what_is_half_written_is_no_object(tmp_path: Path) -> None:
    (tmp_path / INCOMPLETE).mkdir()
    (tmp_path / INCOMPLETE / "abc").write_bytes(b"half")
    destination = FolderDestination(tmp_path)
    destination.put("a", b"whole", "text/plain")
    assert list(destination.keys("")) == ["a"]
    assert list(destination.keys(".")) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DestinationError, match="file"):
        FolderDestination(tmp_path / "file").put("a", b"", "text/plain")
    destination = FolderDestination(tmp_path)
    with pytest.raises(DestinationError, match="cannot write"):
        destination.put("file/a", b"", "text/plain")
