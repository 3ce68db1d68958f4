"""Forges proofs until one is accepted: python -m bench.forgeries --count 1000000.

Starts from honest proofs of blocks, of revisions and of consistency, and mutates hashes, lists,
leaves, digests and places; every mutant that differs from an honest proof has to be refused.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runtime.ledger import ion, merkle
from runtime.ledger.block_tree import BlockTree
from runtime.ledger.errors import IonError, ProofError
from runtime.ledger.published import published, published_revision
from runtime.ledger.storage.port import StoredBlock
from runtime.ledger.verify import proofs
from runtime.ledger.verify.proofs import KnownDigest
from tests.fakes import MemoryStorage
from tests.runtime.ledger.journals import AD, STRAND, change, draft, sealed

BLOCKS = 200
REPORT_EVERY = 50_000

Proof = list[bytes]


class Forger:
    """Honest proofs of one journal, and mutants of them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.refused: Counter[str] = Counter()
        self.accepted: list[str] = []
        storage = MemoryStorage()
        for commit in sealed(_drafts()):
            storage.append(commit)
        self.stored: list[StoredBlock] = list(storage.blocks(0))
        self.tree = BlockTree(storage)
        self.shown = [published(stored) for stored in self.stored]

    def digest(self, tip: int) -> KnownDigest:
        return KnownDigest(merkle.fold(self.stored[tip].peaks), STRAND, tip)

    def forge(self) -> None:
        """Make a mutant of any kind and hold it to its digest."""
        forgers = (self._path, self._path, self._consistency, self._content, self._place)
        self.chance.choice(forgers)()

    def _expect_refused(self, kind: str, check: Callable[[], None]) -> None:
        try:
            check()
        except ProofError:
            self.refused[kind] += 1
        else:
            self.accepted.append(kind)

    def _path(self) -> None:
        tip = self.chance.randrange(BLOCKS)
        number = self.chance.randrange(tip + 1)
        block_hash, digest = self.stored[number].block_hash, self.digest(tip)
        proof = self.tree.path(block_hash, number, tip + 1)
        proofs.check_path(block_hash, number, proof, digest)
        kind, forged = self._mutant(proof)
        if forged != proof:
            self._expect_refused(
                f"path: {kind}", lambda: proofs.check_path(block_hash, number, forged, digest)
            )

    def _place(self) -> None:
        """An honest proof for another block, an inner node as a block, another digest."""
        tip = self.chance.randrange(3, BLOCKS)
        number, other = self.chance.sample(range(tip + 1), 2)
        stored, digest = self.stored[number], self.digest(tip)
        proof = self.tree.path(stored.block_hash, number, tip + 1)
        leaf = stored.block_hash
        kind = self.chance.randrange(4)
        if kind == 0:
            leaf = self.stored[other].block_hash
        elif kind == 1 and proof:
            leaf, proof = merkle.dot(leaf, proof[0]), proof[1:]
        elif kind == 2:
            digest = replace(digest, value=self.digest(tip - 1).value)
        else:
            digest = replace(digest, value=self._flipped(digest.value))
        self._expect_refused(
            f"place: {kind}", lambda: proofs.check_path(leaf, number, proof, digest)
        )

    def _consistency(self) -> None:
        new = self.chance.randrange(1, BLOCKS)
        old = self.chance.randrange(new)
        proof = self.tree.consistency(old + 1, new + 1)
        before, after = self.digest(old), self.digest(new)
        proofs.check_consistency(before, after, proof)
        match self.chance.randrange(4):
            case 0:
                before = replace(before, value=self._flipped(before.value))
                kind = "old digest"
            case 1:
                after = replace(after, value=self._flipped(after.value))
                kind = "new digest"
            case _:
                kind, forged = self._mutant(proof)
                if forged == proof:
                    return
                proof = forged
        self._expect_refused(
            f"consistency: {kind}", lambda: proofs.check_consistency(before, after, proof)
        )

    def _content(self) -> None:
        """A revision with a damaged bit, shown as deleted or redacted, or with a mutated proof."""
        tip = self.chance.randrange(BLOCKS)
        number = self.chance.randrange(tip + 1)
        digest, block = self.digest(tip), self.shown[number]
        shown = self.chance.choice(block["revisions"])
        stored = self.stored[number]
        revision, steps = published_revision(stored, str(shown["metadata"]["id"]))
        proof = [*steps, *self.tree.path(stored.block_hash, number, tip + 1)]
        proofs.check_revision(revision, proof, digest, block)
        kind = self.chance.choice(("bit", "proof", "as deleted", "as redacted"))
        forged: Any = revision
        if kind == "bit":
            forged = self._damaged(revision)
        elif kind == "proof":
            _, mutant = self._mutant(proof)
            if mutant == proof:
                return
            proof = mutant
        elif kind == "as deleted":
            forged, proof = _as_deleted(revision, proof)
        else:
            forged, proof = _as_redacted(revision, proof)
        if forged is not None:
            self._expect_refused(
                f"revision: {kind}", lambda: proofs.check_revision(forged, proof, digest, block)
            )

    def _damaged(self, value: Any) -> Any:
        """The value read from its bytes after one bit of them has flipped; None if unreadable."""
        try:
            # What amazon.ion cannot read safely is refused before it is read.
            data = self._flipped(ion.encode(value))
            ion.check_stream(data)
            damaged = ion.decode(data)
            return None if ion.encode(damaged) == ion.encode(value) else damaged
        except IonError:
            return None

    def _flipped(self, data: bytes) -> bytes:
        bit = self.chance.randrange(len(data) * 8)
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        return bytes(flipped)

    def _mutant(self, proof: Proof) -> tuple[str, Proof]:
        """A proof with one thing changed."""
        forged = [*proof]
        if not forged:
            return "added", [self.chance.randbytes(32)]
        at, other = self.chance.randrange(len(forged)), self.chance.randrange(len(forged))
        kind = self.chance.choice(
            ("bit", "bit", "bit", "byte", "dropped", "added", "swapped", "repeated", "cut", "long")
        )
        match kind:
            case "bit":
                forged[at] = self._flipped(forged[at])
            case "byte":
                forged[at] = self.chance.randbytes(32)
            case "dropped":
                del forged[at]
            case "added":
                forged.insert(at, self.chance.choice((self.chance.randbytes(32), b"", bytes(32))))
            case "swapped":
                forged[at], forged[other] = forged[other], forged[at]
            case "repeated":
                forged.insert(at, forged[at])
            case "cut":
                forged[at] = forged[at][: self.chance.randrange(32)]
            case _:
                forged[at] += self.chance.randbytes(self.chance.randrange(1, 33))
        return kind, forged


