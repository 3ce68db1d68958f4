"""Whether cost grows with the journal: `python -m bench.growth`.

One ledger has 1,000 revisions, the other 1,000,000, each in a SQLite file. A commit, a read by
index and a revision with its proof are done in one and the other by turns, so that other load on
the machine moves both, at places all over the journal. Compared are the medians.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from bench.events import (
    EVENTS_A_STREAM,
    FILL_DOCUMENTS,
    FIND,
    INSERT,
    SCHEMA,
    event,
    events_file,
    events_ledger,
    fill,
    run,
)
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger

SMALL: Final = 1_000
LARGE: Final = 1_000_000
SAMPLES: Final = 2_000
"""Of each operation in each ledger."""
GROWTH_MAX: Final = 1.3
REPORT_REVISIONS: Final = 100_000
WIDTHS: Final = "{:<26}{:>12}{:>12}{:>8}{:>8}"

Work = Callable[[int], object]


class Filled:
    """A ledger of some size and what to ask of it."""

    def __init__(self, ledger: Ledger, size: int, samples: int) -> None:
        """Insert the events that are missing, telling how far that is."""
        self._ledger = ledger
        self._size = size
        self._samples = samples
        reported_at = REPORT_REVISIONS
        last = ledger.digest().sequence_no
        done = (last + 1 - len(SCHEMA)) * FILL_DOCUMENTS
        for each in fill(ledger, done, size):
            done += len(each)
            if done >= reported_at:
                print(f"{done:,} of {size:,} revisions", file=sys.stderr, flush=True)
                reported_at += REPORT_REVISIONS
        last = len(SCHEMA) - 1 + size // FILL_DOCUMENTS
        self._places = [
            self._place(len(SCHEMA) + n * (last - len(SCHEMA)) // samples) for n in range(samples)
        ]

    def operations(self) -> dict[str, Work]:
        """What is measured, by name; each is given the number of the sample."""
        return {
            "commit": lambda n: run(self._ledger, INSERT, event(-1 - n)),
            "read by index": lambda n: run(self._ledger, FIND, str(self._stream(n))),
            "revision with proof": self._prove,
        }

    def _stream(self, sample: int) -> int:
        streams = self._size // EVENTS_A_STREAM
        return sample * streams // self._samples % streams

    def _place(self, number: int) -> tuple[int, str]:
        """A block and the id of a document in it."""
        [block] = self._ledger.blocks(number, number)
        revisions = Block.from_ion(block.ion).revisions
        return number, revisions[number % len(revisions)].document_id

    def _prove(self, sample: int) -> None:
        sequence_no, document_id = self._places[sample]
        tip = self._ledger.digest().sequence_no
        _, proof = self._ledger.revision(sequence_no, document_id, tip)
        if not proof:
            raise AssertionError(f"no proof of {document_id} in block {sequence_no}")


def main() -> int:
    """Print what each operation takes in both ledgers; 1 when one grew too much."""
    parser = argparse.ArgumentParser(description="Whether cost grows with the journal.")
    parser.add_argument("--small", type=int, default=SMALL, help="revisions of the small ledger")
    parser.add_argument("--large", type=int, default=LARGE, help="revisions of the large one")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="of each operation")
    parser.add_argument("--file", type=Path, help="of the large one: kept, and filled if need be")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large_file = arguments.file or Path(folder) / "large"
        ledgers = events_ledger(Path(folder)), events_file(large_file)
        found = measure(ledgers, arguments.small, arguments.large, arguments.samples)
    small, large = f"at {arguments.small:,}", f"at {arguments.large:,}"
    print(WIDTHS.format("milliseconds", small, large, "ratio", "goal"))
    missed = False
    for name, (before, after) in found.items():
        ratio = after / before
        missed |= ratio > GROWTH_MAX
        verdict = "met" if ratio <= GROWTH_MAX else "MISSED"
        figures = (f"{before:.3f}", f"{after:.3f}", f"{ratio:.2f}", f"{GROWTH_MAX:.1f}")
        print(f"{WIDTHS.format(name, *figures)} {verdict}")
    print(f"load average at the end: {os.getloadavg()[0]:.1f}")
    return int(missed)


def measure(
    ledgers: tuple[AbstractContextManager[Ledger], AbstractContextManager[Ledger]],
    small: int,
    large: int,
    samples: int,
) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each operation in a small and in a large ledger."""
    with ledgers[0] as first, ledgers[1] as second:
        filled = Filled(first, small, samples), Filled(second, large, samples)
        pairs = zip(*(each.operations().items() for each in filled), strict=True)
        return {name: _medians_ms(work, other, samples) for (name, work), (_, other) in pairs}


def _medians_ms(work: Work, other: Work, samples: int) -> tuple[float, float]:
    """Of each, the two taking turns."""
    waits: tuple[list[float], list[float]] = ([], [])
    for n in range(samples):
        for kept, each in zip(waits, (work, other), strict=True):
            began = time.perf_counter()
            each(n)
            kept.append((time.perf_counter() - began) * 1000)
    return statistics.median(waits[0]), statistics.median(waits[1])


if __name__ == "__main__":
    sys.exit(main())
