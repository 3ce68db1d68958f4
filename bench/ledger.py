"""The ledger beside `eventsourcing` on SQLite, in one run on one machine: `python -m bench.ledger`.

The same event of about 300 bytes, the same durability (a write-ahead log, synchronous=FULL: one
flush of the disk for a commit that waits alone), each figure the median of several runs that take
turns. Ours is an insert into a table with an index, in a transaction of its own; what theirs does
is in bench/peer.py. Ours chains hashes, indexes and can prove each commit, theirs does not.

Then: whether the cost of a commit and of an indexed read grows with the journal.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uv

from runtime.ledger import ion
from runtime.ledger.driver import embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.storage.sqlite_file import Execute, SqliteFile

RUNS = 5
SECONDS = 3.0
THREADS = 8
READ = 20_000
EVENTS_A_STREAM = 10
TEXT = "x" * 190
SMALL, LARGE = 1_000, 1_000_000
SAMPLES = 1_000
"""Operations whose median is the cost at a size."""
FILL_DOCUMENTS = 40
"""In one transaction while a journal is made large: QLDB's limit."""
INSERT = "INSERT INTO Events ?"
FIND = "SELECT * FROM Events AS e WHERE e.stream = ?"
SCHEMA = ("CREATE TABLE Events", "CREATE INDEX ON Events (stream)")
ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements" / "bench.txt"
GOALS = {
    "engine, one writer": 0.8,
    "engine, several threads": 1.5,
    "pyqldb, one writer": 1 / 3,
    "journal read, decoded": 1.0,
}
GROWTH_MAX = 1.3


class CountingFile(SqliteFile):
    """Counts transactions that wrote: each is one flush."""

    flushes = 0

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """As the file's own."""
        with super().transaction() as execute:
            yield execute
        type(self).flushes += 1


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="The ledger beside eventsourcing, on SQLite.")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of which the median counts")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run")
    parser.add_argument("--revisions", type=int, default=LARGE, help="of the large journal")
    parser.add_argument("--read", type=int, default=READ, help="events read")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"load average when it began: {os.getloadavg()[0]:.1f}")
        _compare(Path(folder), arguments.runs, arguments.seconds, arguments.read)
        if arguments.revisions:
            _grow(Path(folder), arguments.revisions)
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
    with _ledger(folder) as ledger:
        CountingFile.flushes = 0
        rate = _rate(lambda stream: run(ledger, INSERT, _event(stream)), seconds, threads)
        return rate, rate * seconds / max(1, CountingFile.flushes)


def _driver_rate(folder: Path, seconds: float) -> float:
    with _ledger(folder) as ledger:
        driver = embedded_driver(ledger)

        def insert(stream: int) -> None:
            event = _event(stream)
            driver.execute_lambda(lambda transaction: transaction.execute_statement(INSERT, event))

        rate = _rate(insert, seconds, 1)
        driver.close()
        return rate


def _read_rate(folder: Path, count: int) -> float:
    """Revisions a second of CPU time, read in order and decoded, each from a block of its own."""
    with _ledger(folder) as ledger:
        for n in range(count):
            run(ledger, INSERT, _event(n // EVENTS_A_STREAM))
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


def _grow(folder: Path, large: int) -> None:
    """Print what a commit and an indexed read cost in a small and in a large journal."""
    with _ledger(folder) as ledger:
        _fill(ledger, 0, SMALL)
        small = _costs_ms(ledger, SMALL)
        _fill(ledger, SMALL, large)
        grown = _costs_ms(ledger, large)
    print(f"\n{'milliseconds':<28}{SMALL:>10,}{large:>10,}{'growth':>8}{'at most':>8}")
    for name, before in small.items():
        growth = grown[name] / before
        verdict = "" if growth <= GROWTH_MAX else "   missed"
        print(
            f"{name:<28}{before:>10.3f}{grown[name]:>10.3f}{growth:>8.2f}{GROWTH_MAX:>8.2f}{verdict}"
        )


def _fill(ledger: Ledger, first: int, end: int) -> None:
    for start in range(first, end, FILL_DOCUMENTS):
        events = [_event(n // EVENTS_A_STREAM) for n in range(start, start + FILL_DOCUMENTS)]
        run(ledger, "INSERT INTO Events << " + ", ".join("?" * len(events)) + " >>", *events)


def _costs_ms(ledger: Ledger, size: int) -> dict[str, float]:
    """The median of a commit, and of a read of one stream by its index."""
    step = max(1, size // EVENTS_A_STREAM // SAMPLES)
    streams = [n * step % (size // EVENTS_A_STREAM) for n in range(SAMPLES)]
    return {
        "commit": _median_ms(lambda n: run(ledger, INSERT, _event(-1 - n))),
        "indexed read": _median_ms(lambda n: run(ledger, FIND, str(streams[n]))),
    }


def _median_ms(work: Callable[[int], Any]) -> float:
    waits: list[float] = []
    for n in range(SAMPLES):
        began = time.perf_counter()
        work(n)
        waits.append(time.perf_counter() - began)
    return statistics.median(waits) * 1000


@contextmanager
def _ledger(folder: Path) -> Iterator[Ledger]:
    path = Path(tempfile.mkdtemp(dir=folder)) / "journal"
    storage = SqliteStorage(path, open_file=CountingFile)
    ledger = Ledger(storage, name="bench")
    for statement in SCHEMA:
        run(ledger, statement)
    yield ledger
    storage.close()
    path.unlink()


def _event(stream: int) -> dict[str, Any]:
    return {"stream": str(stream), "text": TEXT, "kind": "happened"}


def run(ledger: Ledger, statement: str, *parameters: Any) -> list[Any]:
    """Run a statement in a transaction of its own; its rows."""
    transaction = ledger.begin()
    rows = transaction.execute(statement, [ion.decode(ion.encode(p)) for p in parameters])
    transaction.commit()
    return rows


if __name__ == "__main__":
    main()
