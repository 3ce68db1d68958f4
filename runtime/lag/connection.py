"""The lags of the deployed system."""

from dataclasses import dataclass
from typing import Final

import boto3
from botocore.config import Config

from runtime.ad_ledger.settings import Settings
from runtime.ads.shards import ledger_name
from runtime.lag.ages import IteratorAge
from runtime.lag.lags import Lags
from runtime.lag.stream import Stream
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.search_index.index import open_index
from runtime.state.table import open_table

CONNECT_TIMEOUT_S: Final = 1.0
READ_TIMEOUT_S: Final = 2.0
CALL_ATTEMPTS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Followers:
    """Who follows the ledgers: tables, indexes, streams and functions by name."""

    state_table: str
    endpoint: str
    alias: str
    stream: str
    event_function: str


def open_lags(ledger: Settings, followers: Followers) -> Lags:
    """What measures them, by the function's own role."""
    client = boto3.client("dynamodb")
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    stream = Stream(boto3.client("kinesis", config=config), followers.stream)
    age = IteratorAge(boto3.client("cloudwatch", config=config), followers.event_function)
    names = [ledger_name(ledger.ledger_prefix, shard) for shard in range(ledger.shards)]
    return Lags(
        {name: DynamoDbStorage(client, ledger.journal_table, name) for name in names},
        {
            "state": open_table(followers.state_table).versions,
            "search": open_index(followers.endpoint, followers.alias).versions,
        },
        stream.versions,
        {"events": age.seconds},
    )
