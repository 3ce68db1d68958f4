"""Writers that are killed at a random moment, and what they leave behind.

A writing process has some threads, each of which inserts one numbered document after another
through one ledger and tells the parent of every commit that was acknowledged. The parent kills it
(SIGKILL), opens the journal again and compares: all that was told of is there, at most one more
commit for each thread, nothing else; the chain verifies; the index finds what the blocks hold.
"""

import multiprocessing
import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from runtime.ledger import ion
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.verify import verify_blocks

WRITERS: Final = 8
"""Threads in all; they are spread over the processes."""
PROCESSES_MAX: Final = 3
ROUNDS: Final = 5
"""Kills of writers of one file, which goes on where it was left."""
LIFE_S_MAX: Final = 0.3
"""After the first commit."""
START_S_MAX: Final = 60.0
REOPEN_S_MAX: Final = 1.0
PIPE_BYTES: Final = 65536
INSERT: Final = "INSERT INTO Docs ?"
FIND: Final = "SELECT VALUE d.n FROM Docs AS d WHERE d.writer = ?"
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Outcome(AssertionError):  # noqa: N818 - It is raised as what a kill came to.
    """Something was lost, made up, or late."""


class Told:
    """The commits that writers were acknowledged, by writer: its numbers."""

    def __init__(self) -> None:
        self.by_writer: dict[str, int] = defaultdict(int)

    def take(self, lines: bytes) -> None:
        """Note what a pipe brought; each line names a writer and how many commits it has made."""
        for line in lines.split(b"\n")[:-1]:
            writer, count = line.split()
            self.by_writer[writer.decode()] = int(count)


def write(path: Path, names: list[str], pipe: Any, starts: Mapping[str, int]) -> None:
    """Insert documents until the process is killed, with a thread for each name."""
    ledger = Ledger(SqliteStorage(path), name="docs")

    def insert(name: str) -> None:
        number = starts.get(name, 0)
        while True:
            run(ledger, INSERT, {"writer": name, "n": number, "text": "x" * 200})
            number += 1
            os.write(pipe.fileno(), f"{name} {number}\n".encode())

    threads = [threading.Thread(target=insert, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def kill_writers(
    folder: Path,
    seed: int,
    kills: int,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, float]:
    """Kill writers so many times; the most that a reopening took and how much was written.

    Raises Outcome with what was wrong, after which kill.
    """
    random_ = random.Random(seed)
    slowest_s = 0.0
    commits = 0
    for first in range(0, kills, ROUNDS):
        path = folder / f"journal-{first}"
        ledger = Ledger(SqliteStorage(path), name="docs")
        for statement in ("CREATE TABLE Docs", "CREATE INDEX ON Docs (writer)"):
            run(ledger, statement)
        there: dict[str, int] = {}
        for number in range(first, min(first + ROUNDS, kills)):
            told = _killed(path, random_, there)
            began_s = time.monotonic()
            storage = SqliteStorage(path)
            storage.head()
            reopened_s = time.monotonic() - began_s
            slowest_s = max(slowest_s, reopened_s)
            try:
                there = compared(storage, told.by_writer, number, reopened_s)
            finally:
                storage.close()
            progress(1)
        commits += sum(there.values())
        for part in folder.glob(f"{path.name}*"):
            part.unlink()
    return {"commits": commits, "slowest_reopening_s": slowest_s}


def _killed(path: Path, random_: random.Random, starts: Mapping[str, int]) -> Told:
    """Let writers write for a while and kill them all, one after another; what they told."""
    processes = random_.randint(1, PROCESSES_MAX)
    told = Told()
    told.by_writer.update(starts)
    reader, writer = _FORKS.Pipe(duplex=False)
    names = [f"w{i}" for i in range(WRITERS)]
    children = [
        _FORKS.Process(target=write, args=(path, names[i::processes], writer, dict(starts)))
        for i in range(processes)
    ]
    for child in children:
        child.start()
    writer.close()
    pending = _read(reader, time.monotonic() + START_S_MAX, first=True)
    pending += _read(reader, time.monotonic() + random_.uniform(0, LIFE_S_MAX), first=False)
    random_.shuffle(children)
    for child in children:
        child.kill()
        pending += _read(reader, time.monotonic() + random_.uniform(0, 0.02), first=False)
    for child in children:
        child.join()
    while chunk := os.read(reader.fileno(), PIPE_BYTES):
        pending += chunk
    reader.close()
    told.take(pending)
    return told


def _read(reader: Any, until_s: float, *, first: bool) -> bytes:
    """What the pipe brings until then; or until it brings anything."""
    got = b""
    while (left_s := until_s - time.monotonic()) > 0:
        if reader.poll(left_s):
            chunk = os.read(reader.fileno(), PIPE_BYTES)
            if not chunk:
                break
            got += chunk
            if first:
                break
    if first and not got:
        raise Outcome(f"no writer committed anything within {START_S_MAX} s")
    return got


def compared(
    storage: SqliteStorage, told: Mapping[str, int], number: int, reopened_s: float
) -> dict[str, int]:
    """How many documents of each writer there are, once they are what they should be."""
    if reopened_s > REOPEN_S_MAX:
        raise Outcome(f"after kill {number} it took {reopened_s:.2f} s to open the journal")
    stored = [block.ion for block in storage.blocks(0)]
    verify_blocks(stored)
    there: dict[str, list[int]] = defaultdict(list)
    for data in stored:
        for revision in Block.from_ion(data).revisions:
            if revision.table_name == "Docs":
                there[str(revision.data["writer"])].append(int(revision.data["n"]))
    for writer in {*told, *there}:
        count = len(there[writer])
        if there[writer] != list(range(count)):
            raise Outcome(f"after kill {number} {writer} has commits {there[writer]}")
        if not told.get(writer, 0) <= count <= told.get(writer, 0) + 1:
            raise Outcome(
                f"after kill {number} {writer} has {count} commits; {told.get(writer, 0)} were"
                " acknowledged and at most one more was on its way"
            )
    ledger = Ledger(storage, name="docs")
    for writer, numbers in there.items():
        if sorted(map(int, run(ledger, FIND, writer))) != numbers:
            raise Outcome(f"after kill {number} the index and the blocks differ for {writer}")
    return {writer: len(numbers) for writer, numbers in there.items()}


def run(ledger: Ledger, statement: str, *parameters: Any) -> list[Any]:
    transaction = ledger.begin()
    rows = transaction.execute(statement, [ion.decode(ion.encode(p)) for p in parameters])
    transaction.commit()
    return rows
