"""Lets no function have more workers at once than this machine has processors for.

AWS gives every call that comes while others run an environment of its own. Here each of them is a
process: a burst of eight would start eight interpreters on two cores, all slower than two in turn.
A call beyond the limit waits; its time-out begins when it is its turn.

Functions that append to one chain get one worker each. Two are rivals for its next block, and here
calls are served strictly in turn: whoever has to look at a rival's block first takes one call more
than the rival, and so is late again, for as long as the rival has work. DynamoDB serves both at
once, in milliseconds; here one of two was refused after seconds, and both together wrote less.
"""

import os
import threading
from collections.abc import Collection
from typing import Any

WORKERS_A_FUNCTION_MIN = 2
CHAIN_WORKERS = 1
"""Of a function that appends to one chain."""
DIRECT_DEPTH = 1
"""How deep MiniStack counts a call that comes from no function."""


def install(lambda_svc: Any, chained: Collection[str]) -> None:
    """Queue calls of a function; one from within another is not held: it could wait forever.

    `chained` are the last parts of the names of functions that append to one chain.
    """
    execute = lambda_svc._execute_function_warm
    count = max(WORKERS_A_FUNCTION_MIN, os.cpu_count() or 1)
    slots: dict[str, threading.Semaphore] = {}
    lock = threading.Lock()

    def slot_of(arn: str) -> threading.Semaphore:
        """The one that all calls of a function share."""
        with lock:
            if arn not in slots:
                own = CHAIN_WORKERS if arn.endswith(tuple(chained)) else count
                slots[arn] = threading.Semaphore(own)
            return slots[arn]

    def in_turn(func: dict[str, Any], event: Any, request_id: str) -> Any:
        if lambda_svc._invoke_depth.get() > DIRECT_DEPTH:
            return execute(func, event, request_id)
        with slot_of((func.get("config") or func).get("FunctionArn", "")):
            return execute(func, event, request_id)

    lambda_svc._execute_function_warm = in_turn
