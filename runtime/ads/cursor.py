"""Cursors of lists of ads: opaque texts that hold where to go on."""

import json
from base64 import b64decode, urlsafe_b64encode
from typing import Any

CURSOR_CHARACTERS_MAX = 2048


def pack(*parts: Any) -> str:
    """The parts, plain JSON values, as one text that needs no escaping in a URL."""
    text = json.dumps(parts, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpack(cursor: str) -> list[Any]:
    """The parts again, their types unchecked; ValueError for a text that pack cannot have made."""
    if len(cursor) > CURSOR_CHARACTERS_MAX:
        raise ValueError("the cursor is too long")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts: Any = json.loads(b64decode(padded, altchars=b"-_", validate=True))
    except RecursionError as error:
        raise ValueError("the cursor is nested too deeply") from error
    match parts:
        case [*several]:
            return several
        case _:
            raise ValueError("the cursor holds no parts")
