"""Kinesis to EventBridge."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from runtime.ads.shards import ledger_name
from runtime.journal.worker import Handler, handler_of, report_failures
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.publish_events.bus import EventBus
from runtime.publish_events.history import READERS_MAX, History
from runtime.publish_events.publisher import EventPublisher
from runtime.publish_events.settings import Settings, read_settings

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
CALL_ATTEMPTS_MAX = 2
"""Few, since whole calls are repeated in their ads' order anyway."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send the events of a batch of stream records; answers with the first one that failed."""
    return _built()(event, context)


@lru_cache(maxsize=1)
def _built() -> Handler:
    return publishing(_publisher(read_settings()))


def publishing(publisher: EventPublisher) -> Handler:
    """The handler of a Kinesis event source that reports batch item failures."""

    def work(event: Mapping[str, Any], logger: Logger, metrics: Metrics) -> dict[str, Any]:
        result = publisher.publish(event["Records"])
        lag_ms = result.lag_ms(datetime.now(UTC))
        metrics.add_metric("EventsSent", MetricUnit.Count, len(result.sent))
        if result.sent:
            metrics.add_metric("ProjectionLag", MetricUnit.Milliseconds, lag_ms)
        report_failures(result.failures, logger, metrics)
        logger.info("events sent", events=len(result.sent), lag_ms=round(lag_ms))
        return result.failures.response()

    return handler_of(work)


def _publisher(settings: Settings) -> EventPublisher:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
        max_pool_connections=READERS_MAX,
    )
    ledger = settings.ledger
    tables = boto3.client("dynamodb", config=config)
    journals = [
        DynamoDbStorage(tables, ledger.journal_table, ledger_name(ledger.ledger_prefix, shard))
        for shard in range(ledger.shards)
    ]
    bus = EventBus(boto3.client("events", config=config), settings.bus_name)
    return EventPublisher(History(journals), bus)
