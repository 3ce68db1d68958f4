"""A Kinesis on the loopback that takes every record and keeps none."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sink:
    """Where records go."""

    def __init__(self, url: str) -> None:
        """Nothing was taken yet."""
        self.url = url
        self.taken = 0
        """Bytes of the requests."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever sends is ended in the middle of it."""


@contextmanager
def kinesis_sink() -> Iterator[Sink]:
    """The sink, for as long as it is needed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.taken += len(body)
            count = body.count(b'"PartitionKey"')
            taken = [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"}] * count
            answer = json.dumps({"FailedRecordCount": 0, "Records": taken}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    sink = Sink(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
