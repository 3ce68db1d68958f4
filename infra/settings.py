"""What a stack can be told: read from its config once, checked, and handed on as one value.

Nothing else reads the config. Every key is declared and described in Pulumi.yaml.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from infra.errors import SettingsError

EMBEDDED_STACK = "local"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""From Lambda's name of an architecture to uv's."""
RECORD_AGE_S_MAX = 86_000
"""A table's stream keeps its records for a day, and a Kinesis stream for no less."""
SEARCH_ZONES_MAX = 3
READABLE_ARCHIVE = "GLACIER_IR"
ARCHIVE_CLASSES = (READABLE_ARCHIVE, "GLACIER", "DEEP_ARCHIVE")
ARCHIVE_DAYS_MIN = 45
"""Each snapshot reads the one before, a month ago, which by then must not be put away."""
SCHEDULE_PATTERN = r"(cron|rate)\(.+\)"
ACCOUNT_PATTERN = "[0-9]{12}"


@dataclass(frozen=True, slots=True)
class Settings:
    """A stack's config, checked. Pulumi.yaml says what each value means."""

    project: str
    stack: str
    region: str
    account_ids: tuple[str, ...]
    tags: dict[str, str]
    retain: bool
    recovery_days: int
    ledger_name: str
    ledger_shards: int
    lambda_runtime: str
    lambda_architecture: str
    lambda_memory_mb: int
    layer_platform: str
    layer_python_version: str
    layer_archive: str
    api_timeout_s: int
    api_requests_per_s: int
    api_burst: int
    cors_origins: tuple[str, ...]
    page: bool
    stream_timeout_s: int
    stream_retention_hours: int
    batch_size: int
    batch_window_s: int
    projection_parallelism: int
    retries: int
    record_age_s: int
    replay_timeout_s: int
    replay_concurrency: int
    replay_piece_blocks: int
    search_scheme: str
    search_version: str
    search_instance_type: str
    search_instances: int
    search_volume_gb: int
    snapshot_schedule: str
    snapshot_archive_days: int
    snapshot_archive_class: str
    snapshot_lock_days: int
    snapshot_lock_mode: str
    snapshot_tls_only: bool
    event_window_s: int
    event_archive_days: int
    event_schemas: bool
    event_consumers: tuple[str, ...]
    partner_queue: bool
    log_level: str
    log_retention_days: int
    tracing: bool

    @property
    def ledger_names(self) -> list[str]:
        """The ledgers in the journal's table, by shard."""
        return [f"{self.ledger_name}-{shard}" for shard in range(self.ledger_shards)]


class _Reader:
    """Reads one value after another and collects what is wrong instead of stopping at the first."""

    def __init__(self, config: pulumi.Config) -> None:
        self.config = config
        self.faults: list[str] = []

    def fault(self, key: str, problem: str, remedy: str) -> None:
        self.faults.append(f"{self.config.full_key(key)} {problem}; {remedy}")

    def text(self, key: str, *, empty: bool = False) -> str:
        value = self.config.get(key)
        if value is None or not (value or empty):
            self.fault(key, "is missing", f"set it with: pulumi config set {key} VALUE")
        return value or ""

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        value, allowed = self.text(key), tuple(allowed)
        if value and value not in allowed:
            self.fault(key, f"is {value!r}", f"choose from {', '.join(allowed)}")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self._typed(key, self.config.get_int, "a whole number")
        if value is not None and not low <= value <= high:
            self.fault(key, f"is {value}", f"choose from {low} to {high}")
        return value or 0

    def flag(self, key: str) -> bool:
        return bool(self._typed(key, self.config.get_bool, "true or false"))

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._typed(key, self.config.get_object, "a list of strings")
        if value is None:
            return ()
        items = cast(list[Any], value if isinstance(value, list) else [None])
        if not all(isinstance(item, str) and item for item in items):
            self.fault(key, f"is {value!r}", "give a list of strings")
            return ()
        return tuple(items)

    def mapping(self, key: str) -> dict[str, str]:
        value = self._typed(key, self.config.get_object, "a map of strings")
        if value is None:
            return {}
        items = cast(dict[Any, Any], value if isinstance(value, dict) else {None: None})
        if not all(isinstance(item, str) for pair in items.items() for item in pair):
            self.fault(key, f"is {value!r}", "give a map from strings to strings")
            return {}
        return items

    def _typed(self, key: str, get: Any, kind: str) -> Any:
        """The value by one of pulumi.Config's getters; None and a fault where there is none."""
        try:
            value = get(key)
        except (pulumi.ConfigTypeError, ValueError):
            self.fault(key, f"is {self.config.get(key)!r}", f"give {kind}")
            return None
        if value is None:
            self.fault(key, "is missing", f"give {kind}")
        return value


