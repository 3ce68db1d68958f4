"""The journal table's stream to Kinesis."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from runtime.journal.worker import Handler, handler_of, report_failures
from runtime.publish_journal.blocks import JournalTable
from runtime.publish_journal.lanes import Lanes
from runtime.publish_journal.publisher import Publisher
from runtime.publish_journal.settings import read_settings

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
CALL_ATTEMPTS_MAX = 2
"""Few, since whole calls are repeated in their lanes' order anyway."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Publish a batch of committed blocks; answers with the first one that failed."""
    return _built()(event, context)


@lru_cache(maxsize=1)
def _built() -> Handler:
    settings = read_settings()
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    return publishing(
        Publisher(
            JournalTable(boto3.client("dynamodb", config=config), settings.journal_table),
            Lanes(boto3.client("kinesis", config=config), settings.stream_name),
            settings.stream_arn,
        )
    )


def publishing(publisher: Publisher) -> Handler:
    """The handler of a DynamoDB stream's event source that reports batch item failures."""

    def work(event: Mapping[str, Any], logger: Logger, metrics: Metrics) -> dict[str, Any]:
        result = publisher.publish(event["Records"])
        metrics.add_metric("BlocksPublished", MetricUnit.Count, result.blocks)
        metrics.add_metric("SummariesShortened", MetricUnit.Count, len(result.shortened))
        for reason in result.shortened:
            logger.warning("block summary without its statements", reason=reason)
        report_failures(result.failures, logger, metrics)
        logger.info("blocks published", blocks=result.blocks)
        return result.failures.response()

    return handler_of(work)
