from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher
from waitress.trigger import trigger as Trigger  # noqa: N812

class TcpWSGIServer:
    channel_class: type[HTTPChannel]
    effective_port: str
    task_dispatcher: ThreadedTaskDispatcher
    trigger: Trigger

def create_server(
    application: Callable[..., Any],
    map: dict[int, Any] | None = None,
    **adjustments: Any,
) -> TcpWSGIServer: ...
