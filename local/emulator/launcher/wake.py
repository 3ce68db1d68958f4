"""Tells whoever reads the streams that one has grown, so that nobody has to poll hard."""

import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any


def install(dynamodb: Any, kinesis: Any, port: int) -> None:
    """Send a datagram to 127.0.0.1:port after every write to a stream; nothing where port is 0.

    The datagram is `table/<name>` or `stream/<name>/<shard id>`. Losing one costs a poll interval.
    """
    if not port:
        return
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setblocking(False)

    def wake(source: str) -> None:
        with contextlib.suppress(OSError):  # The buffer is full: they poll.
            sender.sendto(source.encode(), ("127.0.0.1", port))

    _watch_tables(dynamodb, wake)
    for name in ("_put_record", "_put_records"):
        _watch_puts(kinesis, name, wake)


def _watch_tables(dynamodb: Any, wake: Callable[[str], None]) -> None:
    emit = dynamodb._emit_stream_event

    def emit_and_wake(table_name: str, *args: Any, **options: Any) -> None:
        emit(table_name, *args, **options)
        wake(f"table/{table_name}")

    dynamodb._emit_stream_event = emit_and_wake


def _watch_puts(kinesis: Any, name: str, wake: Callable[[str], None]) -> None:
    put = getattr(kinesis, name)

    def put_and_wake(data: dict[str, Any]) -> Any:
        answer = put(data)
        stream, _ = kinesis._resolve_stream(data)
        body = json.loads(answer[2])
        for shard in sorted(
            {record["ShardId"] for record in body.get("Records", [body]) if "ShardId" in record}
        ):
            wake(f"stream/{stream}/{shard}")
        return answer

    setattr(kinesis, name, put_and_wake)
