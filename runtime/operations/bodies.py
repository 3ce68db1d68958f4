"""How replays look in answers: models for the API's description, and the same as plain values."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from runtime.replays.replay import Replay, Status, Target
from runtime.replays.service import View
from runtime.web.ad_bodies import Body, DeletionBody, TimeText, VersionBody

RATE_DECIMALS = 1


class OfTotalBody(Body):
    """How much is done, of how much."""

    done: int
    total: int


class CountsBody(Body):
    """What a replay has done."""

    pieces: OfTotalBody
    blocks: OfTotalBody
    revisions: int
    ads: int
    """Ads brought level; for a moment of the past, one that changed in two pieces counts twice."""
    written: int
    """Of these, how many were older in the target, or missing."""


class ReplayBody(Body):
    """A replay and how far it is."""

    replay_id: str
    target: Target
    scope: Literal["all", "ad"]
    ad_id: str | None
    until: TimeText | None
    status: Status
    source: Literal["history", "journal", "snapshot"] | None
    """What is read: an ad's own history, all blocks, or a snapshot and the blocks behind it; null
    before it is planned. What kept a snapshot from being read is among the faults."""
    snapshot_id: str | None
    """The snapshot that is read."""
    attempt: Annotated[int, Field(ge=1)]
    created_at: TimeText
    ended_at: TimeText | None
    percent: Annotated[float, Field(ge=0, le=100)]
    counts: CountsBody
    blocks_per_s: float
    remaining_s: float | None
    """Until all pieces are done; null where that cannot be told."""
    faults: list[str]


class ReplaysBody(Body):
    """One page of replays, newest first."""

    items: list[ReplayBody]
    next: str | None


class EntriesBody(Body):
    """One page of ads as a replay left them, by id."""

    items: list[VersionBody | DeletionBody]
    next: str | None


def replay_body(view: View) -> Mapping[str, Any]:
    """A ReplayBody."""
    replay, progress, done = view.replay, view.progress, view.progress.done
    request = replay.request
    return {
        "replayId": replay.replay_id,
        "target": request.target,
        "scope": "all" if request.ad_id is None else "ad",
        "adId": request.ad_id,
        "until": request.until,
        "status": replay.status,
        "source": _source(replay),
        "snapshotId": _snapshot_id(replay),
        "attempt": replay.attempt,
        "createdAt": replay.created_at,
        "endedAt": replay.ended_at or None,
        "percent": view.percent,
        "counts": {
            "pieces": {"done": progress.pieces_done, "total": progress.pieces},
            "blocks": {"done": done.blocks, "total": progress.blocks},
            "revisions": done.revisions,
            "ads": done.ads,
            "written": done.written,
        },
        "blocksPerS": round(view.blocks_per_s, RATE_DECIMALS),
        "remainingS": None if view.remaining_s is None else round(view.remaining_s, RATE_DECIMALS),
        "faults": list(replay.faults),
    }


def _source(replay: Replay) -> str | None:
    if replay.request.ad_id is not None:
        return "history"
    if not replay.heads:
        return None
    return "journal" if _snapshot_id(replay) is None else "snapshot"


def _snapshot_id(replay: Replay) -> str | None:
    beginning = replay.beginning
    return None if beginning is None or not beginning.trusted else beginning.snapshot_id
