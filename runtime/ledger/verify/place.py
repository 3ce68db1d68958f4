"""Where a block has to stand in its chain, and what is known of it once it has been checked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Between two blocks."""

    sequence_no: int = 0
    """The next block's."""
    previous_hash: bytes = b""
    """The hash of the block before; empty before the first."""
    strand_id: str = ""
    """The journal's; empty while it is unknown."""


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """A block that stands where it has to and is what its hashes say."""

    strand_id: str
    block_hash: bytes
    revisions: int
    """How many it has."""