def read() -> Settings:
    """The running stack's settings; SettingsError names everything that is wrong with them."""
    reader = _Reader(pulumi.Config())
    provider = _Reader(pulumi.Config("aws"))
    settings = Settings(
        project=pulumi.get_project(),
        stack=pulumi.get_stack(),
        region=provider.text("region"),
        account_ids=reader.texts("accountIds"),
        tags=reader.mapping("tags"),
        retain=reader.flag("retain"),
        recovery_days=reader.integer("recoveryDays", 1, 35),
        ledger_name=reader.text("ledgerName"),
        ledger_shards=reader.integer("ledgerShards", 1, 64),
        lambda_runtime=reader.choice("lambdaRuntime", RUNTIMES),
        lambda_architecture=reader.choice("lambdaArchitecture", MACHINES),
        lambda_memory_mb=reader.integer("lambdaMemoryMb", 256, 10240),
        layer_platform=reader.text("layerPlatform"),
        layer_python_version=reader.text("layerPythonVersion"),
        layer_archive=reader.text("layerArchive", empty=True),
        api_timeout_s=reader.integer("apiTimeoutS", 1, 25),
        api_requests_per_s=reader.integer("apiRequestsPerS", 1, 10_000),
        api_burst=reader.integer("apiBurst", 1, 5_000),
        cors_origins=reader.texts("corsOrigins"),
        page=reader.flag("page"),
        **_deliveries(reader),
        **_stores(reader),
        **_snapshots(reader),
        log_level=reader.choice("logLevel", LOG_LEVELS),
        log_retention_days=reader.integer("logRetentionDays", 1, LOG_RETENTION_DAYS[-1]),
        tracing=reader.flag("tracing"),
    )
    faults = provider.faults + reader.faults
    if not faults:  # What is missing or malformed cannot be compared.
        _compare(settings, reader)
        faults = reader.faults
    if faults:
        raise SettingsError(settings.stack, faults)
    return settings


def _deliveries(reader: _Reader) -> dict[str, Any]:
    """How records are handed over, and how replays go."""
    return {
        "stream_timeout_s": reader.integer("streamTimeoutS", 1, 900),
        "stream_retention_hours": reader.integer("streamRetentionHours", 24, 8760),
        "batch_size": reader.integer("batchSize", 1, 10_000),
        "batch_window_s": reader.integer("batchWindowS", 0, 300),
        "projection_parallelism": reader.integer("projectionParallelism", 1, 10),
        "retries": reader.integer("retries", 1, 10_000),
        "record_age_s": reader.integer("recordAgeS", 60, RECORD_AGE_S_MAX),
        "replay_timeout_s": reader.integer("replayTimeoutS", 10, 900),
        "replay_concurrency": reader.integer("replayConcurrency", 1, 1000),
        "replay_piece_blocks": reader.integer("replayPieceBlocks", 1, 1_000_000),
    }


