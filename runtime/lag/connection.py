"""The lags of the deployed system."""

import boto3

from runtime.ad_ledger.settings import Settings
from runtime.ads.shards import ledger_name
from runtime.lag.lags import Lags
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.search_index.index import open_index
from runtime.state.table import open_table


def open_lags(ledger: Settings, state_table: str, endpoint: str, alias: str) -> Lags:
    """What measures them, by the function's own role."""
    client = boto3.client("dynamodb")
    names = [ledger_name(ledger.ledger_prefix, shard) for shard in range(ledger.shards)]
    return Lags(
        {name: DynamoDbStorage(client, ledger.journal_table, name) for name in names},
        {
            "state": open_table(state_table).versions,
            "search": open_index(endpoint, alias).versions,
        },
    )
