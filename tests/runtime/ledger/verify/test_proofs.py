"""Proofs hold for what they are of, to every digest, and for nothing else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion, merkle
from runtime.ledger.errors import ProofError
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.verify.arithmetic import path_length
from runtime.ledger.verify.proofs import (
    KnownDigest,
    check_block,
    check_consistency,
    check_path,
    check_revision,
    check_tip,
)
from runtime.ledger.verify.shown import Sealer
from tests.runtime.ledger.journals import change, draft, drafts, numbered_id, sealed
from tests.runtime.ledger.verify.shown_blocks import (
    QLDB,
    Journal,
    qldb_blocks,
    qldb_digest,
    redacted,
    system_block,
)
from tests.vectors import unbase64

MORE = [draft(number, [change(number, 0, "{n:1}")]) for number in range(6, 12)]
JOURNAL = Journal(sealed([*drafts(), *MORE]))
BLOCKS = 12
OTHER_HASH = bytes(31) + b"\x01"


def refused(check: Any, *arguments: Any) -> None:
    with pytest.raises(ProofError):
        check(*arguments)


def mutants(proof: list[bytes]) -> list[list[bytes]]:
    """Every single flipped bit, and every hash dropped, repeated, cut, swapped or added."""
    found: list[list[bytes]] = []
    for at, each in enumerate(proof):
        rest = proof[at + 1 :]
        for bit in range(256):
            flipped = bytearray(each)
            flipped[bit // 8] ^= 1 << bit % 8
            found.append([*proof[:at], bytes(flipped), *rest])
        others = ([], [each, each], [each[:-1]], [each + b"\0"], [b""], [OTHER_HASH, each])
        found.extend([*proof[:at], *instead, *rest] for instead in others)
        for other in range(at + 1, len(proof)):
            swapped = [*proof]
            swapped[at], swapped[other] = swapped[other], swapped[at]
            found.append(swapped)
    found += [[*proof, OTHER_HASH], [*proof, b""], proof[:-1]]
    return [mutant for mutant in found if mutant != proof]


def test_every_block_is_proven_to_every_digest() -> None:
    for tip in range(BLOCKS):
        for number in range(tip + 1):
            proof = JOURNAL.block_proof(number, tip)
            for sealer in Sealer:
                check_block(JOURNAL.block(number), proof, JOURNAL.digest(tip), sealer)
            assert len(proof) == path_length(number, tip + 1)


def test_every_revision_is_proven_to_every_digest() -> None:
    for number in range(BLOCKS):
        block = JOURNAL.block(number)
        for shown in block.get("revisions", ()):
            for tip in range(number, BLOCKS):
                digest, document_id = JOURNAL.digest(tip), str(shown["metadata"]["id"])
                revision, proof = JOURNAL.revision(number, document_id, tip)
                check_revision(revision, proof, digest, block)
                if "data" in revision:
                    check_revision(revision, proof, digest)
                    check_revision(redacted(revision), proof, digest, block)


def test_the_published_ledgers_proofs_hold() -> None:
    blocks = qldb_blocks()
    for proof in QLDB["block_proofs"]:
        hashes = [unbase64(each) for each in proof["proof"]]
        check_block(blocks[proof["block"]], hashes, qldb_digest(proof["tip"]), Sealer.QLDB)
    for proof in QLDB["revision_proofs"]:
        hashes = [unbase64(each) for each in proof["proof"]]
        block = blocks[proof["block"]]
        revision = block["revisions"][proof["revision_index"]]
        check_revision(revision, hashes, qldb_digest(proof["tip"]), block, Sealer.QLDB)
        check_revision(revision, hashes, qldb_digest(proof["tip"]), block, Sealer.QLDB, ion_hash)


@pytest.mark.parametrize(("number", "tip"), [(0, 0), (0, 11), (5, 11), (11, 11), (8, 10)])
def test_no_mutant_of_a_blocks_proof_is_accepted(number: int, tip: int) -> None:
    leaf, digest = JOURNAL.stored[number].block_hash, JOURNAL.digest(tip)
    for mutant in mutants(JOURNAL.block_proof(number, tip)):
        refused(check_path, leaf, number, mutant, digest)


@pytest.mark.parametrize("document", [2, 3, 4])
def test_no_mutant_of_a_revisions_proof_is_accepted(document: int) -> None:
    revision, proof = JOURNAL.revision(1, numbered_id(document), 9)
    for mutant in mutants(proof):
        refused(check_revision, revision, mutant, JOURNAL.digest(9))


def test_proofs_of_other_blocks_and_digests_are_refused() -> None:
    for tip in range(BLOCKS):
        for number in range(tip + 1):
            proof, leaf = JOURNAL.block_proof(number, tip), JOURNAL.stored[number].block_hash
            for other in range(BLOCKS):
                if other != number:
                    other_leaf = JOURNAL.stored[other].block_hash
                    refused(check_path, other_leaf, number, proof, JOURNAL.digest(tip))
                if other != tip:
                    refused(check_path, leaf, number, proof, JOURNAL.digest(other))


def test_an_inner_node_is_no_block() -> None:
    """A block without parts can have any hash, if nobody asks how far it is from the root."""
    for tip in range(1, BLOCKS):
        digest, leaf = JOURNAL.digest(tip), JOURNAL.stored[0].block_hash
        proof = JOURNAL.block_proof(0, tip)
        for height in range(1, len(proof) + 1):
            leaf = dot(leaf, proof[height - 1])
            refused(check_path, leaf, 0, proof[height:], digest)


def test_a_block_that_shows_nothing_proves_nothing() -> None:
    block = system_block(qldb_blocks()[0])
    with pytest.raises(ProofError, match="shows nothing that its hashes cover"):
        check_block(block, [], KnownDigest(bytes(32), QLDB["strandId"], 0), Sealer.QLDB)
    hidden = system_block(JOURNAL.block(5))
    assert list(hidden["revisions"][0]) == ["hash"]
    with pytest.raises(ProofError, match="shows nothing that its hashes cover"):
        check_block(hidden, JOURNAL.block_proof(5, 9), JOURNAL.digest(9), Sealer.QLDB)


def without_data(revision: Any) -> Any:
    metadata = revision["metadata"]
    shown = {"blockAddress": revision["blockAddress"], "hash": ion_hash(metadata)}
    return ion.decode(ion.encode({**shown, "metadata": metadata}))


def test_a_revision_cannot_be_shown_as_a_deletion() -> None:
    revision, proof = JOURNAL.revision(1, numbered_id(3), 9)
    forged, longer = without_data(revision), [ion_hash(revision["data"]), *proof]
    assert merkle.follow(ion_hash(forged["metadata"]), longer) == JOURNAL.digest(9).value
    with pytest.raises(ProofError, match="only together with its block"):
        check_revision(forged, longer, JOURNAL.digest(9))
    with pytest.raises(ProofError, match="is not one of block 1"):
        check_revision(forged, longer, JOURNAL.digest(9), JOURNAL.block(1))


def test_a_deletion_cannot_be_shown_as_redacted() -> None:
    revision, proof = JOURNAL.revision(3, numbered_id(2), 9)
    metadata = revision["metadata"]
    shown = {
        "blockAddress": revision["blockAddress"],
        "hash": dot(proof[0], ion_hash(metadata)),
        "dataHash": proof[0],
        "metadata": metadata,
    }
    forged = ion.decode(ion.encode(shown))
    with pytest.raises(ProofError, match="only together with its block"):
        check_revision(forged, proof[1:], JOURNAL.digest(9))
    with pytest.raises(ProofError, match="do not lead from a revision"):
        check_revision(forged, proof[1:], JOURNAL.digest(9), JOURNAL.block(3))


def test_the_hash_that_a_revision_states_is_not_believed() -> None:
    revision, proof = JOURNAL.revision(1, numbered_id(3), 9)
    revision["data"]["n"] = 4
    with pytest.raises(ProofError, match="do not match its hash"):
        check_revision(ion.decode(ion.encode(revision)), proof, JOURNAL.digest(9))


@pytest.mark.parametrize("text", ["5", "{}", '{hash:{{""}}}', "null.struct"])
def test_what_is_no_revision_or_block_is_refused(text: str) -> None:
    refused(check_revision, ion.parse(text), [], JOURNAL.digest(9))
    refused(check_block, ion.parse(text), [], JOURNAL.digest(9))


def test_other_strands_and_later_blocks_are_refused() -> None:
    block, proof = JOURNAL.block(3), JOURNAL.block_proof(3, 9)
    other = replace(JOURNAL.digest(9), strand_id="another")
    with pytest.raises(ProofError, match="is not under the digest"):
        check_block(block, proof, other)
    with pytest.raises(ProofError, match="is not under the digest"):
        check_block(block, proof, JOURNAL.digest(2))
    refused(check_consistency, JOURNAL.digest(3), other, [])


def test_every_two_digests_are_consistent_and_every_mutant_is_not() -> None:
    for new in range(BLOCKS):
        for old in range(new + 1):
            proof = JOURNAL.consistency(old, new)
            before, after = JOURNAL.digest(old), JOURNAL.digest(new)
            check_consistency(before, after, proof)
            for value in (OTHER_HASH, JOURNAL.digest((old + 1) % BLOCKS).value, b""):
                refused(check_consistency, replace(before, value=value), after, proof)
            if old != new:
                refused(check_consistency, after, before, proof)
                refused(check_consistency, before, replace(after, value=before.value), proof)
            if (old, new) in {(0, 11), (2, 6), (4, 9), (6, 10), (7, 8), (10, 11)}:
                for mutant in mutants(proof):
                    refused(check_consistency, before, after, mutant)


@given(st.integers(0, BLOCKS - 1), st.integers(0, BLOCKS - 1), st.data())
def test_a_rewritten_ledger_is_never_consistent(old: int, new: int, data: st.DataObject) -> None:
    """Whatever block was changed before the old digest, its proof does not hold."""
    if old > new:
        old, new = new, old
    changed = data.draw(st.integers(0, old))
    pending = [*drafts(), *MORE]
    pending[changed] = draft(changed, [change(99, 0, "{forged:true}")])
    forged = Journal(sealed(pending))
    refused(
        check_consistency, JOURNAL.digest(old), forged.digest(new), forged.consistency(old, new)
    )


def test_how_many_blocks_a_digest_covers_is_shown_by_its_tip() -> None:
    for size in range(1, BLOCKS + 1):
        tip = size - 1
        digest = JOURNAL.digest(tip)
        check_tip(JOURNAL.block(tip), JOURNAL.block_proof(tip, tip), digest)
        for claimed in range(BLOCKS):
            if claimed == tip:
                continue
            told = replace(digest, sequence_no=claimed)
            refused(check_tip, JOURNAL.block(tip), JOURNAL.block_proof(tip, tip), told)
            if claimed < tip:
                proof = JOURNAL.block_proof(claimed, tip)
                refused(check_tip, JOURNAL.block(claimed), proof, told)
