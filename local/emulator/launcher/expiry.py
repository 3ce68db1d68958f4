"""Looks through streams for what has expired now and then, instead of at every request.

MiniStack goes through all records of a stream and all iterators of the last five minutes each time
it is asked for something: after some thousand reads that is nearly half of its work. Whether an
iterator that is used has expired it checks by itself.
"""

import time
from collections.abc import Callable
from typing import Any

SWEEP_S = 30.0
"""Between two looks: what has expired is kept at most so much longer."""


def install(kinesis: Any, now: Callable[[], float] = time.monotonic) -> None:
    """Sweep iterators, and each stream's records, no more often than every SWEEP_S."""
    expire_iterators, expire_records = kinesis._expire_iterators, kinesis._expire_records
    swept: dict[str, float] = {}

    def due(what: str) -> bool:
        is_due = now() - swept.get(what, -SWEEP_S) >= SWEEP_S
        if is_due:
            swept[what] = now()
        return is_due

    def seldom_expire_iterators() -> None:
        if due("iterators"):
            expire_iterators()

    def seldom_expire_records(stream: dict[str, Any]) -> None:
        if due(stream["StreamARN"]):
            expire_records(stream)

    kinesis._expire_iterators = seldom_expire_iterators
    kinesis._expire_records = seldom_expire_records
