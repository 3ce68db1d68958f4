"""Replays on DynamoDB: every change on the condition that nobody else changed the record."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runtime.ads import cursor as opaque
from runtime.replays import items
from runtime.replays.errors import (
    CursorError,
    ReplayKeyReusedError,
    ReplayUnavailableError,
    TargetBusyError,
    UnknownReplayError,
)
from runtime.replays.items import Item
from runtime.replays.pieces import Piece
from runtime.replays.ports import Page
from runtime.replays.replay import ENDED, Change, Done, Replay

CREATE_ATTEMPTS_MAX = 4
CHANGE_ATTEMPTS_MAX = 20
BATCH_WRITE_ITEMS_MAX = 25
BATCH_WRITE_ATTEMPTS_MAX = 8
CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
CALL_ATTEMPTS_MAX = 5
_ABSENT = {"ConditionExpression": "attribute_not_exists(replayId)"}
_CHANGED = frozenset(
    {
        "ConditionalCheckFailedException",
        "TransactionCanceledException",
        "TransactionConflictException",
    }
)


class DynamoDbClient(Protocol):
    """What is used of boto3's low-level client."""

    put_item: Callable[..., Mapping[str, Any]]
    get_item: Callable[..., Mapping[str, Any]]
    query: Callable[..., Mapping[str, Any]]
    update_item: Callable[..., Mapping[str, Any]]
    batch_write_item: Callable[..., Mapping[str, Any]]
    transact_write_items: Callable[..., Mapping[str, Any]]


