"""Lets a query of a table look at the items it asks for, instead of at the whole partition.

MiniStack sorts a partition and parses the condition again for each of its items, at every query:
15 ms for the newest block of a journal of 700. Here the sort keys of a partition are kept in
order, and MiniStack's own code then runs on the few items that can be in the answer.
"""

import re
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

PAGE_BYTES = 1024 * 1024
"""Where DynamoDB ends a page."""
ITEM_BYTES_MAX = 400 * 1024
"""What the cursor's own item, which is not in the answer, can take of what is shown."""
LAST_CHARACTER = "\U0010ffff"
_NAME, _VALUE = r"([\w#]+)", r"(:\w+)"
_KEY_CONDITION = re.compile(
    rf"\s*{_NAME}\s*=\s*{_VALUE}"
    rf"(?:\s+AND\s+(?:{_NAME}\s*(<=|>=|<|>|=)\s*{_VALUE}"
    rf"|{_NAME}\s+BETWEEN\s+{_VALUE}\s+AND\s+{_VALUE}"
    rf"|begins_with\s*\(\s*{_NAME}\s*,\s*{_VALUE}\s*\)))?\s*",
    re.IGNORECASE,
)

Table = dict[str, Any]
Items = dict[str, Any]
Range = tuple[str, str]
"""From the first to the last sort key that can match, both included."""


def install(dynamodb: Any) -> None:
    """Narrow queries of tables whose sort key is a string; leave every other as it is."""
    order, shadow = _Order(), _Shadow(dynamodb._tables)
    query: Callable[[dict[str, Any]], Any] = dynamodb._query
    set_item, remove_item = dynamodb._set_item, dynamodb._remove_item
    replaced = dynamodb._items_replaced

    def narrowed_query(data: dict[str, Any]) -> Any:
        name = dynamodb._normalize_table_name(data.get("TableName"))
        table = dynamodb._tables.get(name)
        found = _narrow(order, table, data) if table else None
        if found is None:
            return query(data)
        with shadow.showing(name, {**table, "items": found}):
            return query(data)

    def ordered_set_item(table: Table, pk: str, sk: str, item: Any) -> Any:
        order.add(table, pk, sk)
        return set_item(table, pk, sk, item)

    def ordered_remove_item(table: Table, pk: str, sk: str) -> Any:
        order.forget(table, pk)
        return remove_item(table, pk, sk)

    def forgetful_replaced(table: Table) -> None:
        order.clear()
        replaced(table)

    dynamodb._query, dynamodb._set_item = narrowed_query, ordered_set_item
    dynamodb._remove_item, dynamodb._items_replaced = ordered_remove_item, forgetful_replaced


class _Order:
    """The sort keys of partitions, in order, as far as they have been asked for."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, str], list[str]] = {}

    def of(self, table: Table, pk: str) -> list[str]:
        partition = table["items"].get(pk, {})
        place = (id(table["items"]), pk)
        keys = self._keys.get(place)
        if keys is None or len(keys) != len(partition):
            keys = self._keys[place] = sorted(partition)
        return keys

    def add(self, table: Table, pk: str, sk: str) -> None:
        keys = self._keys.get((id(table["items"]), pk))
        if keys is not None and sk not in table["items"].get(pk, {}):
            insort(keys, sk)

    def forget(self, table: Table, pk: str) -> None:
        self._keys.pop((id(table["items"]), pk), None)

    def clear(self) -> None:
        self._keys.clear()


class _Shadow:
    """Shows one thread another table than is there."""

    def __init__(self, tables: Any) -> None:
        shown = self._shown = threading.local()
        plain = type(tables)

        class Shadowed(plain):
            __slots__ = ()  # Or the layout would differ, and no object could change its class.

            def get(self, key: Any, default: Any = None) -> Any:
                name, table = getattr(shown, "now", (None, None))
                return table if name == key else plain.get(self, key, default)

        tables.__class__ = Shadowed

    @contextmanager
    def showing(self, name: str, table: Table) -> Iterator[None]:
        self._shown.now = (name, table)
        try:
            yield
        finally:
            del self._shown.now


def _narrow(order: _Order, table: Table, data: dict[str, Any]) -> dict[str, Items] | None:
    """The items that can be in the answer; None where the query is of another kind."""
    if data.get("IndexName") or data.get("KeyConditions") or not table.get("sk_name"):
        return None
    asked = _asked(table, data)
    if asked is None:
        return None
    pk, (first, last) = asked
    keys = order.of(table, pk)
    forward = data.get("ScanIndexForward", True)
    start = data.get("ExclusiveStartKey")
    if start:
        cursor = start.get(table["sk_name"], {}).get("S")
        if cursor is None:
            return None
        first, last = (max(first, cursor), last) if forward else (first, min(last, cursor))
    low, high = bisect_left(keys, first), bisect_right(keys, last)
    return {pk: _page(table["items"].get(pk, {}), keys[low:high], data.get("Limit"), forward)}


def _asked(table: Table, data: dict[str, Any]) -> tuple[str, Range] | None:
    """The partition and the range of sort keys, where the condition is of a known form."""
    match = _KEY_CONDITION.fullmatch(data.get("KeyConditionExpression") or "")
    if match is None:
        return None
    names, values = data.get("ExpressionAttributeNames") or {}, data["ExpressionAttributeValues"]
    pk_name, pk, sk_name, sign, bound, between, first, last, begins, prefix = match.groups()
    sort_name = sk_name or between or begins
    if names.get(pk_name, pk_name) != table["pk_name"]:
        return None
    if sort_name and names.get(sort_name, sort_name) != table["sk_name"]:
        return None
    texts = {ref: values.get(ref, {}).get("S") for ref in (pk, bound, first, last, prefix) if ref}
    if None in texts.values():
        return None  # Not strings, or not given: MiniStack says what is wrong.
    everything = ("", LAST_CHARACTER)
    if bound:
        limit = texts[bound]
        low = limit if sign in ("=", ">", ">=") else everything[0]
        return texts[pk], (low, limit if sign in ("=", "<", "<=") else everything[1])
    if between:
        return texts[pk], (texts[first], texts[last])
    if begins:
        return texts[pk], (texts[prefix], texts[prefix] + LAST_CHARACTER)
    return texts[pk], everything


def _page(partition: Items, keys: list[str], limit: Any, forward: bool) -> Items:
    """As many items as one page can hold, and one more: the code after this cuts it."""
    page: Items = {}
    size = 0
    for key in keys if forward else reversed(keys):
        item = page[key] = partition[key]
        size += _size_at_least(item)
        # The cursor's own item is in the range, and one more says that there is more.
        if size > PAGE_BYTES + ITEM_BYTES_MAX or (
            limit is not None and len(page) >= int(limit) + 2
        ):
            break
    return page


def _size_at_least(item: dict[str, dict[str, Any]]) -> int:
    """Bytes of an item by its strings and binaries alone, so never more than DynamoDB counts."""
    size = 0
    for value in item.values():
        if "S" in value:
            size += len(value["S"])
        elif "B" in value:
            size += len(value["B"]) * 3 // 4 - 2
    return size
