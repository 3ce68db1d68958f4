"""What shows a stranger that the ledger holds a version of an ad, and that it is unaltered."""

from dataclasses import dataclass

from runtime.ads.revision import AdRevision


@dataclass(frozen=True, slots=True)
class AdProof:
    """A revision with the hashes that lead from it to a digest of its whole ledger."""

    ledger: str
    """The ledger's name, as in `ads-0`."""
    strand_id: str
    sequence_no: int
    """The block that holds the revision."""
    tip_sequence_no: int
    """The newest block that the digest covers."""
    digest: bytes
    """32 bytes."""
    hashes: tuple[bytes, ...]
    """From the revision up, 32 bytes each."""
    ion: str
    """The revision as Ion text, whole, as it was hashed."""
    revision: AdRevision
    """The same, as an ad."""
