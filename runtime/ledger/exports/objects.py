"""Blocks put together to data objects: of one hour, and not too many bytes.

Where one object ends and the next begins depends on the journal alone, not on the format nor on
when an export was interrupted, so that whoever goes on makes the same objects.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from runtime.ledger.exports.formats import Format
from runtime.ledger.exports.layout import DataKey, data_key
from runtime.ledger.exports.selection import DatedBlock
from runtime.ledger.published import published
from runtime.ledger.storage.port import StoredBlock

OBJECT_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of the blocks in one object, counted in the journal's own Ion; a larger block stands alone."""


@dataclass(slots=True)
class DataObject:
    """Blocks that follow one another and go into one object."""

    strand_id: str
    moment: datetime
    """The first block's timestamp."""
    blocks: list[StoredBlock] = field(default_factory=list[StoredBlock])
    size_bytes: int = 0

    @property
    def range(self) -> DataKey:
        """Which blocks they are."""
        numbers = [self.blocks[0].sequence_no, self.blocks[-1].sequence_no]
        return DataKey(self.strand_id, *numbers)

    def key(self, prefix: str, form: Format) -> str:
        """The object's key."""
        return data_key(prefix, self.moment, self.range, form.suffix)

    def content(self, form: Format) -> bytes:
        """The object's bytes, system tables' revisions hidden."""
        return b"".join(form.encode(published(stored)) for stored in self.blocks)

    def takes(self, block: DatedBlock, bytes_max: int) -> bool:
        """Whether one more block belongs into it."""
        return (
            _hour(self.moment) == _hour(block.timestamp)
            and self.size_bytes + len(block.stored.ion) <= bytes_max
        )

    def add(self, block: DatedBlock) -> None:
        """Take one more block in."""
        self.blocks.append(block.stored)
        self.size_bytes += len(block.stored.ion)


def data_objects(
    blocks: Iterable[DatedBlock], bytes_max: int = OBJECT_BYTES_MAX
) -> Iterator[DataObject]:
    """The objects that hold these blocks, in order; one of them is in memory at a time."""
    current: DataObject | None = None
    for block in blocks:
        if current is not None and not current.takes(block, bytes_max):
            yield current
            current = None
        if current is None:
            current = DataObject(block.strand_id, block.timestamp)
        current.add(block)
    if current is not None:
        yield current


def _hour(moment: datetime) -> tuple[int, int, int, int]:
    utc = moment.astimezone(UTC)
    return utc.year, utc.month, utc.day, utc.hour
