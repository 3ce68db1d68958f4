"""Forges proofs until one is accepted: python -m bench.forgeries --count 1000000.

Starts from honest proofs of blocks, of revisions and of consistency, and mutates hashes, lists,
leaves, contents, digests and places; takes hashes from a journal in which an old block was
rewritten; and makes new digests that fit to forged proofs. Each of them has to be refused.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bench.mutants import (
    BLOCKS,
    Proof,
    as_deleted,
    as_redacted,
    damaged,
    drafts,
    flipped,
    mutant,
)
from runtime.ledger import merkle
from runtime.ledger.block_tree import BlockTree
from runtime.ledger.errors import ProofError
from runtime.ledger.published import published, published_revision
from runtime.ledger.storage.port import StoredBlock
from runtime.ledger.verify import proofs
from runtime.ledger.verify.proofs import KnownDigest
from tests.fakes import MemoryStorage
from tests.runtime.ledger.journals import STRAND, sealed

REPORT_EVERY = 50_000
REWRITTEN = 60
"""The block that is another one in the forgers' own journal."""


class Journal:
    """Sealed blocks and the tree over them."""

    def __init__(self, secret: int = -1) -> None:
        storage = MemoryStorage()
        for commit in sealed(drafts(secret)):
            storage.append(commit)
        self.stored: list[StoredBlock] = list(storage.blocks(0))
        self.tree = BlockTree(storage)
        self.shown = [published(stored) for stored in self.stored]

    def digest(self, tip: int) -> KnownDigest:
        return KnownDigest(merkle.fold(self.stored[tip].peaks), STRAND, tip)

    def path(self, number: int, tip: int) -> Proof:
        return self.tree.path(self.stored[number].block_hash, number, tip + 1)


