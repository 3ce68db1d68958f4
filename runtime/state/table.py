"""The state table on DynamoDB: version-conditional writes, and the reads of the queries."""

import random
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from runtime.ads.revision import AdRevision
from runtime.state import cursors, items
from runtime.state.errors import StateRefusedError, StateUnavailableError

BY_PUBLISHER = "byPublisher"
"""The index by publisherId and listKey; tombstones have neither."""
PAGE_ITEMS_MAX = 100
BATCH_GET_ITEMS_MAX = 100
BATCH_GET_ATTEMPTS_MAX = 8
BACKOFF_BASE_S = 0.05
CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
CALL_ATTEMPTS_MAX = 4
CONNECTIONS_MAX = 16
_REFUSALS = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})
NEWER_ONLY = "attribute_not_exists(adId) OR #version < :version"


class DynamoDbClient(Protocol):
    """What is used of boto3's low-level client."""

    def put_item(self, **arguments: Any) -> Mapping[str, Any]:
        """Write one item."""
        ...

    def get_item(self, **arguments: Any) -> Mapping[str, Any]:
        """Read one item."""
        ...

    def query(self, **arguments: Any) -> Mapping[str, Any]:
        """Read a range of one partition."""
        ...

    def batch_get_item(self, **arguments: Any) -> Mapping[str, Any]:
        """Read up to 100 items."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, newest first, and where it goes on; None at its end."""

    revisions: tuple[AdRevision, ...]
    next: str | None


class StateTable:
    """The newest revision of every ad. Methods raise StateError where DynamoDB does not do it."""

    def __init__(
        self,
        client: DynamoDbClient,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def put(self, revision: AdRevision) -> bool:
        """Store the revision if it is newer than what is there; False where it is not.

        Any order and any number of repetitions of an ad's revisions ends with the newest of them,
        a deletion included.
        """
        with _wrapped(f"write version {revision.version} of ad {revision.ad_id}"):
            try:
                self._client.put_item(
                    TableName=self._name,
                    Item=items.item(revision),
                    ConditionExpression=NEWER_ONLY,
                    ExpressionAttributeNames={"#version": "version"},
                    ExpressionAttributeValues={":version": {"N": str(revision.version)}},
                )
            except ClientError as error:
                if _code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def get(self, ad_id: str) -> AdRevision | None:
        """The newest revision projected, a deletion included; None for an ad never seen."""
        with _wrapped(f"read ad {ad_id}"):
            answer = self._client.get_item(TableName=self._name, Key={"adId": {"S": ad_id}})
        return items.revision(answer["Item"]) if "Item" in answer else None

    def list(self, publisher_id: str, limit: int, cursor: str | None = None) -> Page:
        """The publisher's ads, newest first, at most `limit` (1..100); raises CursorError."""
        size = min(max(limit, 1), PAGE_ITEMS_MAX)
        start = (
            {} if cursor is None else {"ExclusiveStartKey": cursors.start_key(publisher_id, cursor)}
        )
        with _wrapped(f"list the ads of publisher {publisher_id}"):
            answer = self._client.query(
                TableName=self._name,
                IndexName=BY_PUBLISHER,
                KeyConditionExpression="publisherId = :publisher",
                ExpressionAttributeValues={":publisher": {"S": publisher_id}},
                ScanIndexForward=False,
                Limit=size + 1,
                **start,
            )
        found = answer["Items"]
        last = found[size - 1] if len(found) > size else answer.get("LastEvaluatedKey")
        return Page(
            tuple(items.revision(stored) for stored in found[:size]),
            None if last is None else cursors.encode(publisher_id, last["listKey"]["S"]),
        )

    def versions(self, ad_ids: Iterable[str]) -> dict[str, int]:
        """The version of each ad that is there, tombstones included, read strongly consistent."""
        found: dict[str, int] = {}
        wanted = list(dict.fromkeys(ad_ids))
        for at in range(0, len(wanted), BATCH_GET_ITEMS_MAX):
            for stored in self._batch(wanted[at : at + BATCH_GET_ITEMS_MAX]):
                found[stored["adId"]["S"]] = int(stored["version"]["N"])
        return found

    def _batch(self, ad_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        request: Mapping[str, Any] = {
            self._name: {
                "Keys": [{"adId": {"S": ad_id}} for ad_id in ad_ids],
                "ProjectionExpression": "adId, #version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ConsistentRead": True,
            }
        }
        for attempt in range(BATCH_GET_ATTEMPTS_MAX):
            with _wrapped(f"read the versions of {len(ad_ids)} ads"):
                answer = self._client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self._name, ())
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                return
            self._sleep(BACKOFF_BASE_S * 2**attempt * (0.5 + random.random() / 2))  # noqa: S311
        raise StateUnavailableError(
            f"table {self._name} left keys unread after {BATCH_GET_ATTEMPTS_MAX} attempts: "
            "it is throttled; try again later"
        )


def open_table(name: str) -> StateTable:
    """The table by its name, with the client settings that suit a Lambda function."""
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
        max_pool_connections=CONNECTIONS_MAX,
    )
    return StateTable(boto3.client("dynamodb", config=config), name)


@contextmanager
def _wrapped(what: str) -> Generator[None]:
    """The one place where botocore's errors become ours."""
    try:
        yield
    except ParamValidationError as error:
        raise StateRefusedError(f"cannot {what}: {error}") from error
    except ClientError as error:
        if _code(error) in _REFUSALS:
            raise StateRefusedError(f"cannot {what}, DynamoDB refuses it: {error}") from error
        raise StateUnavailableError(f"cannot {what} now: {error}") from error
    except BotoCoreError as error:
        raise StateUnavailableError(f"cannot {what} now: {error}") from error


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
