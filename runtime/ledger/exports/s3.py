"""A bucket of S3 as a destination; the one place where its errors become an export's."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  That is botocore's name for it.
    HTTPClientError,
)

from runtime.ledger.exports.errors import (
    DestinationError,
    DestinationUnavailableError,
    NoSuchObjectError,
)

SSE_KMS: Final = "SSE_KMS"
SSE_S3: Final = "SSE_S3"
NO_ENCRYPTION: Final = "NO_ENCRYPTION"

SERVER_ERROR_STATUS: Final = 500
_UNAVAILABLE: Final = {
    *("RequestTimeout", "SlowDown", "Throttling", "ThrottlingException"),
    "ConditionalRequestConflict",
}
_MISSING: Final = {"NoSuchKey", "404"}
_EXISTING: Final = "PreconditionFailed"


class S3Client(Protocol):
    """What is used of boto3's S3 client."""

    def put_object(self, **arguments: Any) -> Mapping[str, Any]:
        """Write one object."""
        ...

    def get_object(self, **arguments: Any) -> Mapping[str, Any]:
        """Read one object."""
        ...

    def delete_object(self, **arguments: Any) -> Mapping[str, Any]:
        """Remove one object."""
        ...

    def list_objects_v2(self, **arguments: Any) -> Mapping[str, Any]:
        """Read one page of keys."""
        ...


@dataclass(frozen=True, slots=True)
class Encryption:
    """How S3 encrypts the objects: SSE_KMS with a key's ARN, SSE_S3 or NO_ENCRYPTION."""

    kind: str = NO_ENCRYPTION
    kms_key_arn: str | None = None

    def arguments(self) -> dict[str, str]:
        """What PutObject is told."""
        if self.kind == SSE_KMS:
            key = {} if self.kms_key_arn is None else {"SSEKMSKeyId": self.kms_key_arn}
            return {"ServerSideEncryption": "aws:kms", **key}
        return {"ServerSideEncryption": "AES256"} if self.kind == SSE_S3 else {}


class S3Destination:
    """The objects of one bucket."""

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        encryption: Encryption = Encryption(),
    ) -> None:
        """Take boto3's client, which stays the caller's; ask nothing yet."""
        self._client = client
        self._bucket = bucket
        self._encryption = encryption.arguments()

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write an object."""
        with self._wrapped("write", key):
            self._put(key, data, content_type)

    def put_new(self, key: str, data: bytes, content_type: str) -> bool:
        """Write an object unless there is one under this key; False where there is."""
        with self._wrapped("write", key):
            try:
                self._put(key, data, content_type, IfNoneMatch="*")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != _EXISTING:
                    raise
                return False
        return True

    def get(self, key: str) -> bytes:
        """An object's contents."""
        with self._wrapped("read", key):
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def remove(self, key: str) -> None:
        """Remove an object; a bucket with versions keeps the one that there was."""
        with self._wrapped("remove", key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts so; S3 lists them by their bytes."""
        start: dict[str, str] = {}
        while True:
            with self._wrapped("list", prefix):
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **start)
            yield from (found["Key"] for found in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            start = {"ContinuationToken": page["NextContinuationToken"]}

    def _put(self, key: str, data: bytes, content_type: str, **conditions: str) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            **self._encryption,
            **conditions,
        )

    @contextmanager
    def _wrapped(self, what: str, key: str) -> Generator[None]:
        name = f"s3://{self._bucket}/{key}"
        try:
            yield
        except ClientError as error:
            raise _client_error(what, name, error) from error
        except (ConnectionError, HTTPClientError) as error:
            raise DestinationUnavailableError(f"cannot {what} {name}: {error}") from error
        except BotoCoreError as error:
            raise DestinationError(f"cannot {what} {name}: {error}") from error


def _client_error(what: str, name: str, error: ClientError) -> DestinationError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _MISSING:
        return NoSuchObjectError(f"cannot {what} {name}: there is no such object")
    if code in _UNAVAILABLE or status >= SERVER_ERROR_STATUS:
        return DestinationUnavailableError(f"cannot {what} {name}: {error}")
    return DestinationError(f"cannot {what} {name}: {error}")
