"""A schedule or an operator to a snapshot."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.snapshot.connection import open_journals
from runtime.snapshot.settings import read_settings
from runtime.snapshot.taking import Taking
from runtime.snapshot.worker import SnapshotWorker
from runtime.snapshots.connection import Taker, open_bucket
from runtime.snapshots.manifest import Manifest
from runtime.snapshots.order import order_of
from runtime.snapshots.snapshots import Snapshots

TIME_LEFT_MS_MIN: Final = 60_000
"""For the last object and the progress, before Lambda ends the function."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Take the snapshot up to the event's `end`, ISO 8601, now by default; or go on with one."""
    return _built()(event, context)


@lru_cache(maxsize=1)
def _built() -> Any:
    settings = read_settings()
    store = open_bucket(settings.bucket)
    journals, prefix = open_journals(settings), settings.ledger.ledger_prefix
    taking = Taking(store, journals, prefix, bucket=settings.bucket)
    worker = SnapshotWorker(Snapshots(store), taking)
    logger, metrics = Logger(), Metrics()
    tracer = Tracer(patch_modules=("botocore",))

    @tracer.capture_lambda_handler(capture_response=False)
    @metrics.log_metrics
    @logger.inject_lambda_context
    def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        now = datetime.now(UTC)
        metrics.add_metric("SnapshotInvocations", MetricUnit.Count, 1)
        manifest = worker.work(
            order_of(event, now),
            now,
            lambda: context.get_remaining_time_in_millis() < TIME_LEFT_MS_MIN,
            Taker(context.function_name),
        )
        answer = _answer(manifest)
        metrics.add_metric("SnapshotsFinished", MetricUnit.Count, int(manifest is not None))
        logger.info("snapshot", **answer)
        return answer

    return handle


def _answer(manifest: Manifest | None) -> dict[str, Any]:
    if manifest is None:
        return {"status": "RUNNING"}
    return {
        "status": "FINISHED",
        "snapshotId": manifest.snapshot_id,
        "blocks": sum(part.blocks for part in manifest.ledgers),
        "ads": sum(part.ads for part in manifest.ledgers),
    }
