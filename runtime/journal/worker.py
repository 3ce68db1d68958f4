"""A projection as a Lambda handler: logs, traces, metrics, and a partial batch response."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.journal.batch import Result, process
from runtime.journal.projection import Projection
from runtime.journal.response import BatchFailures

LOGGED_FAILURES_MAX = 20
TRACED_LIBRARIES = ("botocore",)

Handler = Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]
Work = Callable[[Mapping[str, Any], Logger, Metrics], dict[str, Any]]


def handler_of(work: Work) -> Handler:
    """The work as a handler with structured logs, a trace and metrics."""
    logger, metrics = Logger(), Metrics()
    tracer = Tracer(patch_modules=TRACED_LIBRARIES)

    @tracer.capture_lambda_handler(capture_response=False)
    @metrics.log_metrics
    @logger.inject_lambda_context
    def handle(event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        return work(event, logger, metrics)

    return handle


def projector(project: Projection) -> Handler:
    """The handler of a Kinesis event source that reports batch item failures."""

    def work(event: Mapping[str, Any], logger: Logger, metrics: Metrics) -> dict[str, Any]:
        result = process(event["Records"], project)
        _report(result, logger, metrics)
        return result.failures.response()

    return handler_of(work)


def report_failures(failures: BatchFailures, logger: Logger, metrics: Metrics) -> None:
    """Log why records failed, the first of them, and count them."""
    metrics.add_metric("RecordsFailed", MetricUnit.Count, len(failures.by_position))
    for reason in failures.reasons()[:LOGGED_FAILURES_MAX]:
        logger.error("record failed", reason=reason)


def _report(result: Result, logger: Logger, metrics: Metrics) -> None:
    lag_ms = result.lag_ms(datetime.now(UTC))
    metrics.add_metric("RevisionsProjected", MetricUnit.Count, len(result.projected))
    if result.projected:
        metrics.add_metric("ProjectionLag", MetricUnit.Milliseconds, lag_ms)
    report_failures(result.failures, logger, metrics)
    logger.info("batch projected", revisions=len(result.projected), lag_ms=round(lag_ms))