class Forger:
    """Honest proofs of one journal, and mutants of them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.refused: Counter[str] = Counter()
        self.accepted: list[str] = []
        self.journal, self.rewritten = Journal(), Journal(REWRITTEN)

    def forge(self) -> None:
        """Make a mutant of any kind and hold it to its digest."""
        forgers = (
            *(self._path, self._path, self._place, self._revision, self._block),
            *(self._consistency, self._fork, self._fitted_digest),
        )
        self.chance.choice(forgers)()

    def _expect_refused(self, kind: str, check: Callable[[], None]) -> None:
        try:
            check()
        except ProofError:
            self.refused[kind] += 1
        else:
            self.accepted.append(kind)

    def _path(self) -> None:
        number, digest, proof = self._honest_path()
        block_hash = self.journal.stored[number].block_hash
        proofs.check_path(block_hash, number, proof, digest)
        kind, forged = mutant(self.chance, proof)
        if forged != proof:
            self._expect_refused(
                f"path: {kind}", lambda: proofs.check_path(block_hash, number, forged, digest)
            )

    def _place(self) -> None:
        """An honest proof for another block, an inner node as a block, another digest."""
        tip = self.chance.randrange(3, BLOCKS)
        number, other = self.chance.sample(range(tip + 1), 2)
        digest, proof = self.journal.digest(tip), self.journal.path(number, tip)
        leaf = self.journal.stored[number].block_hash
        kind = self.chance.randrange(4)
        if kind == 0:
            leaf = self.journal.stored[other].block_hash
        elif kind == 1 and proof:
            leaf, proof = merkle.dot(leaf, proof[0]), proof[1:]
        elif kind == 2:
            digest = replace(digest, value=self.journal.digest(tip - 1).value)
        else:
            digest = replace(digest, value=flipped(self.chance, digest.value))
        self._expect_refused(
            f"place: {kind}", lambda: proofs.check_path(leaf, number, proof, digest)
        )

    def _block(self) -> None:
        """A block with a damaged bit, another block, a mutated proof, or as another's newest."""
        number, digest, proof = self._honest_path()
        block: Any = self.journal.shown[number]
        proofs.check_block(block, proof, digest)
        kind = self.chance.choice(("bit", "proof", "rewritten", "as newest"))
        check = proofs.check_block
        if kind == "bit":
            block = damaged(self.chance, block)
        elif kind == "proof":
            block, proof = self._with_mutant(block, proof)
        elif kind == "rewritten":
            number = self.chance.randrange(REWRITTEN, BLOCKS)
            digest = self.journal.digest(max(number, digest.sequence_no))
            block = self.rewritten.shown[number]
            proof = self.rewritten.path(number, digest.sequence_no)
        else:
            check = proofs.check_tip
            block = None if number == digest.sequence_no else block
        if block is not None:
            self._expect_refused(f"block: {kind}", lambda: check(block, proof, digest))

    def _revision(self) -> None:
        """A revision with a damaged bit, shown as deleted or redacted, or with a mutated proof."""
        number, digest, path = self._honest_path()
        block = self.journal.shown[number]
        document_id = str(self.chance.choice(block["revisions"])["metadata"]["id"])
        revision, steps = published_revision(self.journal.stored[number], document_id)
        proof = [*steps, *path]
        proofs.check_revision(revision, proof, digest, block)
        kind = self.chance.choice(("bit", "proof", "as deleted", "as redacted"))
        forged: Any = revision
        if kind == "bit":
            forged = damaged(self.chance, revision)
        elif kind == "proof":
            forged, proof = self._with_mutant(revision, proof)
        elif kind == "as deleted":
            forged, proof = as_deleted(revision, proof)
        else:
            forged, proof = as_redacted(revision, proof)
        if forged is not None:
            self._expect_refused(
                f"revision: {kind}", lambda: proofs.check_revision(forged, proof, digest, block)
            )

    def _consistency(self) -> None:
        before, after, proof = self._honest_growth()
        proofs.check_consistency(before, after, proof)
        match self.chance.randrange(6):
            case 0:
                kind, before = "old digest", self._with_flip(before)
            case 1:
                kind, after = "new digest", self._with_flip(after)
            case 2:
                # A proof for one old digest does not do for another one.
                kind, other = "another old one", self.chance.randrange(after.sequence_no)
                if other == before.sequence_no:
                    return
                before = self.journal.digest(other)
            case _:
                kind, forged = mutant(self.chance, proof)
                if forged == proof:
                    return
                proof = forged
        self._expect_refused(
            f"consistency: {kind}", lambda: proofs.check_consistency(before, after, proof)
        )

    def _fork(self) -> None:
        """The digest of a journal with a rewritten block, its own proof, or hashes of both."""
        before, after, proof = self._honest_growth()
        old, new = before.sequence_no, after.sequence_no
        if old < REWRITTEN:
            return
        after = self.rewritten.digest(new)
        forged = self.rewritten.tree.consistency(old + 1, new + 1)
        if self.chance.randrange(2):
            pairs = zip(proof, forged, strict=True)
            forged = [self.chance.choice(pair) for pair in pairs]
        self._expect_refused(
            "consistency: fork", lambda: proofs.check_consistency(before, after, forged)
        )

    def _fitted_digest(self) -> None:
        """A forged proof, and the new digest that it leads to: only the old one shows it."""
        before, after, proof = self._honest_growth()
        _, forged = mutant(self.chance, proof)
        try:
            old_root, new_root = proofs.lead_to(before, after, forged)
        except ProofError:
            return
        after = replace(after, value=new_root)
        # Whoever appends may append anything: it is forged if what was there has changed.
        if old_root != before.value:
            self._expect_refused(
                "consistency: fitted", lambda: proofs.check_consistency(before, after, forged)
            )

    def _honest_path(self) -> tuple[int, KnownDigest, Proof]:
        tip = self.chance.randrange(BLOCKS)
        number = self.chance.randrange(tip + 1)
        return number, self.journal.digest(tip), self.journal.path(number, tip)

    def _honest_growth(self) -> tuple[KnownDigest, KnownDigest, Proof]:
        new = self.chance.randrange(1, BLOCKS)
        old = self.chance.randrange(new)
        proof = self.journal.tree.consistency(old + 1, new + 1)
        return self.journal.digest(old), self.journal.digest(new), proof

    def _with_mutant(self, shown: Any, proof: Proof) -> tuple[Any, Proof]:
        _, forged = mutant(self.chance, proof)
        return (None if forged == proof else shown), forged

    def _with_flip(self, digest: KnownDigest) -> KnownDigest:
        return replace(digest, value=flipped(self.chance, digest.value))


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
