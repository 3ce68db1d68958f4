"""Proofs as files of Ion text, so that they can be handed on and checked without their ledger.

A struct of `digest` (a blob), `digestTipAddress`, `proof` (a list of blobs), and of `block` or
`revision` or both; or, to show that a journal was only appended to, of `oldDigest` and
`oldDigestTipAddress` instead. All of them are as the control plane answers them.
"""

from typing import Any

from runtime.ledger import ion
from runtime.ledger.blobs import blob
from runtime.ledger.errors import IonError, ProofError
from runtime.ledger.verify.proofs import (
    KnownDigest,
    check_block,
    check_consistency,
    check_revision,
)
from runtime.ledger.verify.shown import Sealer


def check_proof_file(text: str, sealer: Sealer) -> str:
    """What the proof shows, in words; ProofError when it shows nothing."""
    try:
        struct = ion.parse(text)
        digest = _digest(struct, "digest", "digestTipAddress")
        proof = [blob(each) for each in struct["proof"]]
        old = _digest(struct, "oldDigest", "oldDigestTipAddress") if "oldDigest" in struct else None
    except (IonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProofError(f"the file holds no proof: {error!r}") from error
    to_digest = f"the digest of blocks 0 to {digest.sequence_no} of strand {digest.strand_id}"
    if old is not None:
        check_consistency(old, digest, proof)
        return f"{to_digest} covers all that the digest up to block {old.sequence_no} covered"
    block, revision = struct.get("block"), struct.get("revision")
    if revision is not None:
        check_revision(revision, proof, digest, block, sealer)
        metadata = revision["metadata"]
        return f"version {metadata['version']} of document {metadata['id']} is under {to_digest}"
    if block is None:
        raise ProofError("the file has neither block, revision nor old digest")
    check_block(block, proof, digest, sealer)
    return f"block {block['blockAddress']['sequenceNo']} is under {to_digest}"


def _digest(struct: Any, value: str, address: str) -> KnownDigest:
    tip = struct[address]
    return KnownDigest(blob(struct[value]), str(tip["strandId"]), int(tip["sequenceNo"]))
