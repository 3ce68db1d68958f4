"""How fast proofs are made and checked, and whole journals verified: `python -m bench.proofs`.

A ledger in a SQLite file, each block one event of about 300 bytes. Made: the hashes from a block to
a digest, and from an older digest to a newer one, for blocks and tips all over the journal, as
Ledger makes them; and whole answers of GetRevision with everything that is read for them. Checked:
the same proofs, by the verifier. Verified: the whole file by `verify`, in one process, with one and
with many revisions a block; and everything that the store keeps by `audit`.

All figures are a second of CPU time on one core, the best of several runs, since neighbours on the
machine slow a core down, too; `hashes` says by how much: SHA-256 of 64 bytes, in millions.
"""

import argparse
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.events import run
from runtime.ledger import ion
from runtime.ledger.audit import audit
from runtime.ledger.block import Change, Draft, StatementInfo, seal
from runtime.ledger.block_tree import BlockTree
from runtime.ledger.engine import Ledger
from runtime.ledger.hashing import statement_digest
from runtime.ledger.identifiers import encode_id
from runtime.ledger.storage import sqlite_rows
from runtime.ledger.storage.port import StoredBlock
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.storage.sqlite_file import SqliteFile
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.proofs import KnownDigest, check_consistency, check_path
from runtime.ledger.verify.sources import LedgerFile
from tests.runtime.ledger.journals import START

BLOCKS = 100_000
PROOFS = 4_000
RUNS = 5
REVISIONS = 20_000
SHAPES = (1, 10, 40)
"""Revisions a block."""
GOALS = {
    "block proofs made": 5_000,
    "consistency proofs made": 5_000,
    "block proofs checked": 40_000,
    "consistency proofs checked": 40_000,
    **{f"revisions verified, {count} a block": 20_000 for count in SHAPES},
}
TABLE = ("8F0TPCmdNQ6JTRpiLj2TmW", "Events")
TEXT = "x" * 190
STATEMENT = "INSERT INTO Events ?"


class UnflushedFile(SqliteFile):
    """For journals that need not survive."""

    def _connect(self) -> sqlite3.Connection:
        connection = super()._connect()
        connection.execute("PRAGMA synchronous = OFF")
        return connection


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Speed of proofs and of verification.")
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="of the journal to prove")
    parser.add_argument("--revisions", type=int, default=REVISIONS, help="of those to verify")
    parser.add_argument("--runs", type=int, default=RUNS, help="of which the best counts")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _show("million hashes", _hashes(asked.runs))
        for name, rate in _proofs(Path(folder), asked.blocks, asked.runs).items():
            _show(name, rate)
        for count in SHAPES:
            for name, rate in _verified(Path(folder), asked.revisions, count, asked.runs).items():
                _show(name, rate)


def _show(name: str, rate: float) -> None:
    goal = GOALS.get(name)
    verdict = "" if goal is None else f"{goal:>10,}" + ("" if rate >= goal else "   missed")
    print(f"{name:<36}{rate:>12,.1f}{verdict}", flush=True)


def _hashes(runs: int) -> float:
    data = bytes(64)
    return _rate(lambda _: sha256(data).digest(), list(range(200_000)), runs) / 1e6


def _proofs(folder: Path, blocks: int, runs: int) -> dict[str, float]:
    chance = random.Random(1)
    with _filled(folder / "proofs.sqlite", blocks) as storage:
        ledger, tree = Ledger(storage, name="bench"), BlockTree(storage)
        pairs = [sorted(chance.sample(range(blocks), 2)) for _ in range(PROOFS)]
        digests = {tip: _known(ledger, tip) for pair in pairs for tip in pair}
        hashes = {leaf: bytes(ledger.block(leaf)[0]["blockHash"]) for leaf, _ in pairs}
        paths = {(a, b): tree.path(hashes[a], a, b + 1) for a, b in pairs}
        growths = {(a, b): tree.consistency(a + 1, b + 1) for a, b in pairs}
        ids = {a: str(ledger.block(a)[0]["revisions"][0]["metadata"]["id"]) for a, _ in pairs}
        return {
            "block proofs made": _rate(
                lambda p: tree.path(hashes[p[0]], p[0], p[1] + 1), pairs, runs
            ),
            "consistency proofs made": _rate(
                lambda p: tree.consistency(p[0] + 1, p[1] + 1), pairs, runs
            ),
            "block proofs made, nothing kept": _rate(
                lambda p: BlockTree(storage).path(hashes[p[0]], p[0], p[1] + 1), pairs, 1
            ),
            "answers of GetRevision made": _rate(
                lambda p: ledger.revision(p[0], ids[p[0]], p[1]), pairs, runs
            ),
            "block proofs checked": _rate(
                lambda p: check_path(hashes[p[0]], p[0], paths[p[0], p[1]], digests[p[1]]),
                pairs,
                runs,
            ),
            "consistency proofs checked": _rate(
                lambda p: check_consistency(digests[p[0]], digests[p[1]], growths[p[0], p[1]]),
                pairs,
                runs,
            ),
        }


def _known(ledger: Ledger, tip: int) -> KnownDigest:
    digest = ledger.digest(tip)
    return KnownDigest(digest.value, digest.strand_id, digest.sequence_no)


def _verified(folder: Path, revisions: int, count: int, runs: int) -> dict[str, float]:
    path = folder / f"verified-{count}.sqlite"
    storage = SqliteStorage(path, open_file=UnflushedFile)
    ledger = Ledger(storage, name="bench")
    for statement in ("CREATE TABLE Events", "CREATE INDEX ON Events (stream)"):
        run(ledger, statement)
    insert = f"INSERT INTO Events << {', '.join('?' * count)} >>"
    for first in range(0, revisions, count):
        run(ledger, insert, *(_event(first + i) for i in range(count)))
    found = {
        f"revisions verified, {count} a block": revisions
        * _rate(lambda _: verify(LedgerFile(path), processes=1), [0], runs),
        f"revisions audited, {count} a block": revisions * _rate(lambda _: audit(storage), [0], 1),
    }
    storage.close()
    path.unlink()
    return found


def _rate(work: Callable[[Any], object], inputs: list[Any], runs: int) -> float:
    """Calls a second of CPU time; the best of some runs."""
    best = float("inf")
    for _ in range(runs):
        began = time.process_time()
        for each in inputs:
            work(each)
        best = min(best, time.process_time() - began)
    return len(inputs) / best


@contextmanager
def _filled(path: Path, blocks: int) -> Iterator[SqliteStorage]:
    """A journal of so many blocks of one revision, written in one transaction."""
    file = SqliteFile(path)
    head: StoredBlock | None = None
    with file.transaction() as execute:
        for number in range(blocks):
            commit = seal(_draft(number), head)
            sqlite_rows.insert(execute, (commit,))
            head = commit.block
    file.close()
    storage = SqliteStorage(path)
    yield storage
    storage.close()
    path.unlink()


def _draft(number: int) -> Draft:
    document_id = encode_id(number.to_bytes(16, "big"))
    return Draft(
        strand_id=encode_id(bytes(16)),
        transaction_id=encode_id((1 << 64 | number).to_bytes(16, "big")),
        statements=[StatementInfo(STATEMENT, START, statement_digest(STATEMENT))],
        changes=[Change(*TABLE, document_id, 0, _event(number), (0,))],
        tx_time=START,
        block_timestamp=START,
    )


def _event(number: int) -> Any:
    return ion.decode(ion.encode({"stream": str(number // 10), "text": TEXT, "kind": "happened"}))


if __name__ == "__main__":
    main()
