"""Where a block has to stand in its chain, and what is known of it once it has been checked."""

from typing import NamedTuple

from runtime.ledger.errors import VerificationError


class Place(NamedTuple):
    """Between two blocks."""

    sequence_no: int = 0
    """The next block's."""
    previous_hash: bytes = b""
    """The hash of the block before; empty before the first."""
    strand_id: str = ""
    """The journal's; empty while it is unknown."""
    is_ours: bool = False
    """Whether this ledger sealed the block before: then QLDB seals no more."""


class CheckedBlock(NamedTuple):
    """A block that stands where it has to and is what its hashes say."""

    strand_id: str
    block_hash: bytes
    revisions: int
    """How many it has."""
    is_ours: bool = True
    """Whether this ledger sealed it, and not QLDB."""


def missing(sequence_no: int, newest: int | None = None) -> VerificationError:
    """The error of a block that is not there."""
    after = "" if newest is None or newest >= sequence_no else f": the newest is {newest}"
    return VerificationError(f"it is missing{after}", sequence_no)
