"""Threads that carry out exports and streams, from when they are asked for or the server starts."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from runtime.ledger.engine import Ledger
from runtime.ledger.server.arns import Arns
from runtime.ledger.server.jobs import (
    ACTIVE,
    COMPLETED,
    EXPORT,
    EXPORT_CANCELLED,
    FAILED,
    IMPAIRED,
    STREAM,
    Job,
    JobStore,
)
from runtime.ledger.server.ledgers import Ledgers
from runtime.ledger.server.ports import (
    JournalExport,
    JournalExporter,
    JournalStream,
    JournalStreamer,
    Progress,
)
from runtime.ledger.server.registry import from_ms

STOP_TIMEOUT_S: Final = 10.0
"""How long the server waits at its end for each job to save its position."""

_log = logging.getLogger(__name__)


class JobRunner:
    """One thread for each active job whose kind can be carried out here."""

    def __init__(
        self,
        store: JobStore,
        ledgers: Ledgers,
        arns: Arns,
        exporter: JournalExporter | None,
        streamer: JournalStreamer | None,
    ) -> None:
        """Take what does the work; None for a kind that is not offered."""
        self._store = store
        self._ledgers = ledgers
        self._arns = arns
        self._lock = threading.Lock()
        self._running: dict[str, tuple[threading.Thread, threading.Event]] = {}
        self._works: dict[str, Callable[[Ledger, Job, Progress], None]] = {}
        if exporter is not None:
            self._works[EXPORT] = lambda ledger, job, progress: exporter.export(
                ledger, export_of(job), progress
            )
        if streamer is not None:
            self._works[STREAM] = lambda ledger, job, progress: streamer.stream(
                ledger, stream_of(job, arns), progress
            )

    def offers(self, kind: str) -> bool:
        """Whether jobs of a kind can be carried out."""
        return kind in self._works

    def resume(self) -> None:
        """Go on with every job that was active when the server stopped."""
        for job in self._store.active():
            if self.offers(job.kind):
                self.start(job)

    def start(self, job: Job) -> None:
        """Begin or go on with a job, in a thread of its own."""
        stopping = threading.Event()
        thread = threading.Thread(
            target=self._run, args=(job, stopping), name=f"{job.kind}-{job.id}", daemon=True
        )
        with self._lock:
            self._running[job.id] = (thread, stopping)
        thread.start()

    def stop(self, job_id: str) -> None:
        """Tell a job to stop; it does so soon."""
        with self._lock:
            running = self._running.get(job_id)
        if running is not None:
            running[1].set()

    def close(self) -> None:
        """Stop every job, which stays active for the next start, and wait for it."""
        with self._lock:
            running = list(self._running.values())
        for _, stopping in running:
            stopping.set()
        for thread, _ in running:
            thread.join(STOP_TIMEOUT_S)

    def _run(self, job: Job, stopping: threading.Event) -> None:
        progress = Progress(
            stopping=stopping,
            position=job.position,
            save=lambda position: self._store.save_position(job.id, position),
            impaired=lambda cause: self._store.set_status(
                job.id, ACTIVE if cause is None else IMPAIRED, cause
            ),
        )
        try:
            self._works[job.kind](self._ledgers[job.ledger], job, progress)
        except Exception:  # noqa: BLE001 - whatever ends a job ends that job alone.
            _log.exception("%s %s of ledger %s failed", job.kind, job.id, job.ledger)
            self._store.finish(job.id, EXPORT_CANCELLED if job.kind == EXPORT else FAILED)
        else:
            if not stopping.is_set():
                self._store.finish(job.id, COMPLETED)
        finally:
            with self._lock:
                self._running.pop(job.id, None)


def export_of(job: Job) -> JournalExport:
    """The export that a job is."""
    request = job.request
    target = request["S3ExportConfiguration"]
    return JournalExport(
        export_id=job.id,
        ledger_name=job.ledger,
        inclusive_start=from_ms(request["InclusiveStartTime"]),
        exclusive_end=from_ms(request["ExclusiveEndTime"]),
        bucket=target["Bucket"],
        prefix=target["Prefix"],
        object_encryption=target["EncryptionConfiguration"]["ObjectEncryptionType"],
        kms_key_arn=target["EncryptionConfiguration"].get("KmsKeyArn"),
        output_format=request.get("OutputFormat"),
        role_arn=request["RoleArn"],
    )


def stream_of(job: Job, arns: Arns) -> JournalStream:
    """The stream that a job is."""
    request = job.request
    end_ms = request.get("ExclusiveEndTime")
    return JournalStream(
        stream_id=job.id,
        arn=arns.stream(job.ledger, job.id),
        ledger_name=job.ledger,
        stream_name=request["StreamName"],
        inclusive_start=from_ms(request["InclusiveStartTime"]),
        exclusive_end=None if end_ms is None else from_ms(end_ms),
        kinesis_stream_arn=request["KinesisConfiguration"]["StreamArn"],
        aggregation=request["KinesisConfiguration"].get("AggregationEnabled", True),
        role_arn=request["RoleArn"],
    )
