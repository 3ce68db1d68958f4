"""Lets no function have more workers at once than this machine has processors for.

AWS gives every call that comes while others run an environment of its own. Here each of them is a
process: a burst of eight would start eight interpreters on two cores, all slower than two in turn.
A call beyond the limit waits; its time-out begins when it is its turn.
"""

import os
import threading
from collections import defaultdict
from typing import Any

WORKERS_A_FUNCTION_MIN = 2
DIRECT_DEPTH = 1
"""How deep MiniStack counts a call that comes from no function."""


def install(lambda_svc: Any) -> None:
    """Queue calls of a function; one from within another is not held: it could wait forever."""
    execute = lambda_svc._execute_function_warm
    count = max(WORKERS_A_FUNCTION_MIN, os.cpu_count() or 1)
    slots: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(count))
    lock = threading.Lock()

    def in_turn(func: dict[str, Any], event: Any, request_id: str) -> Any:
        if lambda_svc._invoke_depth.get() > DIRECT_DEPTH:
            return execute(func, event, request_id)
        with lock:
            slot = slots[(func.get("config") or func).get("FunctionArn", "")]
        with slot:
            return execute(func, event, request_id)

    lambda_svc._execute_function_warm = in_turn
