"""The WSGI application: both APIs on one port, every failure as an SDK expects to read it."""

import base64
import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import urlsplit

from runtime.ledger.errors import CapacityError, LedgerError, StorageError, UnknownOutcomeError
from runtime.ledger.identifiers import new_id
from runtime.ledger.protocol import service_exception
from runtime.ledger.server import session_endpoint
from runtime.ledger.server.control_plane import ControlPlane
from runtime.ledger.server.errors import RequestFormError, ServerError
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.session_endpoint import SessionEndpoint

REST_CONTENT_TYPE: Final = "application/json"
REFUSAL_LOG_S: Final = 60.0
"""How often refusals for want of room are logged, at most."""
_TARGET_HEADER: Final = "HTTP_X_AMZ_TARGET"

_log = logging.getLogger(__name__)

Environment = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: str
    error_type: str = ""


class Application:
    """Answers one request at a time in each of the transport's threads."""

    def __init__(
        self, sessions: SessionEndpoint, control_plane: ControlPlane, options: ServerOptions
    ) -> None:
        """Take the two APIs."""
        self._sessions = sessions
        self._control_plane = control_plane
        self._options = options
        self._refusal_logged_s = -math.inf
        self._large_bodies = BoundedSemaphore(options.large_bodies_max)

    def __call__(self, environment: Environment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; nothing is raised."""
        answer = self._answer(environment)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("x-amzn-RequestId", new_id()),
        ]
        if answer.error_type:
            headers.append(("x-amzn-errortype", answer.error_type))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [] if environment["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environment: Environment) -> Answer:
        is_session = _TARGET_HEADER in environment
        content_type = session_endpoint.CONTENT_TYPE if is_session else REST_CONTENT_TYPE
        try:
            result = self._command(environment) if is_session else self._operation(environment)
            return Answer(200, _json(result), content_type)
        except ServerError as error:
            return _failure(error.http_status, error.code, str(error), error.members, content_type)
        except LedgerError as error:
            self._log_failure(error)
            return _ledger_failure(error, content_type, is_session)
        except Exception:  # noqa: BLE001 - the client gets an answer, the log the rest.
            _log.exception(
                "%s %s failed", environment["REQUEST_METHOD"], environment.get("REQUEST_URI")
            )
            message = "the server failed unexpectedly; its log says how"
            return _failure(500, "InternalFailure", message, {}, content_type)

    def _log_failure(self, error: LedgerError) -> None:
        """Log what is the server's fault; of the many refusals for want of room, some."""
        exception = service_exception(error)
        if isinstance(error, CapacityError):
            now_s = time.monotonic()
            if now_s >= self._refusal_logged_s + REFUSAL_LOG_S:
                self._refusal_logged_s = now_s
                _log.warning("%s: %s", exception.code, error)
        elif exception.http_status >= 500:
            _log.error("%s: %s", exception.code, error, exc_info=error)

    def _command(self, environment: Environment) -> dict[str, Any]:
        target = environment[_TARGET_HEADER]
        if target != session_endpoint.TARGET:
            raise RequestFormError(
                f"X-Amz-Target {target[:200]} is not {session_endpoint.TARGET}",
                code="UnknownOperationException",
            )
        if environment["REQUEST_METHOD"] != "POST" or _path(environment) != "/":
            raise RequestFormError(
                f"{session_endpoint.TARGET} is sent by POST to /",
                http_status=405,
                code="MethodNotAllowedException",
            )
        _check_content_type(environment, session_endpoint.CONTENT_TYPE)
        return self._with_body(environment, self._sessions.call)

    def _operation(self, environment: Environment) -> dict[str, Any]:
        operation, labels = self._control_plane.route(
            environment["REQUEST_METHOD"], _path(environment)
        )
        if self._control_plane.takes_body(operation):
            _check_content_type(environment, REST_CONTENT_TYPE)
        query = environment["QUERY_STRING"]
        return self._with_body(
            environment, lambda body: self._control_plane.call(operation, labels, query, body)
        )

    def _with_body(
        self, environment: Environment, serve: Callable[[bytes], dict[str, Any]]
    ) -> dict[str, Any]:
        """Read the body and serve it; large ones a few at a time."""
        length = int(environment.get("CONTENT_LENGTH") or 0)
        large = length > self._options.large_body_bytes
        with self._large_bodies if large else nullcontext():
            return serve(environment["wsgi.input"].read(length))


def _path(environment: Environment) -> str:
    """The path as it was sent: labels are decoded only after the path was taken apart."""
    uri = str(environment["REQUEST_URI"])
    return uri.partition("?")[0] if uri.startswith("/") else str(urlsplit(uri).path)


def _check_content_type(environment: Environment, wanted: str) -> None:
    """Refuse other types of body; pages in a browser cannot send these without asking first."""
    given = environment.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if given != wanted and environment.get("CONTENT_LENGTH") not in (None, "", "0"):
        raise RequestFormError(
            f"the body's Content-Type must be {wanted}, not {given[:100] or 'missing'}",
            http_status=415,
            code="UnsupportedMediaTypeException",
        )


def _ledger_failure(error: LedgerError, content_type: str, is_session: bool) -> Answer:
    exception = service_exception(error)
    code = exception.code
    if isinstance(error, StorageError) and not isinstance(error, UnknownOutcomeError):
        code = code if is_session else "ServiceUnavailable"
    return _failure(exception.http_status, code, exception.message, {}, content_type)


def _failure(
    status: int, code: str, message: str, members: Mapping[str, str], content_type: str
) -> Answer:
    return Answer(
        status, _json({"__type": code, "Message": message, **members}), content_type, code
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, default=_json_of, separators=(",", ":")).encode()


def _json_of(value: object) -> Any:
    """Blobs as base64, times as seconds since 1970 with milliseconds."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value).__name__} has no place in an answer")
