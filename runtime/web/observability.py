"""Logs with a correlation id, traces and metrics around every invocation."""

import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

CORRELATION_ID_PATH = "requestContext.requestId"
NAMESPACE = "adledger"
"""Where POWERTOOLS_METRICS_NAMESPACE names no other."""
TRACED_LIBRARIES = ("botocore",)
SERVER_ERROR = 500
CLIENT_ERROR = 400

Event = dict[str, Any]
Worker = Callable[[Event, LambdaContext], dict[str, Any]]


def observed(logger: Logger, work: Worker) -> Worker:
    """The same work; each call logs with its request's id, counts its answer and is traced."""
    metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE)

    def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
        reply = work(event, context)
        metrics.add_metric("Requests", MetricUnit.Count, 1)
        if reply["statusCode"] >= SERVER_ERROR:
            metrics.add_metric("ServerErrors", MetricUnit.Count, 1)
        elif reply["statusCode"] >= CLIENT_ERROR:
            metrics.add_metric("ClientErrors", MetricUnit.Count, 1)
        return reply

    logged = logger.inject_lambda_context(
        _traced(handler), correlation_id_path=CORRELATION_ID_PATH, clear_state=True
    )
    return metrics.log_metrics(logged, capture_cold_start_metric=True)


def _traced(work: Worker) -> Worker:
    """Traced where there is a daemon to send to; the tracing library takes 0.4 s to import."""
    disabled = os.environ.get("POWERTOOLS_TRACE_DISABLED", "").lower() in ("1", "true", "yes")
    if disabled or "AWS_XRAY_DAEMON_ADDRESS" not in os.environ:
        return work
    from aws_lambda_powertools import Tracer

    tracer = Tracer(patch_modules=TRACED_LIBRARIES)
    return tracer.capture_lambda_handler(work, capture_response=False)
