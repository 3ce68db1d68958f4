"""The items of the table of replays.

    item        replayId           item
    replay      {replayId}         replay            kind, createdAt, revision, status, body
    piece       {replayId}         piece#{number}    shard, first, last, object, and `done`
    key         key#{key}          key               holder, fingerprint
    claim       claim#search       claim             holder: the last replay to rebuild that target

Every item expires some time after its replay was made.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from runtime.replays.pieces import Piece
from runtime.replays.replay import Done, Replay, dump, load

LIFETIME = timedelta(days=90)
REPLAY, KEY, CLAIM, PIECE = "replay", "key", "claim", "piece#"
BY_CREATION = "byCreation"
"""The index by kind and createdAt; only the items of replays have them."""
Item = dict[str, Any]


def replay_key(replay_id: str) -> Item:
    """Where a replay is."""
    return {"replayId": {"S": replay_id}, "item": {"S": REPLAY}}


def piece_key(replay_id: str, number: int) -> Item:
    """Where a piece is."""
    return {"replayId": {"S": replay_id}, "item": {"S": f"{PIECE}{number:08d}"}}


def idempotency_key(key: str) -> Item:
    """Where a key is."""
    return {"replayId": {"S": f"key#{key}"}, "item": {"S": KEY}}


def claim_key(replay: Replay) -> Item:
    """Where the claim on the replay's target is."""
    return {"replayId": {"S": f"claim#{replay.request.target}"}, "item": {"S": CLAIM}}


def expiry(created_at: str) -> Item:
    """When an item of a replay made then expires, in epoch seconds."""
    expires_at = datetime.fromisoformat(created_at) + LIFETIME
    return {"expiresAt": {"N": str(int(expires_at.timestamp()))}}


def replay_item(replay: Replay, revision: int) -> Item:
    """A replay at one revision of its record."""
    return {
        **replay_key(replay.replay_id),
        "kind": {"S": REPLAY},
        "createdAt": {"S": replay.created_at},
        "revision": {"N": str(revision)},
        "status": {"S": replay.status},
        "body": {"S": dump(replay)},
        **expiry(replay.created_at),
    }


def replay_of(item: Mapping[str, Any]) -> tuple[Replay, int]:
    """A replay and the revision of its record."""
    return load(item["body"]["S"]), int(item["revision"]["N"])


def piece_item(replay_id: str, piece: Piece) -> Item:
    """A piece; its replay's id says when it was made."""
    made = datetime.strptime(replay_id.split("-")[0] + "+0000", "%Y%m%dt%H%M%S%z")
    item = {
        **piece_key(replay_id, piece.number),
        **{name: {"N": str(getattr(piece, name))} for name in ("shard", "first", "last")},
        **expiry(made.isoformat()),
    }
    if piece.done is not None:
        item["done"] = done_value(piece.done)
    if piece.object_no is not None:
        item["object"] = {"N": str(piece.object_no)}
    return item


def done_value(done: Done) -> Item:
    """What a piece did."""
    return {"S": json.dumps(asdict(done))}


def piece_of(item: Mapping[str, Any]) -> Piece:
    """A piece."""
    done = json.loads(item["done"]["S"]) if "done" in item else None
    return Piece(
        number=int(item["item"]["S"].removeprefix(PIECE)),
        shard=int(item["shard"]["N"]),
        first=int(item["first"]["N"]),
        last=int(item["last"]["N"]),
        done=None if done is None else Done(**done),
        object_no=int(item["object"]["N"]) if "object" in item else None,
    )
