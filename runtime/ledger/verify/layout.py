"""How blocks are written whose symbol tables have one shape, worked out once for all of them."""

from functools import lru_cache
from typing import Final

from runtime.ledger.verify.block_header import FIRST_NAMES
from runtime.ledger.verify.info_frame import InfoFrame
from runtime.ledger.verify.shapes import Shape
from runtime.ledger.verify.symbols import SYSTEM, DoubtError
from runtime.ledger.verify.written import HASH, ID, STRUCT, opening

LAYOUTS_CACHED_MAX: Final = 1_024
FIRST_END: Final = len(SYSTEM) + len(FIRST_NAMES)
"""The number of the symbol after those that every block begins with."""
_HEAD: Final = 2
"""Bytes that tell that metadata are a struct, and how many bytes it has: from 14 to 127."""
_METADATA: Final = (b"metadata", b"id", b"txTime", b"txId")
_REVISION: Final = {b"revisions", b"hash", *_METADATA}
"""What every revision has; documents may have members of these names, too."""


class RevisionLayout:
    """What is written before the parts of a revision, and which symbols they use."""

    def __init__(self, shape: Shape) -> None:
        """Look the members up."""
        numbers = shape.numbers
        self.revisions = shape.field(b"revisions")
        self.hash = shape.field(b"hash") + HASH
        self.data = shape.field(b"data") if b"data" in numbers else b""
        self.data_hash = shape.field(b"dataHash") + HASH if b"dataHash" in numbers else b""
        self._metadata, self._id = shape.field(b"metadata"), shape.field(b"id") + ID
        self.metadata_head = len(self._metadata) + _HEAD
        """Bytes before the first member of the metadata."""
        self.metadata: dict[int, bytes] = {}
        """What stands before the id in metadata, by their size, as far as it was asked for."""
        self.time, self.transaction = shape.field(b"txTime"), shape.field(b"txId") + ID
        # Which symbols are used, in order, before what they are named for.
        self.before_revisions = (numbers[b"revisions"],)
        self.before_content = (numbers[b"hash"],)
        self.before_data = (numbers[b"hash"], numbers.get(b"data", 0))
        self.before_data_hash = (numbers[b"hash"], numbers.get(b"dataHash", 0))
        self.in_metadata = tuple(numbers[name] for name in _METADATA)

    def before_id(self, size: int) -> bytes:
        """What stands before the id in metadata of so many bytes."""
        found = self._metadata + opening(STRUCT, size) + self._id
        if len(found) != self.metadata_head + len(self._id):
            raise DoubtError
        self.metadata[size] = found
        return found


class Layout:
    """What is looked up for each block, and what was read in those before."""

    def __init__(self, shape: Shape) -> None:
        """Begin with nothing read; DoubtError when these are not a block's symbols."""
        if tuple(shape.names[len(SYSTEM) : FIRST_END]) != FIRST_NAMES:
            raise DoubtError
        self.frames: dict[int, InfoFrame] = {}
        """Of transactionInfo, by size."""
        self.has_redaction = b"redactionInfo" in shape.numbers
        self.revision = RevisionLayout(shape) if shape.numbers.keys() >= _REVISION else None


@lru_cache(LAYOUTS_CACHED_MAX)
def layout_of(shape: Shape) -> Layout:
    """The layout that goes with a shape; DoubtError when it is none of a block."""
    return Layout(shape)
