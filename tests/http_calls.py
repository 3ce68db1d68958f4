"""Calls of a worker as an HTTP API makes them: a real payload (format 2.0) in, its answer out."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from runtime.web.api import Api

TEMPLATE = (Path(__file__).parent / "events" / "http_api_v2.json").read_text()
AD: dict[str, Any] = json.loads(json.loads(TEMPLATE)["body"])


@dataclass
class Context:
    """What Lambda says of an invocation, as far as the logger reads it."""

    function_name: str = "worker"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:worker"
    aws_request_id: str = "5c1f8a52-0d3b-4a2e-8e8e-4d3e6a1f9b10"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text, parse_float=Decimal)

    @property
    def faults(self) -> dict[str, str]:
        return {fault["field"]: fault["message"] for fault in self.body["faults"]}

    @property
    def problem(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        return self.body["type"].removeprefix("urn:adledger:problem:")


class Caller:
    """A client of one worker."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Any = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        raw_query = query if isinstance(query, str) else urlencode(query)
        reply = self._api(event(method, path, raw_query, headers or {}, body), Context())  # type: ignore[arg-type]
        return Reply(reply["statusCode"], reply["headers"], reply["body"])


def event(
    method: str, path: str, raw_query: str, headers: Mapping[str, str], body: Any
) -> dict[str, Any]:
    """The payload; a body is text, bytes (sent as base64), or a value to be written as JSON."""
    payload = json.loads(TEMPLATE)
    payload["rawPath"] = payload["requestContext"]["http"]["path"] = unquote(path)
    payload["rawQueryString"] = raw_query
    payload["requestContext"]["http"]["method"] = method
    payload["headers"] |= {name.lower(): value for name, value in headers.items()}
    del payload["pathParameters"], payload["body"]
    if isinstance(body, bytes):
        payload |= {"body": b64encode(body).decode(), "isBase64Encoded": True}
    elif body is not None:
        payload["body"] = body if isinstance(body, str) else json.dumps(body)
    return payload
