"""The manifests that begin and end an export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.ledger import ion
from runtime.ledger.ion import IonValue


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be exported, and to where; times have a time zone."""

    export_id: str
    ledger_name: str
    inclusive_start: datetime
    exclusive_end: datetime
    bucket: str
    prefix: str = ""
    object_encryption: str = "NO_ENCRYPTION"
    """SSE_KMS, SSE_S3 or NO_ENCRYPTION."""
    output_format: str | None = None
    """ION_TEXT, ION_BINARY or JSON; None, which is left out of the manifest, means ION_TEXT."""


def start_manifest(request: ExportRequest) -> IonValue:
    """The request again, as an Ion struct."""
    manifest: dict[str, Any] = {
        "ledgerName": request.ledger_name,
        "exportId": request.export_id,
        "inclusiveStartTime": ion.timestamp(request.inclusive_start),
        "exclusiveEndTime": ion.timestamp(request.exclusive_end),
        "bucket": request.bucket,
        "prefix": request.prefix,
        "objectEncryptionType": request.object_encryption,
    }
    if request.output_format is not None:
        manifest["outputFormat"] = request.output_format
    return _ion(manifest)


def final_manifest(keys: Sequence[str]) -> IonValue:
    """The keys of every data object in the journal's order, as an Ion struct."""
    return _ion({"keys": list(keys)})


def _ion(plain: dict[str, Any]) -> IonValue:
    return ion.decode(ion.encode(plain))
