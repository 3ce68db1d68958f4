"""Blocks of a journal as snapshots have them: checked one after the other, with their ads."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from runtime.ad_ledger.documents import revision_of
from runtime.ad_ledger.shard import ADS
from runtime.ads.revision import AdRevision
from runtime.ledger import merkle
from runtime.ledger.exports.reader import ReadBlock
from runtime.ledger.imports.chain import Link, check
from runtime.snapshots.manifest import Tip

_FOREIGN: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading an ad's fields raises of a document that is no ad's."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of a journal to which the next block is joined."""

    link: Link | None = None
    peaks: merkle.Peaks = ()

    @classmethod
    def at(cls, tip: Tip) -> "Chain":
        """The end that a manifest tells of."""
        if tip.sequence_no < 0:
            return cls()
        block_hash = bytes.fromhex(tip.block_hash)
        link = Link(tip.sequence_no, tip.strand_id, block_hash, tip.ours)
        return cls(link, tuple(map(bytes.fromhex, tip.peaks)))

    def joined(self, block: ReadBlock) -> "Chain":
        """The end after one more block; DamagedExportError unless it follows and is whole."""
        link = check(block, self.link).link
        return Chain(link, merkle.append(self.peaks, link.sequence_no, link.block_hash))

    @property
    def tip(self) -> Tip:
        """As a manifest tells it."""
        if self.link is None:
            return Tip()
        return Tip(
            sequence_no=self.link.sequence_no,
            strand_id=self.link.strand_id,
            block_hash=self.link.block_hash.hex(),
            peaks=tuple(peak.hex() for peak in self.peaks),
            digest=merkle.fold(self.peaks).hex(),
            ours=self.link.ours,
        )


def ads_of(block: Any) -> Iterator[AdRevision]:
    """The revisions of ads in a block, an Ion struct as exports have it.

    What is in the ads' table and is no ad, and what was redacted, has no state: it is left out,
    as every projection leaves it out.
    """
    documents = block.get("transactionInfo", {}).get("documents", {})
    for revision in block.get("revisions", ()):
        if "metadata" not in revision or "dataHash" in revision:
            continue
        document = documents.get(str(revision["metadata"]["id"]))
        if document is None or str(document["tableName"]) != ADS:
            continue
        try:
            yield revision_of(revision)
        except _FOREIGN:
            continue
