"""What carries journals out of the server: exports to S3 or a folder, streams to Kinesis.

Clients of AWS are made when they are first needed, by boto3's own rules for region, credentials
and endpoint; AWS_ENDPOINT_URL points them elsewhere.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runtime.ledger.engine import Ledger
from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.errors import DestinationError
from runtime.ledger.exports.export import Export
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.manifests import ExportRequest
from runtime.ledger.server.ports import JournalExport, JournalStream, Progress

if TYPE_CHECKING:
    from runtime.publish_journal.lanes import PutRecordsClient

_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")

DestinationOf = Callable[[JournalExport], Destination]
ClientOf = Callable[[JournalStream], "PutRecordsClient"]


class LedgerExporter:
    """Carries exports out; see JournalExporter."""

    def __init__(self, destination_of: DestinationOf) -> None:
        """Take where an export is written."""
        self._destination_of = destination_of

    def export(self, ledger: Ledger, export: JournalExport, progress: Progress) -> None:
        """Write the whole export, or go on from the position: the number of the next block."""
        request = ExportRequest(
            export_id=export.export_id,
            ledger_name=export.ledger_name,
            inclusive_start=export.inclusive_start,
            exclusive_end=export.exclusive_end,
            bucket=export.bucket,
            prefix=export.prefix,
            object_encryption=export.object_encryption,
            output_format=export.output_format,
        )
        destination = self._destination_of(export)
        Export(ledger, request, destination, wait=progress.stopping.wait).run(
            progress.position, progress.save
        )


class LedgerStreamer:
    """Carries streams out; see JournalStreamer."""

    def __init__(self, client_of: ClientOf) -> None:
        """Take which Kinesis client a stream uses."""
        self._client_of = client_of

    def stream(self, ledger: Ledger, stream: JournalStream, progress: Progress) -> None:
        """Send until the end time is reached; the position is the number of the next block."""
        # What Kinesis needs takes longer to import than all else: a server may have no stream.
        from runtime.ledger.streams.stream import Stream, StreamRequest

        request = StreamRequest(
            stream_arn=stream.arn,
            inclusive_start=stream.inclusive_start,
            exclusive_end=stream.exclusive_end,
            kinesis_stream_arn=stream.kinesis_stream_arn,
            aggregated=stream.aggregation,
        )
        Stream(
            ledger,
            request,
            self._client_of(stream),
            wait=progress.stopping.wait,
            impaired=progress.impaired,
        ).run(progress.position, progress.save)


def to_s3(export: JournalExport) -> Destination:
    """The bucket of an export, in whatever region it is."""
    # Its errors are botocore's, which takes long to import: a server may have no export.
    from runtime.ledger.exports.s3 import Encryption, S3Destination

    encryption = Encryption(export.object_encryption, export.kms_key_arn)
    return S3Destination(_client("s3", None), export.bucket, encryption)


def to_folder(folder: Path) -> DestinationOf:
    """A folder for each bucket within one folder, for those who have no S3."""

    def destination(export: JournalExport) -> Destination:
        if not _BUCKET.fullmatch(export.bucket):
            raise DestinationError(
                f"bucket {export.bucket!r} cannot be a folder in {folder}: use letters, digits,"
                " dots and hyphens, the first a letter or digit"
            )
        return FolderDestination(folder / export.bucket)

    return destination


def to_kinesis(stream: JournalStream) -> "PutRecordsClient":
    """A client in the region of the stream's ARN."""
    parts = stream.kinesis_stream_arn.split(":")
    return _client("kinesis", parts[3] or None if len(parts) > 3 else None)


def _client(service: str, region: str | None) -> Any:
    import boto3

    # A session of its own, since boto3's default one is not for several threads.
    return boto3.Session().client(service, region_name=region)
