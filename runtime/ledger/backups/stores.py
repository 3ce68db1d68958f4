"""What a command names: ledgers' files, a server's data, DynamoDB; folders and buckets."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import boto3

from runtime.ledger.backups.errors import BackupError
from runtime.ledger.backups.place import Place
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import JournalStorage
from runtime.ledger.storage.sqlite import SqliteStorage

S3: Final = "s3://"
DYNAMODB: Final = "dynamodb://"
LEDGERS: Final = "ledgers"
"""The folder of ledgers in a server's data directory."""
SUFFIX: Final = ".sqlite"


def place_named(name: str) -> tuple[Place, str]:
    """A folder, or s3://BUCKET/PREFIX, and the prefix in it."""
    if not name.startswith(S3):
        return FolderDestination(Path(name)), ""
    bucket, _, prefix = name[len(S3) :].partition("/")
    return S3Destination(boto3.Session().client("s3"), bucket), prefix


def ledgers_in(source: str) -> list[str]:
    """The names of the ledgers that a source has; BackupError when it has none."""
    if source.startswith(DYNAMODB):
        return [_table_and_ledger(source)[1]]
    path = Path(source)
    if path.is_file():
        return [path.stem]
    found = sorted(each.stem for each in (path / LEDGERS).glob(f"*{SUFFIX}"))
    if not found:
        raise BackupError(
            f"{source} has no ledger: name a ledger's file, a server's data directory or"
            f" {DYNAMODB}TABLE/LEDGER"
        )
    return found


@contextmanager
def opened(name: str, ledger: str) -> Generator[JournalStorage]:
    """The journal of a ledger: in DynamoDB, in a server's data directory, or a file."""
    storage = _storage(name, ledger)
    try:
        yield storage
    finally:
        storage.close()


def _storage(name: str, ledger: str) -> JournalStorage:
    if name.startswith(DYNAMODB):
        table, named = _table_and_ledger(name)
        return DynamoDbStorage(boto3.Session().client("dynamodb"), table, named)
    path = Path(name)
    if path.is_dir():
        path = path / LEDGERS / f"{ledger}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteStorage(path)


def _table_and_ledger(name: str) -> tuple[str, str]:
    table, _, ledger = name[len(DYNAMODB) :].partition("/")
    if not table or not ledger:
        raise BackupError(f"{name} names no ledger: write {DYNAMODB}TABLE/LEDGER")
    return table, ledger