class ReplayTable:
    """Replays and their pieces in one table; see Records."""

    def __init__(self, client: DynamoDbClient, name: str) -> None:
        self._client = client
        self._name = name

    def create(self, replay: Replay, key: str | None) -> Replay:
        """Record a replay with its key and its claim, all or nothing."""
        for _ in range(CREATE_ATTEMPTS_MAX):
            earlier = None if key is None else self._earlier(replay, key)
            if earlier is not None:
                return earlier
            puts = [{**items.replay_item(replay, 0)}]
            if key is not None:
                puts.append(self._key_item(replay, key))
            writes = [self._put(item, _ABSENT) for item in puts]
            if replay.request.rebuilds:
                writes.append(self._claim(replay))
            with _wrapped(f"record replay {replay.replay_id}"):
                try:
                    self._client.transact_write_items(TransactItems=writes)
                except ClientError as error:
                    if _code(error) not in _CHANGED:
                        raise
                    continue  # Somebody came first with the key or the claim: look again.
            return replay
        raise ReplayUnavailableError("others keep asking for the same replay; try again")

    def read(self, replay_id: str) -> Replay:
        """The replay as it is now."""
        return self._read(replay_id)[0]

    def change(self, replay_id: str, change: Change) -> Replay:
        """Record what `change` makes of the replay; it is called again when others come first."""
        for _ in range(CHANGE_ATTEMPTS_MAX):
            replay, revision = self._read(replay_id)
            changed = change(replay)
            if changed == replay:
                return replay
            with _wrapped(f"change replay {replay_id}"):
                try:
                    self._client.put_item(
                        TableName=self._name,
                        Item=items.replay_item(changed, revision + 1),
                        ConditionExpression="revision = :read",
                        ExpressionAttributeValues={":read": {"N": str(revision)}},
                    )
                except ClientError as error:
                    if _code(error) not in _CHANGED:
                        raise
                    continue
            return changed
        raise ReplayUnavailableError(f"others keep changing replay {replay_id}; try again")

    def list(self, limit: int, cursor: str | None = None) -> Page:
        """Replays, newest first."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start_key(cursor)}
        with _wrapped("list replays"):
            answer = self._client.query(
                TableName=self._name,
                IndexName=items.BY_CREATION,
                KeyConditionExpression="kind = :kind",
                ExpressionAttributeValues={":kind": {"S": items.REPLAY}},
                ScanIndexForward=False,
                Limit=limit,
                **start,
            )
        last = answer.get("LastEvaluatedKey")
        return Page(
            [items.replay_of(item)[0] for item in answer["Items"]],
            None if last is None else opaque.pack(last["createdAt"]["S"], last["replayId"]["S"]),
        )

    def put_pieces(self, replay_id: str, pieces: Iterable[Piece]) -> None:
        """Record the pieces, replacing those of the same numbers."""
        rest = iter(pieces)
        while group := list(islice(rest, BATCH_WRITE_ITEMS_MAX)):
            self._write_batch(
                [{"PutRequest": {"Item": items.piece_item(replay_id, piece)}} for piece in group]
            )

    def pieces(self, replay_id: str) -> Sequence[Piece]:
        """The replay's pieces by number."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": "replayId = :replay AND begins_with(#item, :piece)",
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": {
                ":replay": {"S": replay_id},
                ":piece": {"S": items.PIECE},
            },
        }
        found: list[Piece] = []
        while True:
            with _wrapped(f"read the pieces of replay {replay_id}"):
                answer = self._client.query(**request)
            found += [items.piece_of(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def piece(self, replay_id: str, number: int) -> Piece:
        """One piece."""
        item = self._item(items.piece_key(replay_id, number))
        if item is None:
            raise UnknownReplayError(f"{replay_id}, piece {number}")
        return items.piece_of(item)

    def finish_piece(self, replay_id: str, number: int, done: Done) -> None:
        """Record that a piece is done; the first to say so counts."""
        with _wrapped(f"record piece {number} of replay {replay_id}"):
            try:
                self._client.update_item(
                    TableName=self._name,
                    Key=items.piece_key(replay_id, number),
                    UpdateExpression="SET done = :done",
                    ConditionExpression="attribute_exists(replayId) AND attribute_not_exists(done)",
                    ExpressionAttributeValues={":done": items.done_value(done)},
                )
            except ClientError as error:
                if _code(error) not in _CHANGED:
                    raise

    def _read(self, replay_id: str) -> tuple[Replay, int]:
        item = self._item(items.replay_key(replay_id))
        if item is None:
            raise UnknownReplayError(replay_id)
        return items.replay_of(item)

    def _item(self, key: Item) -> Mapping[str, Any] | None:
        with _wrapped(f"read {key['replayId']['S']}"):
            answer = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _earlier(self, replay: Replay, key: str) -> Replay | None:
        known = self._item(items.idempotency_key(key))
        if known is None:
            return None
        if known["fingerprint"]["S"] != replay.request.fingerprint():
            raise ReplayKeyReusedError(key)
        return self.read(known["holder"]["S"])

    def _claim(self, replay: Replay) -> Item:
        """The write by which this replay may rebuild its target; TargetBusyError."""
        key = items.claim_key(replay)
        item = {**key, "holder": {"S": replay.replay_id}}
        known = self._item(key)
        if known is None:
            return self._put(item, _ABSENT)
        holder = known["holder"]
        if not self._has_ended(holder["S"]):
            raise TargetBusyError(holder["S"])
        return self._put(
            item,
            {
                "ConditionExpression": "holder = :ended",
                "ExpressionAttributeValues": {":ended": holder},
            },
        )

    def _has_ended(self, replay_id: str) -> bool:
        try:
            return self.read(replay_id).status in ENDED
        except UnknownReplayError:
            return True  # It was so long ago that its record expired.

    def _key_item(self, replay: Replay, key: str) -> Item:
        return {
            **items.idempotency_key(key),
            "holder": {"S": replay.replay_id},
            "fingerprint": {"S": replay.request.fingerprint()},
            **items.expiry(replay.created_at),
        }

    def _put(self, item: Item, condition: Mapping[str, Any]) -> Item:
        return {"Put": {"TableName": self._name, "Item": item, **condition}}

    def _write_batch(self, requests: Sequence[Item]) -> None:
        left: Any = {self._name: list(requests)}
        for _ in range(BATCH_WRITE_ATTEMPTS_MAX):
            with _wrapped("record pieces"):
                left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")
            if not left:
                return
        raise ReplayUnavailableError(f"table {self._name} left pieces unwritten; try again")


def open_records(name: str) -> ReplayTable:
    """The table by its name, with the client settings that suit a Lambda function."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    return ReplayTable(boto3.client("dynamodb", config=config), name)


def _start_key(cursor: str) -> Item:
    try:
        match opaque.unpack(cursor):
            case [str(created_at), str(replay_id)] if datetime.fromisoformat(created_at):
                return {
                    "kind": {"S": items.REPLAY},
                    "createdAt": {"S": created_at},
                    **items.replay_key(replay_id),
                }
            case _:
                pass
    except ValueError:
        pass
    raise CursorError("The cursor is not one of this list. Begin without a cursor.")


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def _wrapped(what: str) -> Generator[None]:
    """The one place where botocore's errors become ours."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise ReplayUnavailableError(f"cannot {what} now: {error}") from error
