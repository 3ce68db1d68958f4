"""Checks proofs against a digest that somebody kept.

QLDB's algorithm, which these proofs satisfy, only follows the hashes from a leaf to the digest.
That alone proves too much, since dot keeps no order and every hash is made alike: an inner node
can be shown as a block, a revision as the deletion of its document with one hash more, or a
deletion as redacted with one less. So the leaf is recomputed from what is shown, a path has exactly
the length that its place in the tree gives it, and a revision without data is proven together with
its block. That a block has its number is covered by its hashes where this ledger sealed it; that no
other block under the digest claims the same number is shown only by verifying the blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runtime.ledger.errors import ProofError, VerificationError
from runtime.ledger.ion import IonValue
from runtime.ledger.verify import shown
from runtime.ledger.verify.arithmetic import HASH_SIZE, dot, follow, left_size, path_length
from runtime.ledger.verify.shown import FaultError, IonHash, Sealer, ShownBlock, quick_hash

REVISION_PATH_MAX: Final = 16
"""Hashes from a revision to its block's root of revisions; far more than a block has."""
ENTRIES_PATH: Final = 2
"""Hashes from there to entriesHash, in blocks that this ledger sealed."""


@dataclass(frozen=True, slots=True)
class KnownDigest:
    """A digest as it was saved, with the address of its tip."""

    value: bytes
    """32 bytes."""
    strand_id: str
    sequence_no: int
    """The newest block it covers."""


def check_block(
    block: IonValue,
    proof: Sequence[bytes],
    digest: KnownDigest,
    sealer: Sealer = Sealer.LEDGER,
    ion_hash: IonHash = quick_hash,
) -> None:
    """Raise ProofError unless the block, as GetBlock shows it, is under the digest."""
    found = _recomputed(block, digest, sealer, ion_hash)
    check_path(found.block_hash, found.sequence_no, proof, digest)


def check_tip(
    block: IonValue,
    proof: Sequence[bytes],
    digest: KnownDigest,
    ion_hash: IonHash = quick_hash,
) -> None:
    """As check_block, of the digest's newest block: so many blocks does the digest cover.

    A digest by itself does not tell; ask for this when it comes from whom it is to hold to account.
    """
    found = _recomputed(block, digest, Sealer.LEDGER, ion_hash)
    if found.sequence_no != digest.sequence_no:
        raise ProofError(f"block {found.sequence_no} is not the digest's newest block")
    check_path(found.block_hash, found.sequence_no, proof, digest)


def check_revision(
    revision: IonValue,
    proof: Sequence[bytes],
    digest: KnownDigest,
    block: IonValue = None,
    sealer: Sealer = Sealer.LEDGER,
    ion_hash: IonHash = quick_hash,
) -> None:
    """Raise ProofError unless the revision, as GetRevision shows it, is under the digest.

    `block` is its block as GetBlock shows it. A revision without data is not proven without it,
    nor is the number of the block, which no hash of the revision's own covers.
    """
    leaf, number = _leaf(revision, digest, ion_hash)
    if block is None and "data" not in revision:
        raise ProofError(
            "a deleted or redacted revision is proven only together with its block: get that, too"
        )
    length = path_length(number, digest.sequence_no + 1)
    steps = len(proof) - length
    chained = 1 if number else 0
    if not chained < steps <= REVISION_PATH_MAX + chained or (
        sealer is Sealer.LEDGER and steps < ENTRIES_PATH + chained
    ):
        raise ProofError(f"{len(proof)} hashes do not lead from a revision to this digest")
    if block is not None:
        found = _recomputed(block, digest, sealer, ion_hash)
        if found.sequence_no != number or leaf not in found.revision_hashes:
            raise ProofError(f"the revision is not one of block {found.sequence_no}")
        check_path(found.block_hash, number, proof[steps:], digest)
    _check_hashes(proof)
    _check_root(follow(leaf, proof), digest)


