"""What the server asks of whatever carries a journal elsewhere: to a bucket, to Kinesis."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Protocol

from runtime.ledger.engine import Ledger


@dataclass(frozen=True, slots=True)
class JournalExport:
    """One export as it was asked for; times are UTC."""

    export_id: str
    ledger_name: str
    inclusive_start: datetime
    exclusive_end: datetime
    bucket: str
    prefix: str
    object_encryption: str
    """SSE_KMS, SSE_S3 or NO_ENCRYPTION."""
    kms_key_arn: str | None
    output_format: str | None
    """ION_BINARY, ION_TEXT or JSON; None when the request named none, which means ION_TEXT."""
    role_arn: str


@dataclass(frozen=True, slots=True)
class JournalStream:
    """One stream as it was asked for; times are UTC."""

    stream_id: str
    arn: str
    ledger_name: str
    stream_name: str
    inclusive_start: datetime
    exclusive_end: datetime | None
    """None for a stream that goes on until it is canceled."""
    kinesis_stream_arn: str
    aggregation: bool
    role_arn: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Between a running export or stream and the server; `position` survives a restart."""

    stopping: Event
    """Set when it is canceled or the server stops: return soon, having saved the position."""
    position: int | None
    """What was saved last, by this run or one before; None in the beginning."""
    save: Callable[[int], None]
    """Keep the position: the next block to send, or whatever the implementation counts."""
    impaired: Callable[[str | None], None]
    """Tell why the stream cannot go on for now, KINESIS_STREAM_NOT_FOUND or
    IAM_PERMISSION_REVOKED; None when it can again. Means nothing for an export."""


class JournalExporter(Protocol):
    """Writes a part of a journal to a bucket."""

    def export(self, ledger: Ledger, export: JournalExport, progress: Progress) -> None:
        """Write the whole export, or go on from the position; an exception ends it as CANCELLED."""
        ...


class JournalStreamer(Protocol):
    """Sends a journal to a Kinesis stream as it grows."""

    def stream(self, ledger: Ledger, stream: JournalStream, progress: Progress) -> None:
        """Send until the end time is reached; an exception ends the stream as FAILED."""
        ...
