"""The replay table: what replays wrote for somebody to look at, apart from every live target.

An entry is an item of the state table, found by the replay that wrote it and the ad's id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runtime.ads import cursor as opaque
from runtime.ads.revision import AdRevision
from runtime.replays.errors import CursorError, ReplayUnavailableError
from runtime.replays.items import Item, expiry
from runtime.replays.replay import Replay
from runtime.state.items import revision

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
CALL_ATTEMPTS_MAX = 4


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some of the ads that a replay wrote, by id, and the cursor behind them; None at the end."""

    revisions: Sequence[AdRevision]
    next: str | None


class QueryClient(Protocol):
    """What is used of boto3's low-level client."""

    def query(self, **arguments: Any) -> Mapping[str, Any]:
        """Read a range of one partition."""
        ...

    def get_item(self, **arguments: Any) -> Mapping[str, Any]:
        """Read one item."""
        ...


class Entries:
    """Reads the replay table. Methods raise ReplayUnavailableError."""

    def __init__(self, client: QueryClient, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, replay_id: str, ad_id: str) -> AdRevision | None:
        """The ad as the replay left it, a deletion included; None where it wrote none."""
        answer = self._ask("get_item", Key=_key(replay_id, ad_id))
        return revision(answer["Item"]) if "Item" in answer else None

    def list(self, replay_id: str, limit: int, cursor: str | None = None) -> EntryPage:
        """The ads that the replay wrote, deletions included; CursorError."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start_key(replay_id, cursor)}
        answer = self._ask(
            "query",
            KeyConditionExpression="replayId = :replay",
            ExpressionAttributeValues={":replay": {"S": replay_id}},
            Limit=limit,
            **start,
        )
        last = answer.get("LastEvaluatedKey")
        return EntryPage(
            [revision(item) for item in answer["Items"]],
            None if last is None else opaque.pack(replay_id, last["adId"]["S"]),
        )

    def _ask(self, call: str, **request: Any) -> Mapping[str, Any]:
        try:
            return getattr(self._client, call)(TableName=self._name, ConsistentRead=True, **request)
        except (ClientError, BotoCoreError) as error:
            raise ReplayUnavailableError(f"cannot read table {self._name} now: {error}") from error


def open_entries(name: str) -> Entries:
    """The table by its name, with the client settings that suit a Lambda function."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
    )
    return Entries(boto3.client("dynamodb", config=config), name)


def beside(replay: Replay) -> Item:
    """What an entry has besides what the state table has, and when it expires."""
    return {"replayId": {"S": replay.replay_id}, **expiry(replay.created_at)}


def _key(replay_id: str, ad_id: str) -> Item:
    return {"replayId": {"S": replay_id}, "adId": {"S": ad_id}}


def _start_key(replay_id: str, cursor: str) -> Item:
    try:
        match opaque.unpack(cursor):
            case [known, str(ad_id)] if known == replay_id:
                return _key(replay_id, ad_id)
            case _:
                pass
    except ValueError:
        pass
    raise CursorError("The cursor is not one of this list. Begin without a cursor.")
