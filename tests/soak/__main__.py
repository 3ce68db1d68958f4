"""The long runs: `python -m tests.soak` or `make soak`; `--help` says which there are and how long.

Each prints its seed, and how to repeat it from there, before it begins, and how far it is.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.soak.file_flips import REFUSED as REFUSED_FILE
from tests.soak.file_flips import LedgerFile, flip_file
from tests.soak.flips import REFUSED, Journal, flip_bits, share_of_bits
from tests.soak.isolation import simulated, threaded
from tests.soak.kills import kill_writers
from tests.soak.memory import MEMORY_MB_MAX, SCANNERS, fill, peak_mb
from tests.soak.power_cuts import cut

COUNTS: Final = {
    "kills": 1_000,
    "power-cuts": 100_000,
    "histories": 10_000,
    "flips": 100,
    "file-flips": 20_000,
    "fuzz": 300,
    "memory": 300,
}
"""How many of each by the name it is asked for; seconds of `memory` and, each edge, of `fuzz`;
percent of all bits of a journal for `flips`."""
THREADED_EVERY: Final = 10
"""Of so many histories one is of threads on a file, the others are simulated."""
LINES: Final = 20
"""Of progress, where there is no terminal."""
LOSING_IMAGES: Final = 2_000
LARGE_DOCUMENTS: Final = 40
EDGES: Final = {
    "PartiQL": "tests/runtime/ledger/partiql/test_fuzz.py",
    "session and server": "tests/runtime/ledger/server/test_fuzz.py",
    "Ion": "tests/soak/test_ion_fuzz.py",
    "HTTP": "tests/runtime/web/test_openapi.py",
    "stream records": "tests/runtime/journal/test_fuzz.py",
    "stored blocks": "tests/runtime/publish_journal/test_fuzz.py",
    "blocks to verify": "tests/runtime/ledger/verify/test_fuzz.py",
    "exports": "tests/runtime/ledger/imports/test_fuzz.py",
    "config": "tests/infra/test_fuzz.py",
}
ROUND_EXAMPLES: Final = 2_000
MEMORY: Final = Path("/dev/shm")
"""Where files cost no disk, on the machines that have it."""

Advance = Callable[[int], None]


def main() -> int:
    """Run what was asked for; 1 when anything was found."""
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    runs = {
        "kills": _kills,
        "power-cuts": _power_cuts,
        "histories": _histories,
        "flips": _flips,
        "file-flips": _file_flips,
        "fuzz": _fuzz,
        "memory": _memory,
    }
    failed: list[str] = []
    for name in arguments.runs or list(runs):
        count = max(1, round(COUNTS[name] * arguments.scale))
        print(
            f"{name}: {count:,}, repeat by `python -m tests.soak {name} --seed {seed}`", flush=True
        )
        began_s = time.monotonic()
        try:
            found = _with_progress(name, count, seed, runs[name])
        except AssertionError as error:
            found, failed = f"FAILED: {error}", [*failed, name]
        print(f"{name}: {found} ({time.monotonic() - began_s:,.0f} s)", flush=True)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Long runs of the tests that chance drives.")
    parser.add_argument("runs", nargs="*", choices=[*COUNTS, []], help="which; all by default")
    parser.add_argument("--seed", type=int, help="repeat what was tried with it")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of each, 1 for all")
    return parser.parse_args()


def _with_progress(
    name: str, count: int, seed: int, run: Callable[[int, int, Path, Advance], str]
) -> str:
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        tempfile.TemporaryDirectory(dir=_folder(name)) as folder,
        Progress(*columns, refresh_per_second=1) as progress,
    ):
        task = progress.add_task(name, total=count)
        done = 0

        def advance(steps: int) -> None:
            nonlocal done
            before, done = done, done + steps
            progress.advance(task, steps)
            # A log shows no bar: it gets a line now and then.
            if not progress.console.is_terminal and before * LINES // count < done * LINES // count:
                print(f"{name}: {done:,} of {count:,}", flush=True)

        return run(seed, count, Path(folder), advance)


def _folder(name: str) -> Path | None:
    """Kills are survived by a real disk's files; images are thrown away and stay in memory."""
    return MEMORY if name in ("power-cuts", "flips", "file-flips") and MEMORY.is_dir() else None


def _kills(seed: int, count: int, folder: Path, advance: Advance) -> str:
    found = kill_writers(folder, seed, count, advance)
    return (
        f"{count:,} kills, {found['commits']:,.0f} commits, 0 lost, 0 made up,"
        f" opened again within {found['slowest_reopening_s'] * 1000:.1f} ms"
    )


