"""A step of a replay's state machine."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from runtime.ads.shards import ledger_name
from runtime.journal.worker import Handler, handler_of
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.replay.beginnings import Beginnings
from runtime.replay.destinations import Stores
from runtime.replay.journals import Journals
from runtime.replay.planning import Planner
from runtime.replay.settings import read_settings
from runtime.replay.steps import Steps
from runtime.replays.errors import ReplayFailedError
from runtime.replays.records import ReplayTable
from runtime.search_index.index import open_client
from runtime.snapshots.connection import open_bucket

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 10.0
CALL_ATTEMPTS_MAX = 4
UNKNOWN_CAUSE = "the state machine gave no cause"


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take the event's step of a replay: plan, piece, finish or fail."""
    return _built()(event, context)


@lru_cache(maxsize=1)
def _built() -> Handler:
    return stepping(_steps())


def stepping(steps: Steps) -> Handler:
    """The handler of a state machine's tasks: {step, replayId, attempt}, and what a step takes."""

    def work(event: Mapping[str, Any], logger: Logger, metrics: Metrics) -> dict[str, Any]:
        known: dict[str, Any] = {name: event[name] for name in ("replayId", "attempt")}
        logger.info("replay step", step=event["step"], piece=event.get("piece"), **known)
        metrics.add_metric("ReplaySteps", MetricUnit.Count, 1)
        try:
            return known | _step(steps, event)
        except ReplayFailedError as error:
            # No other try would help: the replay has failed, and the other pieces see that.
            logger.exception("replay failed", **known)
            steps.fail(known["replayId"], known["attempt"], str(error))
            return known | {"pieces": []}

    return handler_of(work)


def _step(steps: Steps, event: Mapping[str, Any]) -> dict[str, Any]:
    replay_id, attempt = event["replayId"], event["attempt"]
    match event["step"]:
        case "plan":
            return {"pieces": steps.plan(replay_id, attempt)}
        case "piece":
            steps.piece(replay_id, attempt, event["piece"])
        case "finish":
            steps.finish(replay_id, attempt)
        case "fail":
            steps.fail(replay_id, attempt, str(event.get("cause") or UNKNOWN_CAUSE))
        case strange:
            raise ValueError(f"{strange!r} is no step of a replay")
    return {}


def _steps() -> Steps:
    settings = read_settings()
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    client = boto3.client("dynamodb", config=config)
    ledger = settings.ledger
    journals = Journals(
        [
            DynamoDbStorage(client, ledger.journal_table, ledger_name(ledger.ledger_prefix, shard))
            for shard in range(ledger.shards)
        ]
    )
    stores = Stores(
        client,
        settings.state_table,
        settings.replay_table,
        lambda: open_client(settings.search_endpoint),
        settings.search_alias,
    )
    beginnings = Beginnings(open_bucket(settings.snapshot_bucket), journals)
    return Steps(
        ReplayTable(client, settings.replays_table),
        journals,
        stores.destination,
        Planner(journals, beginnings, settings.piece_blocks_max),
        beginnings,
    )
