"""Proofs of versions of ads: the hashes from a revision up to the digest of its whole ledger.

Every block keeps the peaks of the tree over all blocks up to it, and every inner node of the tree
shows in the peaks of a block or two. So a path takes as many reads as the tree is high.
"""

from typing import Any, Protocol

from runtime.ad_ledger.documents import revision_of
from runtime.ads.proof import AdProof
from runtime.ledger import ion, merkle
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage.port import StoredBlock

_REVISIONS = 1
"""Where the entriesHashList has the root over the revisions' hashes."""


class Blocks(Protocol):
    """Blocks by their numbers."""

    def __call__(self, first: int, last: int) -> list[StoredBlock]:
        """Blocks first..last, both included; there are few of them."""
        ...


def prove(ledger: Ledger, row: Any) -> AdProof:
    """What proves a revision (a row of `history`) against the ledger's digest as it is now."""
    number = int(row["blockAddress"]["sequenceNo"])
    digest = ledger.digest()

    def blocks(first: int, last: int) -> list[StoredBlock]:
        found = list(ledger.blocks(first, last))
        if len(found) != last - first + 1:
            raise CorruptJournalError(f"blocks {first}..{last} are not all there: verify it")
        return found

    [stored] = blocks(number, number)
    within = path_in_block(Block.from_ion(stored.ion), bytes(row["hash"]))
    above = path_to_digest(blocks, number, digest.sequence_no + 1)
    return AdProof(
        ledger=ledger.name,
        strand_id=digest.strand_id,
        sequence_no=number,
        tip_sequence_no=digest.sequence_no,
        digest=digest.value,
        hashes=(*within, *above),
        ion=ion.text(row),
        revision=revision_of(row),
    )


def path_in_block(block: Block, revision_hash: bytes) -> list[bytes]:
    """The hashes from a revision up to the hash of its block."""
    revisions = [revision.hash for revision in block.revisions]
    if revision_hash not in revisions:
        raise CorruptJournalError(
            f"block {block.sequence_no} does not hold a revision that was read: verify the journal"
        )
    path = [
        *merkle.path(revisions, revisions.index(revision_hash)),
        *merkle.path(block.entries_hash_list, _REVISIONS),
        block.previous_block_hash,
    ]
    # Dot leaves the other hash as it is where one is empty.
    return [each for each in path if each]


def path_to_digest(blocks: Blocks, number: int, size: int) -> list[bytes]:
    """The hashes from the hash of block `number` up to the digest over the first `size` blocks."""
    path: list[bytes] = []
    for height in range((size - 1).bit_length()):
        sibling = number >> height ^ 1
        first, end = sibling << height, min(sibling + 1 << height, size)
        if first < end:
            path.append(_node(blocks, first, end))
    return path


def _node(blocks: Blocks, first: int, end: int) -> bytes:
    """The root over the hashes of blocks first..end-1, a node of the tree or its ragged right."""
    if end - first == 1:
        return blocks(first, first)[0].block_hash
    before, newest = blocks(end - 2, end - 1)
    size = end - 1 - first
    peaks = before.peaks[len(before.peaks) - size.bit_count() :]
    return merkle.fold(merkle.append(peaks, size, newest.block_hash))