def _power_cuts(seed: int, count: int, folder: Path, advance: Advance) -> str:
    full = cut(_inside(folder, "full"), seed, count, progress=advance)
    if set(full) != {"sound"}:
        raise AssertionError(f"power cuts: {dict(full)}")
    losses: list[str] = []
    for less in ("NORMAL", "OFF"):
        images = min(count, LOSING_IMAGES)
        verdicts = cut(_inside(folder, less), seed, images, synchronous=less)
        if verdicts["sound"] == verdicts.total():
            raise AssertionError(f"synchronous={less} lost nothing, so the harness is blind")
        losses.append(f"{less} {1 - verdicts['sound'] / verdicts.total():.0%}")
    return f"{full.total():,} images, all sound; found wanting: {', '.join(losses)}"


def _inside(folder: Path, name: str) -> Path:
    inner = folder / name
    inner.mkdir()
    return inner


def _histories(seed: int, count: int, folder: Path, advance: Advance) -> str:
    committed: Counter[str] = Counter()
    for n in range(seed, seed + count):
        try:
            if n % THREADED_EVERY:
                committed["simulated"] += simulated(n).committed
            else:
                committed["threaded"] += threaded(n, folder).committed
        except AssertionError as error:
            raise AssertionError(f"history {n}: {error}") from error
        advance(1)
    return f"{count:,} histories, {committed.total():,} commits, strictly serializable"


def _flips(seed: int, count: int, folder: Path, advance: Advance) -> str:
    journal = Journal(folder / "journal.sqlite")
    bits = sum(cell.bits for cell in journal.cells())
    done = 0

    def flipped(more: int) -> None:
        nonlocal done
        before, done = done, done + more
        advance(done * count // bits - before * count // bits)

    found = flip_bits(journal, share_of_bits(seed, count), flipped)
    refused = sum(number for name, number in found.items() if name.endswith(REFUSED))
    journal.close()
    return (
        f"{found.total():,} of {bits:,} bits in {len(journal.expected)} blocks flipped, all found"
        f" in their block, none read; SQLite refused {refused:,} as another row's key;"
        f" {journal.left_out} index entries of redacted values left out"
    )


def _file_flips(seed: int, count: int, folder: Path, advance: Advance) -> str:
    found = flip_file(LedgerFile(folder / "journal.sqlite"), count, seed, advance)
    return (
        f"{count:,} bits of a file flipped: {found[REFUSED_FILE]:,} times it was refused,"
        f" {count - found[REFUSED_FILE]:,} times all answers were the same, none was another"
    )


def _fuzz(seed: int, count: int, folder: Path, advance: Advance) -> str:
    """Run the fuzz tests again and again, with other seeds, for `count` seconds each."""
    del folder
    examples: Counter[str] = Counter()
    done = 0
    for position, (edge, path) in enumerate(EDGES.items()):
        began_s = time.monotonic()
        rounds = 0
        while time.monotonic() - began_s < count:
            _pytest(path, seed + rounds)
            rounds += 1
            reached = reached_of(count, position, time.monotonic() - began_s)
            advance(reached - done)
            done = reached
        examples[edge] = rounds * ROUND_EXAMPLES
    told = ", ".join(f"{edge} {number:,}" for edge, number in examples.items())
    return f"{count} s for each edge, 0 crashes; examples of each test: {told}"


def reached_of(count: int, position: int, spent_s: float) -> int:
    """How many of `count` are done when so much of them was spent on the edge at a position.

    A round that takes longer than it should counts no more than the edge's share.
    """
    return int(count * (position + min(1.0, spent_s / count)) / len(EDGES))


def _memory(seed: int, count: int, folder: Path, advance: Advance) -> str:
    """Scan large documents for `count` seconds; no chance is involved."""
    del seed
    fill(folder, LARGE_DOCUMENTS)
    peak, scans = peak_mb(folder, count, advance)
    if peak >= MEMORY_MB_MAX:
        raise AssertionError(f"the server held {peak:,.0f} MB, the limit is {MEMORY_MB_MAX}")
    return f"{SCANNERS} clients, {scans:,} scans, the server held at most {peak:,.0f} MB"


def _pytest(path: str, seed: int) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--timeout", "1200"]
    done = subprocess.run(
        [*command, f"--hypothesis-seed={seed}", path],
        env={**os.environ, "FUZZ_EXAMPLES": str(ROUND_EXAMPLES)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{path} with --hypothesis-seed={seed}:\n{done.stdout[-4000:]}")


if __name__ == "__main__":
    sys.exit(main())