def _drafts() -> list[Any]:
    """Insertions, changes and deletions, one to five documents a block."""
    found: list[Any] = []
    for number in range(BLOCKS):
        first = number - number % 3
        text = None if number % 3 == 2 else AD if number % 3 == 0 else f"{{n:{number}}}"
        changes = [change(first * 8 + i, number % 3, text) for i in range(1 + first % 5)]
        found.append(draft(number, changes))
    return found


def _as_deleted(revision: Any, proof: Proof) -> tuple[Any, Proof]:
    """The revision as if it had no data: its hash is where the hash of the data leads."""
    if "data" not in revision:
        return None, proof
    data_hash = proofs.quick_hash(revision["data"])
    shown = {"blockAddress": revision["blockAddress"], "hash": b"", "metadata": None}
    shown["metadata"] = revision["metadata"]
    shown["hash"] = proofs.quick_hash(revision["metadata"])
    return ion.decode(ion.encode(shown)), [data_hash, *proof]


def _as_redacted(revision: Any, proof: Proof) -> tuple[Any, Proof]:
    """A deletion as if it had data that was redacted: its sibling is told to be their hash."""
    if "data" in revision or not proof:
        return None, proof
    leaf = merkle.dot(proof[0], proofs.quick_hash(revision["metadata"]))
    shown = {
        "blockAddress": revision["blockAddress"],
        "hash": leaf,
        "dataHash": proof[0],
        "metadata": revision["metadata"],
    }
    return ion.decode(ion.encode(shown)), proof[1:]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.forgeries", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="forged proofs to try")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args(arguments)
    print(f"seed {asked.seed}", flush=True)
    forger = Forger(asked.seed)
    started_s = time.monotonic()
    reported = 0
    while (total := forger.refused.total()) < asked.count and not forger.accepted:
        forger.forge()
        if total >= reported + REPORT_EVERY:
            reported = total
            print(f"{total} of {asked.count}", file=sys.stderr, flush=True)
    elapsed_s = time.monotonic() - started_s
    for kind, count in sorted(forger.refused.items()):
        print(f"{kind:28} {count:9} refused")
    print(
        f"{forger.refused.total()} forged proofs, {len(forger.accepted)} accepted,"
        f" {elapsed_s:.0f} s"
    )
    for kind in forger.accepted:
        print(f"ACCEPTED: {kind}")
    return 1 if forger.accepted else 0


if __name__ == "__main__":
    sys.exit(main())
