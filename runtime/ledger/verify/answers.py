"""Reads what the control plane answers: digests with their tips, and proofs."""

from collections.abc import Mapping
from typing import Any

from runtime.ledger import ion
from runtime.ledger.blobs import blob
from runtime.ledger.errors import IonError, ProofError
from runtime.ledger.verify.proofs import KnownDigest

__all__ = ["KnownDigest", "digest", "proof"]


def digest(answer: Mapping[str, Any]) -> KnownDigest:
    """The digest in an answer of GetDigest or GetConsistencyProof; ProofError without one."""
    try:
        tip: Any = ion.parse(answer["DigestTipAddress"]["IonText"])
        return KnownDigest(blob(answer["Digest"]), str(tip["strandId"]), int(tip["sequenceNo"]))
    except (IonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProofError(f"the answer has no digest with its tip: {error!r}") from error


def proof(answer: Mapping[str, Any]) -> list[bytes]:
    """The hashes of a proof in an answer; ProofError when there are none."""
    try:
        hashes: Any = ion.parse(answer["Proof"]["IonText"])
        return [blob(each) for each in hashes]
    except (IonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProofError(f"the answer has no proof: {error!r}") from error
