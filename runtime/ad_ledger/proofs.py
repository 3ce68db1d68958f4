"""Proofs of versions of ads: the hashes from a revision up to the digest of its whole ledger."""

from typing import Any

from runtime.ad_ledger.documents import revision_of
from runtime.ads.proof import AdProof
from runtime.ledger import ion
from runtime.ledger.engine import Ledger


def prove(ledger: Ledger, row: Any) -> AdProof:
    """What proves a revision (a row of `history`) against the ledger's digest as it is now."""
    number = int(row["blockAddress"]["sequenceNo"])
    digest = ledger.digest()
    revision, hashes = ledger.revision(number, str(row["metadata"]["id"]), digest.sequence_no)
    return AdProof(
        ledger=ledger.name,
        strand_id=digest.strand_id,
        sequence_no=number,
        tip_sequence_no=digest.sequence_no,
        digest=digest.value,
        hashes=tuple(hashes or ()),
        ion=ion.text(revision),
        revision=revision_of(revision),
    )
