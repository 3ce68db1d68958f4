"""How much slower this machine is now than when it has a core to spare."""

import time

SPIN_CPU_S = 0.25
"""Of the processor, for one look."""
SLOWDOWN_MAX = 8.0
"""What tests of times make up for: beyond it they fail, since they would show nothing."""


def contention() -> float:
    """Wall time over CPU time of a busy loop, 1 to SLOWDOWN_MAX: limits in time grow by it."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() - cpu < SPIN_CPU_S:
        pass
    return min(SLOWDOWN_MAX, max(1.0, (time.perf_counter() - wall) / SPIN_CPU_S))
