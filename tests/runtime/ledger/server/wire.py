"""Bytes to the server and what came back, without any client in between."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 20
SESSION_HEADERS = {
    "X-Amz-Target": "QLDBSession.SendCommand",
    "Content-Type": "application/x-amz-json-1.0",
}


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection, kept alive."""

    def __init__(self, url: str) -> None:
        self.address = (urlsplit(url).hostname, urlsplit(url).port)
        self.connection = HTTPConnection(*self.address, timeout=TIMEOUT_S)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        self.connection.request(method, path, body, headers or {})
        return reply(self.connection.getresponse())

    def command(self, body: Any) -> Reply:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", "/", sent, SESSION_HEADERS)

    def raw(self, sent: bytes) -> bytes:
        """Everything that comes back on a connection of its own until the server closes it."""
        with socket.create_connection(self.address, timeout=TIMEOUT_S) as connection:
            received = b""
            # The server may have refused and closed before it has read everything.
            with suppress(OSError):
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionResetError):
                while chunk := connection.recv(65536):
                    received += chunk
        return received

    def close(self) -> None:
        self.connection.close()


def reply(response: HTTPResponse) -> Reply:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, response.read())
