"""The record of ads in the deployed journal table."""

from collections.abc import Callable

import boto3
from botocore.config import Config

from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.settings import Settings
from runtime.ad_ledger.shard import Shard
from runtime.ads.shards import ledger_name, shard_of
from runtime.ledger.engine import Ledger
from runtime.ledger.identifiers import new_id
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import JournalStorage

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
CALL_ATTEMPTS_MAX = 3


def open_ads(settings: Settings) -> AdLedger:
    """Every shard over one DynamoDB client, with the function's own role."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    client = boto3.client("dynamodb", config=config)
    return ad_ledger(
        settings.ledger_prefix,
        settings.shards,
        lambda name: DynamoDbStorage(client, settings.journal_table, name),
    )


def ad_ledger(prefix: str, shards: int, storage: Callable[[str], JournalStorage]) -> AdLedger:
    """Ads over this many ledgers, each on the storage that its name is given."""
    return AdLedger([_shard(prefix, shard, shards, storage) for shard in range(shards)])


def _shard(prefix: str, shard: int, shards: int, storage: Callable[[str], JournalStorage]) -> Shard:
    def own_id() -> str:
        # One draw in `shards` belongs here, so this ends soon; the id alone then finds the ledger.
        while True:
            drawn = new_id()
            if shard_of(drawn, shards) == shard:
                return drawn

    name = ledger_name(prefix, shard)
    return Shard(Ledger(storage(name), name=name, new_document_id=own_id))
