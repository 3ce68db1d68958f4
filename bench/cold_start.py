"""How long each worker takes to be imported, in a new process: `python -m bench.cold_start`.

The time is what a cold start adds before the first request is looked at; the median of several
runs. `--slowest` names the modules that cost most, by their own time.
"""

import argparse
import re
import statistics
import subprocess
import sys
from pathlib import Path

import runtime

WORKERS = tuple(
    sorted(path.parent.name for path in Path(runtime.__file__).parent.glob("*/handler.py"))
)
RUNS = 7
TIMED = """
import time
started = time.perf_counter()
import runtime.{worker}.handler
took = time.perf_counter() - started
import resource, sys
print(took * 1000, len(sys.modules), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
IMPORT_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def imported(worker: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Import the worker in a new process."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", *options, "-c", TIMED.format(worker=worker)],
        capture_output=True,
        text=True,
        check=True,
    )


def measure(worker: str, runs: int) -> str:
    """One line of the report."""
    found = [tuple(map(float, imported(worker).stdout.split())) for _ in range(runs)]
    took_ms, modules, memory_kb = (statistics.median(column) for column in zip(*found, strict=True))
    return f"{worker:16} {took_ms:6.0f} ms {modules:6.0f} modules {memory_kb / 1024:5.0f} MiB"


def slowest(worker: str, count: int) -> list[str]:
    """The modules that cost most, by their own time."""
    lines = IMPORT_LINE.findall(imported(worker, "-X", "importtime").stderr)
    return [
        f"  {int(own) / 1000:6.1f} ms  {module}"
        for own, module in sorted(lines, key=lambda line: -int(line[0]))[:count]
    ]


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--slowest", type=int, default=0, metavar="COUNT")
    arguments = parser.parse_args()
    for worker in WORKERS:
        print(measure(worker, arguments.runs))
        print("\n".join(slowest(worker, arguments.slowest)), end="\n" * bool(arguments.slowest))


if __name__ == "__main__":
    main()
