"""The end of blocks that are followed one after the other, each verified."""

from runtime.ledger import merkle
from runtime.ledger.exports.reader import ReadBlock
from runtime.ledger.imports.chain import Link, check


class Tip:
    """The blocks so far; their digest is that of the whole journal up to here."""

    def __init__(self, link: Link | None = None, peaks: merkle.Peaks = ()) -> None:
        """Begin before block 0, or after a block."""
        self.link = link
        self.peaks = peaks

    @property
    def sequence_no(self) -> int:
        """Of the newest block; -1 before the first."""
        return -1 if self.link is None else self.link.sequence_no

    @property
    def digest(self) -> bytes:
        """The Merkle root over the hashes of all blocks up to the newest one."""
        return merkle.fold(self.peaks)

    def follow(self, block: ReadBlock) -> None:
        """Join the next block; DamagedExportError unless it follows and is whole."""
        link = check(block, self.link).link
        self.peaks = merkle.append(self.peaks, link.sequence_no, link.block_hash)
        self.link = link
