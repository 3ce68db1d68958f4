"""How much slower this machine is now than when it has a core to spare."""

import time

SPIN_CPU_S = 0.25
"""Of the processor, for one look."""


def contention() -> float:
    """Wall time over CPU time of a busy loop, at least 1: limits in time are multiplied by it."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() - cpu < SPIN_CPU_S:
        pass
    return max(1.0, (time.perf_counter() - wall) / SPIN_CPU_S)
