"""How snapshots look in answers: models for the API's description, and the same as plain values."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from runtime.operations.bodies import OfTotalBody
from runtime.snapshots.documents import time_text
from runtime.snapshots.manifest import LedgerPart
from runtime.snapshots.service import View
from runtime.web.ad_bodies import Body, TimeText

PERCENT_DECIMALS = 1


class LedgerBody(Body):
    """What a finished snapshot has of one ledger."""

    ledger: str
    first_block: int
    """Of the period."""
    last_block: int
    """Of the period; one less than the first where it has no block."""
    digest: str
    """Over all blocks up to the last, in hexadecimal digits; keep it to verify with later."""
    ads: int
    deleted: int
    objects: int
    bytes: int


class SnapshotBody(Body):
    """A snapshot and how far it is."""

    snapshot_id: str
    status: Literal["RUNNING", "FINISHED"]
    previous: str | None
    """The snapshot whose end is this one's beginning."""
    end: TimeText
    """Every block sealed before is in this snapshot or in one before it."""
    percent: Annotated[float, Field(ge=0, le=100)]
    blocks: OfTotalBody
    ledgers: list[LedgerBody]
    """Empty until it is finished."""


class SnapshotsBody(Body):
    """One page of snapshots, newest first."""

    items: list[SnapshotBody]
    next: str | None


def snapshot_body(view: View) -> Mapping[str, Any]:
    """A SnapshotBody."""
    request, manifest = view.request, view.manifest
    return {
        "snapshotId": request.snapshot_id,
        "status": "RUNNING" if manifest is None else "FINISHED",
        "previous": request.previous,
        "end": time_text(request.end),
        "percent": round(view.percent, PERCENT_DECIMALS),
        "blocks": {"done": view.blocks_done, "total": view.blocks},
        "ledgers": [] if manifest is None else [_ledger(part) for part in manifest.ledgers],
    }


def _ledger(part: LedgerPart) -> Mapping[str, Any]:
    objects = (*part.journal, *part.state)
    return {
        "ledger": part.ledger,
        "firstBlock": part.first,
        "lastBlock": part.tip.sequence_no,
        "digest": part.tip.digest,
        "ads": part.ads,
        "deleted": part.deleted,
        "objects": len(objects),
        "bytes": sum(entry.size for entry in objects),
    }
