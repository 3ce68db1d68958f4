"""The ledger beside `eventsourcing` on SQLite, in one run on one machine: `python -m bench.ledger`.

The same event of about 300 bytes, the same durability (a write-ahead log, synchronous=FULL: one
flush of the disk for a commit that waits alone), each figure the median of several runs that take
turns. Ours is an insert into a table with an index, in a transaction of its own; what theirs does
is in bench/peer.py. Ours chains hashes, indexes and can prove each commit, theirs does not.

Whether cost grows with the journal is bench/growth.py's.

The peer is installed, pinned by hashes, into an environment under build/. Other load on the machine
moves all figures: believe the ratios.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uv

from bench.events import (
    EVENTS_A_STREAM,
    INSERT,
    TEXT,
    CountingFile,
    event,
    events_ledger,
    run,
)
from runtime.ledger.driver import embedded_driver

RUNS = 5
SECONDS = 3.0
THREADS = 8
READ = 20_000
ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
GOALS = {
    "engine, one writer": 0.8,
    "engine, several threads": 1.5,
    "pyqldb, one writer": 1 / 3,
    "journal read, decoded": 1.0,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="The ledger beside eventsourcing, on SQLite.")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of which the median counts")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run")
    parser.add_argument("--read", type=int, default=READ, help="events read")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"load average when it began: {os.getloadavg()[0]:.1f}")
        _compare(Path(folder), arguments.runs, arguments.seconds, arguments.read)
        print(f"load average when it ended: {os.getloadavg()[0]:.1f}")


def _compare(folder: Path, runs: int, seconds: float, read: int) -> None:
    python = _peer_python()
    measured: dict[str, list[float]] = {}
    for _ in range(runs):
        theirs = _peer(python, folder, seconds, read)
        ours = {
            "engine, one writer": _engine_rate(folder, seconds, 1)[0],
            "engine, several threads": (several := _engine_rate(folder, seconds, THREADS))[0],
            "commits a flush": several[1],
            "pyqldb, one writer": _driver_rate(folder, seconds),
            "journal read, decoded": _read_rate(folder, read),
        }
        for name, value in (*ours.items(), *((f"peer {n}", v) for n, v in theirs.items())):
            measured.setdefault(name, []).append(value)
    middle = {name: statistics.median(values) for name, values in measured.items()}
    print(f"{'each second':<28}{'ledger':>10}{'peer':>10}{'ratio':>8}{'goal':>8}")
    for name, goal in GOALS.items():
        theirs = middle["peer read" if name.startswith("journal") else "peer one"]
        ratio = middle[name] / theirs
        verdict = "" if ratio >= goal else f"   missed by {1 - ratio / goal:.0%}"
        print(f"{name:<28}{middle[name]:>10,.0f}{theirs:>10,.0f}{ratio:>8.2f}{goal:>8.2f}{verdict}")
    print(f"the peer with {THREADS} threads: {middle['peer several']:,.0f} a second")
    print(f"the peer read by its recorder: {middle['peer read by recorder']:,.0f} a second")
    print(f"commits that shared a flush, {THREADS} threads: {middle['commits a flush']:.1f}")


def _peer_python() -> Path:
    """The peer's environment, made where it is missing or out of date."""
    folder = ROOT / "build" / "bench"
    stamp = folder / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        command = [uv.find_uv_bin(), "venv", "--quiet", "--clear", "--python", sys.executable]
        subprocess.run([*command, str(folder)], check=True)
        command = [uv.find_uv_bin(), "pip", "sync", "--quiet", "--require-hashes"]
        subprocess.run([*command, "--python", str(python), str(REQUIREMENTS)], check=True)
        stamp.write_text(wanted)
    return python


def _peer(python: Path, folder: Path, seconds: float, read: int) -> dict[str, float]:
    script = str(Path(__file__).parent / "peer.py")
    command = [str(python), script, str(folder), str(seconds), str(THREADS), str(read), TEXT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _engine_rate(folder: Path, seconds: float, threads: int) -> tuple[float, float]:
    """Transactions a second, and how many shared a flush."""
    with events_ledger(folder) as ledger:
        CountingFile.flushes = 0
        rate = _rate(lambda stream: run(ledger, INSERT, event(stream)), seconds, threads)
        return rate, rate * seconds / max(1, CountingFile.flushes)


def _driver_rate(folder: Path, seconds: float) -> float:
    with events_ledger(folder) as ledger:
        driver = embedded_driver(ledger)

        def insert(stream: int) -> None:
            happened = event(stream)
            driver.execute_lambda(lambda each: each.execute_statement(INSERT, happened))

        rate = _rate(insert, seconds, 1)
        driver.close()
        return rate


def _read_rate(folder: Path, count: int) -> float:
    """Revisions a second of CPU time, read in order and decoded, each from a block of its own."""
    with events_ledger(folder) as ledger:
        for n in range(count):
            run(ledger, INSERT, event(n // EVENTS_A_STREAM))
        began = time.process_time()
        found = sum(1 for revision in ledger.revisions() if revision.data is not None)
        return found / (time.process_time() - began)


def _rate(work: Callable[[int], Any], seconds: float, threads: int) -> float:
    counts: list[int] = []

    def repeat() -> None:
        ends_at = time.perf_counter() + seconds
        count = 0
        while time.perf_counter() < ends_at:
            work(count // EVENTS_A_STREAM)
            count += 1
        counts.append(count)

    workers = [threading.Thread(target=repeat) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / seconds


if __name__ == "__main__":
    main()