def _stores(reader: _Reader) -> dict[str, Any]:
    """The search domain and the event bus."""
    return {
        "search_scheme": reader.choice("searchScheme", ("https", "http")),
        "search_version": reader.text("searchVersion"),
        "search_instance_type": reader.text("searchInstanceType"),
        "search_instances": reader.integer("searchInstances", 1, 80),
        "search_volume_gb": reader.integer("searchVolumeGb", 10, 3000),
        "event_window_s": reader.integer("eventWindowS", 0, 300),
        "event_archive_days": reader.integer("eventArchiveDays", 1, 3650),
        "event_schemas": reader.flag("eventSchemas"),
        "event_consumers": reader.texts("eventConsumers"),
        "partner_queue": reader.flag("partnerQueue"),
    }


def _snapshots(reader: _Reader) -> dict[str, Any]:
    """When snapshots are taken, and how they are kept."""
    return {
        "snapshot_schedule": reader.text("snapshotSchedule"),
        "snapshot_archive_days": reader.integer("snapshotArchiveDays", 1, 36_500),
        "snapshot_archive_class": reader.choice("snapshotArchiveClass", ARCHIVE_CLASSES),
        "snapshot_lock_days": reader.integer("snapshotLockDays", 0, 36_500),
        "snapshot_lock_mode": reader.choice("snapshotLockMode", ("GOVERNANCE", "COMPLIANCE")),
        "snapshot_tls_only": reader.flag("snapshotTlsOnly"),
    }


def _compare(settings: Settings, reader: _Reader) -> None:
    """Add the faults that only several values together have."""
    if settings.log_retention_days not in LOG_RETENTION_DAYS:
        days = ", ".join(map(str, LOG_RETENTION_DAYS))
        reader.fault("logRetentionDays", f"is {settings.log_retention_days}", f"choose from {days}")
    if settings.stream_timeout_s >= settings.record_age_s:
        reader.fault(
            "streamTimeoutS", "is not below recordAgeS", "a record must outlive one try; lower it"
        )
    for account in settings.event_consumers:
        if not re.fullmatch(ACCOUNT_PATTERN, account):
            reader.fault("eventConsumers", f"has {account!r}", "give account ids of 12 digits")
    zones = SEARCH_ZONES_MAX
    if settings.search_instances > zones and settings.search_instances % zones:
        reader.fault(
            "searchInstances", f"is {settings.search_instances}", f"give a multiple of {zones}"
        )
    _compare_snapshots(settings, reader)
    if settings.stack == EMBEDDED_STACK:
        return
    if settings.search_scheme != "https":
        reader.fault(
            "searchScheme", "is http", f"that is for the stack {EMBEDDED_STACK}; use https"
        )
    if not settings.layer_platform.startswith(MACHINES[settings.lambda_architecture] + "-"):
        reader.fault(
            "layerPlatform",
            f"is {settings.layer_platform!r}",
            f"for {settings.lambda_architecture} it begins with "
            f"{MACHINES[settings.lambda_architecture]}-",
        )
    if settings.lambda_runtime != f"python{settings.layer_python_version}":
        reader.fault(
            "layerPythonVersion",
            f"is {settings.layer_python_version!r}",
            f"for {settings.lambda_runtime} it is {settings.lambda_runtime.removeprefix('python')}",
        )


def _compare_snapshots(settings: Settings, reader: _Reader) -> None:
    schedule, days = settings.snapshot_schedule, settings.snapshot_archive_days
    if not re.fullmatch(SCHEDULE_PATTERN, schedule):
        reader.fault("snapshotSchedule", f"is {schedule!r}", "give cron(...) or rate(...)")
    if settings.snapshot_archive_class != READABLE_ARCHIVE and days < ARCHIVE_DAYS_MIN:
        reader.fault(
            "snapshotArchiveDays",
            f"is {days}",
            f"give {ARCHIVE_DAYS_MIN} or more, or choose {READABLE_ARCHIVE}",
        )
    if not settings.snapshot_tls_only and settings.stack != EMBEDDED_STACK:
        reader.fault(
            "snapshotTlsOnly", "is false", f"that is for the stack {EMBEDDED_STACK}; use true"
        )
