"""Names the stream that a call is about, so that a role confined to one stream may read it.

MiniStack asks for a right on every resource there is whenever a call names a table's stream, which
AWS does not: there the call is about the stream.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

SERVICE = "dynamodbstreams"
BODY_AT = 4
"""Where `extract_resource_arn` gets the request's body: service, method, path, headers, body."""


def install(iam_actions: Any) -> None:
    """Let calls about tables' streams be about those streams."""
    extract: Callable[..., str] = iam_actions.extract_resource_arn

    def with_streams(service: str, *request: Any) -> str:
        found = _stream(request[BODY_AT - 1]) if service == SERVICE else None
        return found or extract(service, *request)

    iam_actions.extract_resource_arn = with_streams


def _stream(body: bytes) -> str | None:
    """The stream's ARN, as the request gives it or as its iterator carries it."""
    try:
        request = json.loads(body or b"{}")
        if isinstance(request.get("StreamArn"), str):
            return request["StreamArn"]
        iterator = json.loads(base64.urlsafe_b64decode(request.get("ShardIterator", "")))
        return str(iterator["arn"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
