"""Serves the page on loopback."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import simplejson

from local.page.files import PageFiles

CONFIG_PATH = "/config.json"
API_NAMES = ("publisherApi", "operationsApi")
REQUEST_S_MAX = 30


class PageServer(ThreadingHTTPServer):
    """The page's files, and the config as it is in its file at the moment."""

    daemon_threads = True

    def __init__(self, port: int, files: PageFiles, config: Path) -> None:
        """Listen on loopback alone; port 0 takes a free one. OSError where it is taken."""
        self.files = files
        self.config = config
        super().__init__(("127.0.0.1", port), _Handler)

    def find(self, path: str) -> tuple[bytes, str] | None:
        """Content and type of what a path names; None where nothing is there."""
        if path == CONFIG_PATH:
            return self.config.read_bytes(), "application/json"
        return self.files.find(path)

    def headers(self) -> dict[str, str]:
        """Of every answer: the page may call the APIs that its config names, and nothing else."""
        config = simplejson.loads(self.config.read_text())
        return self.files.headers(sorted({_origin(config[name]) for name in API_NAMES}))


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_S_MAX
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        server = cast(PageServer, self.server)
        found = server.find(urlsplit(self.path).path)
        status = HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
        body, type_ = found or (b"There is nothing here.\n", "text/plain; charset=utf-8")
        self.send_response(status)
        for name, value in server.headers().items():
            self.send_header(name, value)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name.
        """Requests are not logged: faults of the process itself are, by its stderr."""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
