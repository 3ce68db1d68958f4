"""Lists in pages: a token holds the key of the last item that was sent."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from runtime.ledger.server.errors import InvalidParameterError

PAGE_SIZE_MAX: Final = 100
_MARK: Final = b"\x01"
"""Before every key, so that no token is shorter than tokens may be."""

Item = TypeVar("Item")


def page(
    parameters: Mapping[str, Any],
    member: str,
    read: Callable[[str, int], list[Item]],
    key_of: Callable[[Item], str],
    describe: Callable[[Item], dict[str, Any]],
) -> dict[str, Any]:
    """One page as a List operation answers it: items as `member`, NextToken when there are more.

    `read(after, size)` gives the next items by key.
    """
    size: int = parameters.get("MaxResults", PAGE_SIZE_MAX)
    items = read(_key(parameters), size + 1)
    answer: dict[str, Any] = {member: [describe(item) for item in items[:size]]}
    if len(items) > size:
        answer["NextToken"] = _token(key_of(items[size - 1]))
    return answer


def _token(key: str) -> str:
    return base64.b64encode(_MARK + key.encode()).decode()


def _key(parameters: Mapping[str, Any]) -> str:
    token: str = parameters.get("NextToken", "")
    if not token:
        return ""
    try:
        decoded = base64.b64decode(token, validate=True)
        if decoded.startswith(_MARK):
            return decoded.removeprefix(_MARK).decode()
    except (binascii.Error, UnicodeDecodeError):
        pass
    raise InvalidParameterError(
        f"NextToken {token} is not one this server gave: list again from the start", "NextToken"
    )
