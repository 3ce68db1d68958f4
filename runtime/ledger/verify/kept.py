"""A digest that somebody kept, looked for among those that a journal had as it grew."""

from collections.abc import Iterable

from runtime.ledger.errors import VerificationError
from runtime.ledger.verify.arithmetic import Pieces


class KeptDigest:
    """Given the hashes of blocks, block 0 first, it finds the block that the digest ended with."""

    def __init__(self, digest: bytes) -> None:
        """Take the digest, 32 bytes."""
        self._digest = digest
        self._pieces = Pieces()
        self._blocks = 0
        self._found: int | None = None

    def add(self, block_hashes: Iterable[bytes]) -> None:
        """Take the hashes of the next blocks, which have been verified."""
        for number, block_hash in enumerate(block_hashes, self._blocks):
            self._blocks = number + 1
            if self._found is None:
                self._pieces.push((number, 0, block_hash))
                if self._pieces.digest() == self._digest:
                    self._found = number

    def found(self) -> int:
        """The newest block that the digest covers; VerificationError when it is of none of them."""
        if self._found is not None:
            return self._found
        newest = max(0, self._blocks - 1)
        raise VerificationError(
            f"the digest given, {self._digest.hex()}, is not that of blocks 0..n for any n up to"
            f" {newest}: the journal was rewritten or cut off, or the digest is another journal's",
            newest,
        )
