"""The journals, with the function's own role."""

from typing import Final

import boto3
from botocore.config import Config

from runtime.ads.shards import ledger_name
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.snapshot.settings import Settings

CONNECT_TIMEOUT_S: Final = 2.0
READ_TIMEOUT_S: Final = 10.0
CALL_ATTEMPTS_MAX: Final = 6


def open_journals(settings: Settings) -> list[DynamoDbStorage]:
    """The journal of every shard."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    client = boto3.client("dynamodb", config=config)
    ledger = settings.ledger
    return [
        DynamoDbStorage(client, ledger.journal_table, ledger_name(ledger.ledger_prefix, shard))
        for shard in range(ledger.shards)
    ]
