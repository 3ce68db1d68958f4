"""SendCommand as it travels: JSON with base64 blobs to the session service's bytes."""

from collections.abc import Mapping
from typing import Any, Final, cast

from runtime.ledger.server.request_form import blob, json_object
from runtime.ledger.session import SessionService

TARGET: Final = "QLDBSession.SendCommand"
CONTENT_TYPE: Final = "application/x-amz-json-1.0"


class SessionEndpoint:
    """Decodes a request, asks the service; the answer still holds bytes where JSON has base64."""

    def __init__(self, service: SessionService) -> None:
        """Take the service to ask."""
        self._service = service

    def call(self, body: bytes) -> dict[str, Any]:
        """The answer of one SendCommand; ServerError or LedgerError when it is refused."""
        request = json_object(body)
        _decode(_member(request, "CommitTransaction"), "CommitDigest")
        parameters = _member(request, "ExecuteStatement").get("Parameters")
        if isinstance(parameters, list):
            for holder in cast("list[Any]", parameters):
                if isinstance(holder, dict):
                    _decode(cast("dict[str, Any]", holder), "IonBinary")
        return self._service.send_command(request)


def _member(request: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = request.get(name)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _decode(holder: dict[str, Any], name: str) -> None:
    """Replace base64 by its bytes; what is not base64 stays, for the service to name as a fault."""
    value = holder.get(name)
    if isinstance(value, str):
        try:
            holder[name] = blob(value)
        except ValueError:
            return
