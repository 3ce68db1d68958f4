"""What an event source mapping asks for, read from Lambda's answer."""

from dataclasses import dataclass
from typing import Any

from local.event_sources.filters import any_of

BATCH_SIZE_DEFAULT = 100
REPORTS_ITEMS = "ReportBatchItemFailures"


@dataclass(frozen=True, slots=True)
class Mapping:
    """One stream read for one function."""

    id: str
    stream_arn: str
    function_arn: str
    enabled: bool
    batch_size: int
    window_s: float
    lanes: int
    """ParallelizationFactor: batches of one shard that may be on their way at once."""
    bisects: bool
    attempts_max: int | None
    """The first try and the retries together; None for no limit."""
    record_age_s_max: float | None
    reports_items: bool
    filters: tuple[str, ...]
    """Patterns as JSON; a record that matches one of them is wanted."""
    failure_destination: str | None
    starting_position: str
    """TRIM_HORIZON, LATEST or AT_TIMESTAMP."""
    starting_timestamp: float | None
    """Seconds since the epoch."""

    @property
    def is_kinesis(self) -> bool:
        return ":kinesis:" in self.stream_arn

    @property
    def function_name(self) -> str:
        return self.function_arn.split(":")[6]


def reads_stream(answer: dict[str, Any]) -> bool:
    """Whether this mapping is one of ours: queues are read by MiniStack itself."""
    arn = answer.get("EventSourceArn", "")
    return ":kinesis:" in arn or ":dynamodb:" in arn


def parse(answer: dict[str, Any]) -> Mapping:
    """One mapping out of what ListEventSourceMappings says.

    Raises PatternError when a filter cannot be understood.
    """
    retries = _limit(answer.get("MaximumRetryAttempts"))
    destination = (answer.get("DestinationConfig") or {}).get("OnFailure") or {}
    criteria = (answer.get("FilterCriteria") or {}).get("Filters") or []
    filters = tuple(each["Pattern"] for each in criteria)
    any_of(filters)
    timestamp = answer.get("StartingPositionTimestamp")
    return Mapping(
        id=answer["UUID"],
        stream_arn=answer["EventSourceArn"],
        function_arn=answer["FunctionArn"],
        enabled=answer.get("State") == "Enabled",
        batch_size=answer.get("BatchSize") or BATCH_SIZE_DEFAULT,
        window_s=answer.get("MaximumBatchingWindowInSeconds") or 0,
        lanes=answer.get("ParallelizationFactor") or 1,
        bisects=bool(answer.get("BisectBatchOnFunctionError")),
        attempts_max=None if retries is None else int(retries) + 1,
        record_age_s_max=_limit(answer.get("MaximumRecordAgeInSeconds")),
        reports_items=REPORTS_ITEMS in (answer.get("FunctionResponseTypes") or []),
        filters=filters,
        failure_destination=destination.get("Destination"),
        starting_position=answer.get("StartingPosition") or "LATEST",
        starting_timestamp=timestamp.timestamp() if timestamp else None,
    )


def _limit(value: float | None) -> float | None:
    """AWS writes -1 for "no limit"."""
    return None if value is None or value < 0 else value