def check_path(
    block_hash: bytes, sequence_no: int, proof: Sequence[bytes], digest: KnownDigest
) -> None:
    """Raise ProofError unless a block's hash, itself verified otherwise, is under the digest."""
    length = path_length(sequence_no, digest.sequence_no + 1)
    if len(proof) != length:
        raise ProofError(
            f"{len(proof)} hashes lead from block {sequence_no} to another digest than one of"
            f" {digest.sequence_no + 1} blocks, to which {length} do"
        )
    _check_hashes((block_hash, *proof))
    _check_root(follow(block_hash, proof), digest)


def check_consistency(old: KnownDigest, new: KnownDigest, proof: Sequence[bytes]) -> None:
    """Raise ProofError unless all that the old digest covers is under the new one.

    As in RFC 6962: the hashes make the old digest, and with others the new one. So no block that
    was there has been changed or lost; where the new ones stand is shown by their own proofs.
    """
    old_root, new_root = lead_to(old, new, proof)
    _check_root(old_root, old)
    _check_root(new_root, new)


def lead_to(old: KnownDigest, new: KnownDigest, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The digests that a consistency proof leads to; ProofError when it has not its form."""
    if old.strand_id != new.strand_id or not 0 <= old.sequence_no <= new.sequence_no:
        raise ProofError("the digests are not of one journal, the old one before the new one")
    _check_hashes((old.value, new.value, *proof))
    hashes = iter(proof)
    try:
        roots = _roots(hashes, old.sequence_no + 1, new.sequence_no + 1, old.value)
    except StopIteration:
        raise ProofError("the proof has too few hashes") from None
    if next(hashes, None) is not None:
        raise ProofError("the proof has too many hashes")
    return roots


def _roots(
    hashes: Iterator[bytes], old_size: int, new_size: int, whole: bytes | None
) -> tuple[bytes, bytes]:
    """The roots of a subtree before and after it has grown; `whole` is the old digest.

    It stands for the one subtree that is not in the proof since whoever checks it knows its root.
    """
    if old_size == new_size:
        same = next(hashes) if whole is None else whole
        return same, same
    left = left_size(new_size)
    if old_size <= left:
        before, after = _roots(hashes, old_size, left, whole)
        return before, dot(after, next(hashes))
    before, after = _roots(hashes, old_size - left, new_size - left, None)
    common = next(hashes)
    return dot(common, before), dot(common, after)


def _recomputed(block: Any, digest: KnownDigest, sealer: Sealer, ion_hash: IonHash) -> ShownBlock:
    """The block with its hashes; ProofError when they cover nothing of it."""
    try:
        number = int(block["blockAddress"]["sequenceNo"])
        found = shown.recompute(block, number, sealer, ion_hash)
    except (KeyError, TypeError, ValueError, VerificationError) as error:
        raise ProofError(f"the block is not what its hashes say: {error}") from error
    if not found.is_covered:
        raise ProofError(f"block {number} shows nothing that its hashes cover")
    _check_place(found.strand_id, number, digest)
    return found


def _leaf(revision: Any, digest: KnownDigest, ion_hash: IonHash) -> tuple[bytes, int]:
    """The revision's hash and the number of its block."""
    try:
        leaf = shown.revision_hash(revision, ion_hash)
        address = revision["blockAddress"]
        strand_id, number = str(address["strandId"]), int(address["sequenceNo"])
    except (KeyError, TypeError, ValueError, AttributeError, FaultError) as error:
        raise ProofError(f"the revision is not what its hash says: {error}") from error
    _check_place(strand_id, number, digest)
    return leaf, number


def _check_place(strand_id: str, number: int, digest: KnownDigest) -> None:
    if strand_id != digest.strand_id or not 0 <= number <= digest.sequence_no:
        raise ProofError(
            f"block {number} of strand {strand_id} is not under the digest of blocks"
            f" 0..{digest.sequence_no} of strand {digest.strand_id}"
        )


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if not {HASH_SIZE}.issuperset(map(len, hashes)):
        raise ProofError(f"a hash of the proof has not {HASH_SIZE} bytes")


def _check_root(found: bytes, digest: KnownDigest) -> None:
    if found != digest.value:
        raise ProofError(
            f"the proof leads to {found.hex()}, not to the digest {digest.value.hex()} of the"
            f" blocks up to {digest.sequence_no}"
        )
