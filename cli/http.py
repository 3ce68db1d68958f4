"""Calls of the system's HTTP APIs: JSON with exact numbers, problems as errors, SigV4 on demand."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import boto3
import simplejson
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from cli.errors import FailedError, UnreachableError

TIMEOUT_S: Final = 35.0
"""A little more than an API waits for its worker."""
SIGNED_SERVICE: Final = "execute-api"
_SILENT: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)


class Http:
    """A client of one API. Methods raise FailedError for refusals, UnreachableError for silence."""

    def __init__(self, endpoint: str, session: boto3.Session | None = None) -> None:
        """Requests are signed with the session's credentials where one is given."""
        self._endpoint = endpoint.rstrip("/")
        self._session = session
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT_S)

    def call(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's JSON, its fractions Decimals; None for an empty one."""
        url = "/".join([self._endpoint, *(quote(part, safe="") for part in path)])
        url += f"?{urlencode(query)}" if query else ""
        data = None if body is None else simplejson.dumps(body).encode()
        sent = {**({"Content-Type": "application/json"} if data else {}), **(headers or {})}
        try:
            answer = self._pool.request(
                method, url, body=data, headers=self._signed(method, url, data, sent)
            )
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"{self._endpoint} does not answer: {error}") from error
        return _parsed(self._endpoint, answer)

    def _signed(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, str]:
        if self._session is None:
            return dict(headers)
        credentials, region = self._session.get_credentials(), self._session.region_name
        if credentials is None or region is None:
            raise UnreachableError(
                "no AWS credentials or no region to sign requests with: set AWS_PROFILE, or "
                "AWS_REGION and credentials"
            )
        request = AWSRequest(method, url, dict(headers), data)
        SigV4Auth(credentials, SIGNED_SERVICE, region).add_auth(request)
        return dict(request.headers.items())


def _parsed(endpoint: str, answer: urllib3.BaseHTTPResponse) -> Any:
    try:
        body: Any = simplejson.loads(answer.data, use_decimal=True) if answer.data else None
    except ValueError:
        body = None
    if answer.status < HTTPStatus.BAD_REQUEST:
        return body
    detail = _detail(body) or f"status {answer.status}"
    if answer.status in _SILENT:
        raise UnreachableError(f"{endpoint} cannot answer now: {detail}")
    raise FailedError(detail)


def _detail(body: Any) -> str:
    """The words of a problem, every fault named."""
    if not isinstance(body, dict):
        return ""
    faults = body.get("faults") or ()
    named = "; ".join(f"{fault['field']} {fault['message']}" for fault in faults)
    detail = str(body.get("detail") or body.get("message") or "")
    return f"{detail} {named}".strip()
