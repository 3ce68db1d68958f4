"""A DynamoDB client in memory whose transactions become visible item by item.

That is what DynamoDB promises to queries and no more: a committed write, each item alone. Items
that a transaction is about to write conflict with other transactions until it is done.
"""

import random
import threading
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

PAGE_ITEMS: Final = 50

Key = tuple[str, str]


class MemoryDynamoDb:
    """One table with `pk` and `sk`; `pause` is called wherever others could come in between."""

    def __init__(
        self,
        pause: Callable[[], None] = lambda: None,
        seed: int = 0,
        *,
        one_by_one: bool = True,
    ) -> None:
        self._pause = pause
        self._random = random.Random(seed)
        self._one_by_one = one_by_one
        self._lock = threading.Lock()
        self._items: dict[str, dict[str, Any]] = {}
        self._pending: set[Key] = set()
        self._tokens: dict[str, bool] = {}

    def query(self, **request: Any) -> dict[str, Any]:
        """A page of a partition, all items of one moment."""
        self._pause()
        values = request["ExpressionAttributeValues"]
        first, last = (values.get(name, {"S": None})["S"] for name in (":first", ":last"))
        start = request.get("ExclusiveStartKey", {"sk": {"S": None}})["sk"]["S"]
        newest_first = not request["ScanIndexForward"]
        with self._lock:
            held = self._items.get(values[":pk"]["S"], {})
            found = [held[sk] for sk in sorted(held, reverse=newest_first)]
        found = [
            item
            for item in found
            if (first is None or first <= item["sk"]["S"] <= last)
            and (start is None or (item["sk"]["S"] > start) != newest_first)
        ]
        page = found[: request.get("Limit", PAGE_ITEMS)]
        answer: dict[str, Any] = {"Items": page}
        if len(page) < len(found):
            answer["LastEvaluatedKey"] = {name: page[-1][name] for name in ("pk", "sk")}
        return answer

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Each item at a moment of its own."""
        [(table, asked)] = request["RequestItems"].items()
        found: list[Any] = []
        for key in asked["Keys"]:
            self._pause()
            with self._lock:
                if key["sk"]["S"] in self._items.get(key["pk"]["S"], {}):
                    found.append(key)
        return {"Responses": {table: found}}

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        """All puts or none; until the answer they become visible one after another."""
        self._pause()
        puts = [put["Put"]["Item"] for put in request["TransactItems"]]
        token = request["ClientRequestToken"]
        with self._lock:
            if token in self._tokens:
                return self._again(token)
            self._check(puts)
            self._tokens[token] = False
            self._pending |= {_key(item) for item in puts}
            if not self._one_by_one:
                self._show(puts)
        for item in self._random.sample(puts, len(puts)) if self._one_by_one else ():
            self._pause()
            with self._lock:
                self._show([item])
        self._pause()
        with self._lock:
            self._tokens[token] = True
        return {}

    def _again(self, token: str) -> dict[str, Any]:
        if not self._tokens[token]:
            raise refusal("TransactionInProgressException")
        return {}

    def _check(self, puts: list[Any]) -> None:
        codes = [self._fault(_key(item)) for item in puts]
        if set(codes) != {"None"}:
            raise refusal("TransactionCanceledException", codes)

    def _fault(self, key: Key) -> str:
        if key in self._pending:
            return "TransactionConflict"
        return "ConditionalCheckFailed" if key[1] in self._items.get(key[0], {}) else "None"

    def _show(self, puts: list[Any]) -> None:
        for item in puts:
            pk, sk = _key(item)
            self._items.setdefault(pk, {})[sk] = item
            self._pending.discard((pk, sk))


def refusal(code: str, reasons: list[str] | None = None, status: int = 400) -> ClientError:
    """What boto3 raises for an error of the service."""
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "TransactWriteItems")


def _key(item: Any) -> Key:
    return item["pk"]["S"], item["sk"]["S"]
