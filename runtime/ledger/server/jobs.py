"""Exports and streams as the registry keeps them: what was asked for and how it stands."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from runtime.ledger.server.registry import from_ms
from runtime.ledger.server.registry_file import RegistryFile, Row

EXPORT: Final = "export"
STREAM: Final = "stream"

IN_PROGRESS: Final = "IN_PROGRESS"
ACTIVE: Final = "ACTIVE"
IMPAIRED: Final = "IMPAIRED"
COMPLETED: Final = "COMPLETED"
FAILED: Final = "FAILED"
STREAM_CANCELED: Final = "CANCELED"
EXPORT_CANCELLED: Final = "CANCELLED"
"""QLDB spells the two differently."""

_COLUMNS: Final = (
    "id, kind, ledger, created_ms, status, error_cause, finished_ms, position, request"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM job "  # noqa: S608 - constants alone.
_KEPT: Final = "(finished_ms IS NULL OR finished_ms > ?)"


@dataclass(frozen=True, slots=True)
class Job:
    """One export or stream."""

    id: str
    kind: str
    ledger: str
    created_at: datetime
    status: str
    error_cause: str | None
    finished_at: datetime | None
    position: int | None
    request: dict[str, Any]
    """The request's parameters; times as milliseconds since 1970."""


class JobStore:
    """Exports and streams of a data directory; durable, for several threads."""

    def __init__(
        self, file: RegistryFile, retention_s: float, now_s: Callable[[], float] = time.time
    ) -> None:
        """Take the registry's file; finished jobs are forgotten after `retention_s`."""
        self._file = file
        self._retention_s = retention_s
        self._now_s = now_s

    def add(
        self, job_id: str, kind: str, ledger: str, status: str, request: dict[str, Any], most: int
    ) -> str | None:
        """Add an active job unless something is in the way: "full" or "taken".

        A ledger has at most `most` active jobs of a kind, no two of them with one StreamName.
        """
        name = request.get("StreamName")
        with self._file.changing():
            self._file.rows("DELETE FROM job WHERE finished_ms <= ?", self._horizon_ms())
            active = self.active(kind, ledger)
            if name is not None and any(job.request["StreamName"] == name for job in active):
                return "taken"
            if len(active) >= most:
                return "full"
            self._file.rows(
                f"INSERT INTO job ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL, ?)",  # noqa: S608
                job_id,
                kind,
                ledger,
                self._now_ms(),
                status,
                json.dumps(request),
            )
        return None

    def find(self, kind: str, ledger: str, job_id: str) -> Job | None:
        """One job that has not been forgotten."""
        rows = self._file.rows(
            _SELECT + f"WHERE id = ? AND kind = ? AND ledger = ? AND {_KEPT}",
            job_id,
            kind,
            ledger,
            self._horizon_ms(),
        )
        return _job(rows[0]) if rows else None

    def page(self, kind: str, ledger: str | None, after: str, size: int) -> list[Job]:
        """The next jobs by id, of one ledger or of all."""
        rows = self._file.rows(
            _SELECT
            + f"WHERE kind = ? AND (?2 IS NULL OR ledger = ?2) AND id > ?3 AND {_KEPT}"
            + " ORDER BY id LIMIT ?",
            kind,
            ledger,
            after,
            self._horizon_ms(),
            size,
        )
        return [_job(row) for row in rows]

    def active(self, kind: str | None = None, ledger: str | None = None) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        rows = self._file.rows(
            _SELECT
            + "WHERE finished_ms IS NULL AND (?1 IS NULL OR kind = ?1)"
            + " AND (?2 IS NULL OR ledger = ?2) ORDER BY created_ms, id",
            kind,
            ledger,
        )
        return [_job(row) for row in rows]

    def active_ids(self, ledger: str) -> list[str]:
        """What still reads a ledger, as "export ID" and "stream ID"."""
        return [f"{job.kind} {job.id}" for job in self.active(ledger=ledger)]

    def set_status(self, job_id: str, status: str, error_cause: str | None = None) -> None:
        """Change the status of a job that has not ended, which it does not by this."""
        with self._file.changing():
            self._file.rows(
                "UPDATE job SET status = ?, error_cause = ? WHERE id = ? AND finished_ms IS NULL",
                status,
                error_cause,
                job_id,
            )

    def save_position(self, job_id: str, position: int) -> None:
        """Keep how far a job has come."""
        with self._file.changing():
            self._file.rows("UPDATE job SET position = ? WHERE id = ?", position, job_id)

    def finish(self, job_id: str, status: str) -> bool:
        """End a job; False when it had ended before, which is left as it is."""
        with self._file.changing():
            return bool(
                self._file.rows(
                    "UPDATE job SET status = ?, finished_ms = ?"
                    " WHERE id = ? AND finished_ms IS NULL RETURNING id",
                    status,
                    self._now_ms(),
                    job_id,
                )
            )

    def _now_ms(self) -> int:
        return round(self._now_s() * 1000)

    def _horizon_ms(self) -> int:
        return round((self._now_s() - self._retention_s) * 1000)


def _job(row: Row) -> Job:
    job_id, kind, ledger, created_ms, status, error_cause, finished_ms, position, request = row
    return Job(
        id=job_id,
        kind=kind,
        ledger=ledger,
        created_at=from_ms(created_ms),
        status=status,
        error_cause=error_cause,
        finished_at=None if finished_ms is None else from_ms(finished_ms),
        position=position,
        request=json.loads(request),
    )
