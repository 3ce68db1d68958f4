"""The bucket of snapshots and the function that takes them, with the function's own role."""

from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runtime.ledger.exports.s3 import S3Destination
from runtime.snapshots.errors import UncalledError
from runtime.snapshots.store import SnapshotStore

CONNECT_TIMEOUT_S: Final = 2.0
READ_TIMEOUT_S: Final = 30.0
"""An object of some megabytes has to come in this time."""
CALL_ATTEMPTS_MAX: Final = 6


def open_bucket(name: str) -> SnapshotStore:
    """The bucket by its name."""
    return S3Destination(_client("s3"), name)


class Taker:
    """The function that takes snapshots; it is called without waiting for it to end."""

    def __init__(self, name: str, client: Any = None) -> None:
        """Take the function's name, and boto3's Lambda client if the caller has one."""
        self._name = name
        self._client = client

    def __call__(self, payload: bytes) -> None:
        """Have it called with this event; Lambda tries again when it fails. UncalledError."""
        try:
            client = self._client or _client("lambda")
            client.invoke(FunctionName=self._name, InvocationType="Event", Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise UncalledError(f"cannot call function {self._name}: {error}") from error


def _client(service: str) -> Any:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    boto: Any = boto3
    return boto.client(service, config=config)
