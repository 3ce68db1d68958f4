"""Where a publisher's list goes on: an opaque text that only that list accepts."""

import re
from typing import Any

from runtime.ads import cursor as opaque
from runtime.state.errors import CursorError

_LIST_KEY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#([0-9A-Za-z]{22})", re.ASCII)


def encode(publisher_id: str, list_key: str) -> str:
    """The cursor behind the item with this list key."""
    return opaque.pack(publisher_id, list_key)


def start_key(publisher_id: str, cursor: str) -> dict[str, Any]:
    """The key to start behind, as the byPublisher index wants it; raises CursorError."""
    try:
        parts = opaque.unpack(cursor)
    except ValueError as error:
        raise CursorError("The cursor is damaged. Begin without a cursor.") from error
    match parts:
        case [owner, str(list_key)] if owner == publisher_id and (
            found := _LIST_KEY.fullmatch(list_key)
        ):
            return {
                "publisherId": {"S": publisher_id},
                "listKey": {"S": list_key},
                "adId": {"S": found[1]},
            }
        case _:
            raise CursorError("The cursor is not one of this list. Begin without a cursor.")
