"""The whole journal as plain Python values, quickly: for reports, comparisons and searches.

Of blocks in the ledger's own layout the data alone are decoded, many at once; the rest is taken out
of the bytes by `block_parts`. Other blocks are decoded as a whole, and have the same values.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import Any, Final, NamedTuple

from amazon.ion import simpleion
from amazon.ion.simpleion import IonPyValueModel

from runtime.ledger import ion
from runtime.ledger.block_parts import Parts, PartsReader
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.ion_binary import VERSION_MARKER
from runtime.ledger.ion_parts import typed
from runtime.ledger.past import utc
from runtime.ledger.storage.port import StoredBlock

BLOCKS_AT_ONCE: Final = 64
"""Decoded together, which is quicker than one by one."""

_PLAIN: Final = IonPyValueModel(
    IonPyValueModel.MAY_BE_BARE
    | IonPyValueModel.SYMBOL_AS_TEXT
    | IonPyValueModel.STRUCT_AS_STD_DICT
)
_LIST: Final = 11


class PlainRevision(NamedTuple):
    """One version of one document."""

    sequence_no: int
    """The block's."""
    strand_id: str
    table_name: str
    document_id: str
    version: int
    tx_id: str
    tx_time: datetime
    """Milliseconds in UTC."""
    hash: bytes
    """The revision's own: 32 bytes."""
    data: dict[str, Any] | None
    """dict, list, str, int, Decimal, datetime; symbols are str. None when deleted or redacted."""


def plain_revisions(blocks: Iterable[StoredBlock]) -> Iterator[PlainRevision]:
    """Every revision that blocks show, in their order; CorruptJournalError for what is no block.

    Hashes are not checked, and of names that a struct has twice only the last is kept: where that
    matters there are `verify` and `Block.from_ion`.
    """
    reader, rest = PartsReader(), iter(blocks)
    while page := list(islice(rest, BLOCKS_AT_ONCE)):
        parts = [reader.parts(block.ion) for block in page]
        data = _data(parts)
        # Where data are damaged, the block is left to the decoder, which tells what it is.
        parts = [None if each is None or data[each[0]] is None else each for each in parts]
        left = [block for block, part in zip(page, parts, strict=True) if part is None]
        whole = iter(_whole(left))
        for block, part in zip(page, parts, strict=True):
            decoded = None if part is None else data[part[0]]
            if part is None or decoded is None:
                yield from _revisions(block, next(whole))
                continue
            for own, others in zip(part[1], part[2], strict=True):
                yield PlainRevision._make((*others, None if own is None else next(decoded)))


def _data(parts: list[Parts | None]) -> dict[bytes, Iterator[Any] | None]:
    """The data of all blocks by their symbols, in order; None where some of them are damaged."""
    written: dict[bytes, list[bytes]] = {}
    for part in parts:
        if part is not None:
            written.setdefault(part[0], []).extend(filter(None, part[1]))
    decoded: dict[bytes, Iterator[Any] | None] = {}
    for symbols, data in written.items():
        try:
            values = _decoded(symbols + typed(_LIST, b"".join(data)))
        except IonError:
            values = ()
        decoded[symbols] = iter(values) if len(values) == len(data) else None
    return decoded


def _whole(blocks: list[StoredBlock]) -> list[Any]:
    """Blocks that are decoded as a whole: together, or one by one where that fails."""
    together = [block.ion for block in blocks]
    try:
        values = _values(together)
    except IonError:
        values = []
    return values if len(values) == len(blocks) else list(map(_block, blocks))


def _block(stored: StoredBlock) -> Any:
    try:
        return _decoded(stored.ion)
    except IonError as error:
        raise _corrupt(stored, error) from error


def _decoded(data: bytes) -> Any:
    """The one value of a binary stream, plain; IonError when it is not one."""
    values = _values([data])
    if len(values) != 1:
        raise IonError(f"one Ion value is expected, {len(values)} were found")
    return values[0]


def _values(streams: list[bytes]) -> list[Any]:
    """The values of binary streams, each with its version marker; IonError where one is not Ion."""
    if not all(each.startswith(VERSION_MARKER) for each in streams):
        raise IonError("Ion binary begins with its version marker; these bytes do not")
    joined = BytesIO(b"".join(streams))
    try:
        return simpleion.load(joined, single_value=False, value_model=_PLAIN) if streams else []
    except ion.READ_ERRORS as error:
        raise IonError(f"not Ion: {error}") from error


def _revisions(stored: StoredBlock, block: Any) -> list[PlainRevision]:
    """The revisions of a block that was decoded as a whole."""
    try:
        address = block["blockAddress"]
        place = address["sequenceNo"], address["strandId"]
        documents = block.get("transactionInfo", {}).get("documents", {})
        return [
            _revision(each, place, documents)
            for each in block.get("revisions", ())
            if each.get("metadata") is not None
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _corrupt(stored, error) from error


def _corrupt(stored: StoredBlock, error: Exception) -> CorruptJournalError:
    return CorruptJournalError(
        f"block {stored.sequence_no} of the journal is none ({error!r}): verify the journal"
    )


def _revision(revision: Any, place: tuple[int, str], documents: Any) -> PlainRevision:
    metadata = revision["metadata"]
    document_id = metadata["id"]
    time = utc(metadata["txTime"])
    return PlainRevision(
        *place,
        documents[document_id]["tableName"],
        document_id,
        metadata["version"],
        metadata["txId"],
        datetime.combine(time.date(), time.time(), UTC),
        revision["hash"],
        revision.get("data"),
    )
