"""Items of a DynamoDB table by their keys, many in one call."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from runtime.ledger.errors import UnavailableError
from runtime.ledger.storage.dynamodb_errors import wrapped
from runtime.ledger.storage.items import Item

KEYS_MAX: Final = 100
"""DynamoDB's limit on the keys of one BatchGetItem."""
CALLS_MAX: Final = 8
"""Of reading one batch: DynamoDB leaves out what exceeds its limits, to be asked for again."""
WAIT_S: Final = 0.05
"""Before the second call at most; it doubles with each."""


def items_at(
    client: Any,
    table_name: str,
    keys: Sequence[Item],
    only: str,
    *,
    what: str,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Item]:
    """The items that there are, in any order, read consistently; at most KEYS_MAX at a time.

    `only` names the attributes that are wanted, separated by commas; `what` says in errors what
    was read. UnavailableError when DynamoDB still leaves some out after CALLS_MAX calls.
    """
    names = only.split(", ")
    wanted: dict[str, Any] = {
        "ConsistentRead": True,
        "ProjectionExpression": ", ".join(f"#{name}" for name in names),
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
    }
    left, found = list(keys), list[Item]()
    for call in range(CALLS_MAX):
        if not left:
            return found
        if call:
            sleep(random.uniform(0, WAIT_S * 2 ** (call - 1)))  # noqa: S311 - it spreads callers.
        with wrapped(f"read {what}"):
            request = {table_name: {**wanted, "Keys": left}}
            answer = client.batch_get_item(RequestItems=request)
        found += answer.get("Responses", {}).get(table_name, [])
        left = answer.get("UnprocessedKeys", {}).get(table_name, {}).get("Keys", [])
    raise UnavailableError(
        f"cannot read {what}: DynamoDB left out {len(left)} of {len(keys)} items in {CALLS_MAX}"
        " calls, so it is throttled; try again"
    )
