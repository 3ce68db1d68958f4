"""Many revisions into a table of states at once: transactions of conditional puts.

One call carries a hundred ads. Where the table has some of them already, or newer ones, DynamoDB
refuses the whole and says which; those are done, and the rest is sent again.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from runtime.ads.revision import AdRevision
from runtime.state import items
from runtime.state.table import NEWER_ONLY

TRANSACTION_ITEMS_MAX = 100
TRANSACTION_BYTES_MAX = 3_500_000
"""Below DynamoDB's 4 MB, since sizes are estimated."""
ATTEMPTS_MAX = 8
"""Of sending what a transaction left over."""
BACKOFF_BASE_S = 0.05
_DONE = "ConditionalCheckFailed"
_REFUSED = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})
_REFUSALS = frozenset({"ValidationException"})
Item = dict[str, Any]


class TransactionClient(Protocol):
    """What is used of boto3's low-level client."""

    def transact_write_items(self, **arguments: Any) -> Mapping[str, Any]:
        """Write up to 100 items, all or none."""
        ...


@dataclass(slots=True)
class Written:
    """What became of the revisions; those in neither were there already, or newer ones were."""

    count: int = 0
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Why the table will never take an ad's revision, by ad id."""
    unavailable: dict[str, str] = field(default_factory=dict[str, str])
    """Why an ad's revision may not be there now, by ad id."""


class BulkWriter:
    """Writes newest revisions into one table; calls from several threads do not disturb it."""

    def __init__(
        self,
        client: TransactionClient,
        table_name: str,
        beside: Item | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`beside` are attributes of every item, as the low-level client sends them."""
        self._client = client
        self._table_name = table_name
        self._beside = beside or {}
        self._sleep = sleep

    def put_all(self, revisions: Sequence[AdRevision]) -> Written:
        """Store each revision that is newer than what is there. Every ad may come once."""
        written = Written()
        for group in self._groups(revisions):
            self._send(group, written)
        return written

    def _groups(self, revisions: Sequence[AdRevision]) -> Iterator[dict[str, Item]]:
        group: dict[str, Item] = {}
        size = 0
        for revision in revisions:
            put = self._put(revision)
            added = len(json.dumps(put["Put"]["Item"]))  # Escaped text is longer than UTF-8.
            full = len(group) == TRANSACTION_ITEMS_MAX or size + added > TRANSACTION_BYTES_MAX
            if group and full:
                yield group
                group, size = {}, 0
            group[revision.ad_id] = put
            size += added
        if group:
            yield group

    def _send(self, group: dict[str, Item], written: Written) -> None:
        reason = ""
        for attempt in range(ATTEMPTS_MAX):
            try:
                self._client.transact_write_items(TransactItems=list(group.values()))
            except (ClientError, BotoCoreError) as error:
                reason = str(error)
                if _is_refusal(error):
                    return self._send_apart(group, reason, written)
                left = _left(group, error, written)
            else:
                written.count += len(group)
                return None
            if not left:
                return None
            if len(left) == len(group):
                self._sleep(BACKOFF_BASE_S * 2**attempt * (0.5 + random.random() / 2))  # noqa: S311
            group = left
        return written.unavailable.update(
            dict.fromkeys(group, f"table {self._table_name} does not take it now: {reason}")
        )

    def _send_apart(self, group: dict[str, Item], reason: str, written: Written) -> None:
        """One item spoils the whole, and DynamoDB does not say which."""
        if len(group) == 1:
            return written.refused.update(dict.fromkeys(group, f"the table refuses it: {reason}"))
        for ad_id, put in group.items():
            self._send({ad_id: put}, written)
        return None

    def _put(self, revision: AdRevision) -> Item:
        return {
            "Put": {
                "TableName": self._table_name,
                "Item": {**items.item(revision), **self._beside},
                "ConditionExpression": NEWER_ONLY,
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(revision.version)}},
            }
        }


def _is_refusal(error: Exception) -> bool:
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _REFUSALS
    return isinstance(error, ParamValidationError)


def _left(group: dict[str, Item], error: Exception, written: Written) -> dict[str, Item]:
    """The puts to send again after a call that failed."""
    response: Mapping[str, Any] = error.response if isinstance(error, ClientError) else {}
    reasons: list[Mapping[str, Any]] = response.get("CancellationReasons") or []
    if len(reasons) != len(group):
        return group
    left: dict[str, Item] = {}
    for (ad_id, put), reason in zip(group.items(), reasons, strict=True):
        code = reason.get("Code")
        if code in _REFUSED:
            written.refused[ad_id] = f"the table refuses it: {reason.get('Message')}"
        elif code != _DONE:
            left[ad_id] = put
    return left
