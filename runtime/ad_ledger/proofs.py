"""Proofs of versions of ads, as their ledger gives them."""

from typing import Any, Protocol, runtime_checkable

from runtime.ad_ledger.documents import revision_of
from runtime.ads.errors import UnavailableError
from runtime.ads.proof import AdProof
from runtime.ledger import ion
from runtime.ledger.engine import Digest, Ledger


@runtime_checkable
class Prover(Protocol):
    """A ledger, as far as it proves revisions."""

    name: str

    def digest(self) -> Digest:
        """The digest of the whole journal."""
        ...

    def revision(self, sequence_no: int, document_id: str, tip: int | None) -> tuple[Any, Any]:
        """The revision as an Ion struct, and the hashes from it up to the digest of the tip."""
        ...


def prove(ledger: Ledger, row: Any) -> AdProof:
    """What proves a revision (a row of `history`) against the ledger's digest as it is now."""
    if not isinstance(ledger, Prover):
        raise UnavailableError(f"Ledger {ledger.name} cannot prove single revisions.")
    sequence_no = int(row["blockAddress"]["sequenceNo"])
    digest = ledger.digest()
    revision, hashes = ledger.revision(sequence_no, str(row["metadata"]["id"]), digest.sequence_no)
    return AdProof(
        ledger=ledger.name,
        strand_id=digest.strand_id,
        sequence_no=sequence_no,
        tip_sequence_no=digest.sequence_no,
        digest=digest.value,
        hashes=tuple(bytes(each) for each in hashes),
        ion=ion.text(revision),
        revision=revision_of(revision),
    )
