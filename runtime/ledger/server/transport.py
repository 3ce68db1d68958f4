"""HTTP/1.1 over TCP: waitress, with bounds, and without 5xx for what a client got wrong."""

import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.server import TcpWSGIServer, create_server

from runtime.ledger.server.options import ServerOptions

POLL_S: Final = 1
DRAIN_TIMEOUT_S: Final = 5
"""How long requests that are being served get to finish when the server stops."""


class Parser(HTTPRequestParser):
    """waitress's parser; whatever it cannot read is the client's fault."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read request line and headers; ParsingError, which is answered 400, for any fault."""
        try:
            super().parse_header(header_plus)
        except (TransferEncodingNotImplemented, ValueError) as error:
            raise ParsingError(str(error)) from error


class Channel(HTTPChannel):
    """waitress's connection, with that parser."""

    parser_class = Parser


class Transport:
    """Listens from the moment it is made; serves while `run` runs, until `stop`."""

    def __init__(
        self, application: Callable[..., Any], host: str, port: int, options: ServerOptions
    ) -> None:
        """Bind to the address, port 0 for any free one; OSError when it is taken."""
        self._map: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._stopping = False
        self._closed = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Bound before waitress starts its threads, which a taken port would leave behind.
        listener = socket.create_server((host, port), family=family)
        self._server: TcpWSGIServer = create_server(
            application,
            map=self._map,
            sockets=[listener],
            threads=options.threads,
            connection_limit=options.connections_max,
            channel_timeout=options.connection_idle_s,
            max_request_header_size=options.header_bytes_max,
            # waitress refuses what reaches its limit; ours is the most that is served.
            max_request_body_size=options.body_bytes_max + 1,
            asyncore_use_poll=True,
            asyncore_loop_timeout=POLL_S,
            clear_untrusted_proxy_headers=True,
            expose_tracebacks=False,
            log_socket_errors=False,
            ident=None,
        )
        self._server.channel_class = Channel

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.effective_port)

    def run(self) -> None:
        """Serve until `stop` is called, from another thread or a signal handler."""
        try:
            while self._map and not self._stopping:
                wasyncore.loop(timeout=POLL_S, use_poll=True, map=self._map, count=1)
        finally:
            self._close()

    def stop(self) -> None:
        """Take no more requests, let those being served finish, and make `run` return."""
        self._server.task_dispatcher.shutdown(timeout=DRAIN_TIMEOUT_S)
        with self._lock:
            self._stopping = True
            # What wakes the loop must not be closed by it before it is pulled.
            if not self._closed:
                self._server.trigger.pull_trigger()

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            wasyncore.close_all(self._map)
