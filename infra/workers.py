"""The stack's workers: what they have in common, from the settings, and the two kinds there are."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra import arguments, grants, layer
from infra.event_bus import EventBus
from infra.grants import Statement
from infra.journal_stream import PublisherArgs
from infra.packages import code, handler
from infra.replay import Replay, ReplayArgs
from infra.settings import Settings
from infra.snapshots import Snapshots, SnapshotsArgs
from infra.worker import Delivery, Platform, Worker, WorkerArgs

Environment = Mapping[str, pulumi.Input[str]]


class Workers:
    """Makes workers that run on the settings' platform, each from its package under runtime/."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        """Publish the layer that the workers share."""
        self._settings = settings
        self._opts = opts
        self._platform = _platform(settings, opts)
        self._delivery: Delivery = {
            "batch_size_max": settings.batch_size,
            "batch_window_s": settings.batch_window_s,
            "retries_max": settings.retries,
            "record_age_s_max": settings.record_age_s,
        }

    def publishing(self, package: str) -> PublisherArgs:
        """What the journal stream's publisher is made from."""
        return {
            "code": code(package),
            "handler": handler(package),
            "platform": self._platform,
            "timeout_s": self._settings.stream_timeout_s,
            "delivery": self._delivery,
        }

    def replaying(self, package: str, *statements: Statement, environment: Environment) -> Replay:
        """Replays, with the worker that does them."""
        args: ReplayArgs = {
            "worker": {
                "code": code(package),
                "handler": handler(package),
                "platform": self._platform,
                "timeout_s": self._settings.replay_timeout_s,
            },
            "statements": list(statements),
            "environment": dict(environment),
            "piece_blocks_max": self._settings.replay_piece_blocks,
            "concurrency_max": self._settings.replay_concurrency,
        }
        return Replay(_name(package), args, self._opts)

    def snapshotting(
        self, package: str, *statements: Statement, environment: Environment
    ) -> Snapshots:
        """Snapshots, with the worker that takes them."""
        args: SnapshotsArgs = {
            "bucket": arguments.snapshots(self._settings),
            "schedule": self._settings.snapshot_schedule,
            "worker": {
                "code": code(package),
                "handler": handler(package),
                "platform": self._platform,
            },
            "statements": list(statements),
            "environment": dict(environment),
        }
        return Snapshots("snapshots", args, self._opts)

    def answering(self, package: str, *statements: Statement, environment: Environment) -> Worker:
        """A worker that answers calls of an API."""
        timeout_s = self._settings.api_timeout_s
        args = self._args(package, timeout_s, statements, environment)
        return Worker(_name(package), args, self._opts)

    def projecting(
        self,
        package: str,
        stream_arn: pulumi.Input[str],
        *statements: Statement,
        environment: Environment,
    ) -> Worker:
        """A worker that turns the journal's records into something to read."""
        return self._fed(package, stream_arn, statements, environment, self._delivery)

    def telling(
        self,
        package: str,
        stream_arn: pulumi.Input[str],
        bus: EventBus,
        *statements: Statement,
        environment: Environment,
    ) -> Worker:
        """A worker that tells the bus of the journal's records, of several in a call."""
        patient: Delivery = {**self._delivery, "batch_window_s": self._settings.event_window_s}
        granted = (*statements, grants.put_events(bus.bus_arn))
        known = {**environment, "EVENT_BUS": bus.bus_name}
        return self._fed(package, stream_arn, granted, known, patient)

    def _fed(
        self,
        package: str,
        stream_arn: pulumi.Input[str],
        statements: Sequence[Statement],
        environment: Environment,
        delivery: Delivery,
    ) -> Worker:
        timeout_s = self._settings.stream_timeout_s
        granted = (grants.read_stream(stream_arn), *statements)
        args = self._args(package, timeout_s, granted, environment)
        args["event_source"] = {
            "arn": stream_arn,
            "parallelism": self._settings.projection_parallelism,
            "delivery": delivery,
        }
        return Worker(_name(package), args, self._opts)

    def _args(
        self,
        package: str,
        timeout_s: int,
        statements: Sequence[Statement],
        environment: Environment,
    ) -> WorkerArgs:
        return {
            "code": code(package),
            "handler": handler(package),
            "platform": self._platform,
            "timeout_s": timeout_s,
            "statements": list(statements),
            "environment": dict(environment),
        }


def _name(package: str) -> str:
    return package.replace("_", "-")


def _platform(settings: Settings, opts: pulumi.ResourceOptions) -> Platform:
    archive = settings.layer_archive or str(
        layer.archive(settings.layer_platform, settings.layer_python_version)
    )
    dependencies = aws.lambda_.LayerVersion(
        "dependencies",
        layer_name=f"{settings.project}-{settings.stack}-dependencies",
        code=pulumi.FileArchive(archive),
        compatible_runtimes=[settings.lambda_runtime],
        compatible_architectures=[settings.lambda_architecture],
        opts=opts,
    )
    return {
        "runtime": settings.lambda_runtime,
        "architecture": settings.lambda_architecture,
        "layers": [dependencies.arn],
        "memory_mb": settings.lambda_memory_mb,
        "namespace": settings.project,
        "log_level": settings.log_level,
        "log_retention_days": settings.log_retention_days,
        "tracing": settings.tracing,
    }
