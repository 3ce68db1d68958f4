"""Checks a block of a journal from its bytes alone, several times faster than the strict check.

It knows the one way in which the ledger writes a block: it reads what no hash gives, makes all
hashes of that, writes them as the ledger does and holds what is written to the block's own bytes.
A block that is anything else, or of which any hash is not what it should be, is left in doubt: the
strict check then says what is wrong.
"""

from hashlib import sha256
from typing import Final

from runtime.ledger.verify import block_header, transaction_info
from runtime.ledger.verify.arithmetic import HASH_SIZE, dot, root
from runtime.ledger.verify.headers import header
from runtime.ledger.verify.layout import FIRST_END, layout_of
from runtime.ledger.verify.place import CheckedBlock, Place
from runtime.ledger.verify.revisions import Revisions
from runtime.ledger.verify.scan import DEPTH_MAX, Scan
from runtime.ledger.verify.shapes import has_table
from runtime.ledger.verify.symbols import SYSTEM, DoubtError
from runtime.ledger.verify.written import HASH, STRUCT, blob, blobs, field

_BLOCK_HASH, _ENTRIES_HASH, _PREVIOUS_HASH, _ENTRIES, _INFO = (
    field(number) for number in range(len(SYSTEM) + 5, FIRST_END)
)
_REDACTION: Final = b"redactionInfo"
_BLOCK_HASH_START: Final = _BLOCK_HASH + HASH
_ENTRIES_HASH_START: Final = _ENTRIES_HASH + HASH
_HASHES_SIZE: Final = len(_BLOCK_HASH_START + _ENTRIES_HASH_START) + 2 * HASH_SIZE


def check(data: bytes, place: Place) -> CheckedBlock:
    """The block with these bytes, if it stands here and is whole; DoubtError otherwise."""
    try:
        return _checked(data, place)
    except (LookupError, UnicodeDecodeError, RecursionError) as error:
        raise DoubtError from error


def _checked(data: bytes, place: Place) -> CheckedBlock:
    scan = Scan(data)
    layout = layout_of(scan.shape)
    kind, body, end = header(data, scan.start)
    if kind != STRUCT or end != len(data):
        raise DoubtError
    scan.used = FIRST_END
    strand_id, address, transaction_id, header_hash, hashes_at = block_header.read(
        data, body, place
    )
    previous = _PREVIOUS_HASH + blob(place.previous_hash) + _ENTRIES
    _, _, entries_end = header(data, hashes_at + _HASHES_SIZE + len(previous))
    info_hash, document_ids, at = transaction_info.read(scan, entries_end + 1, layout.frames)
    redaction_hash = b""
    if layout.has_redaction and at != end and data.startswith(scan.shape.field(_REDACTION), at):
        part, at = scan.serialized(scan.member(_REDACTION, at), 1)
        redaction_hash = sha256(part).digest()
    hashes: list[bytes] = []
    changed: list[bytes] = []
    if at != end and layout.revision is not None:
        revisions = Revisions(scan, layout.revision, address, transaction_id)
        at = revisions.read(at)
        hashes, changed = revisions.hashes, revisions.document_ids
    if at != end or (document_ids != changed and set(document_ids) != set(changed)):
        raise DoubtError
    entries = [header_hash, root(hashes), redaction_hash, info_hash]
    entries_hash = dot(dot(header_hash, entries[1]), dot(redaction_hash, info_hash))
    block_hash = dot(entries_hash, place.previous_hash)
    expected = b"".join(
        (
            *(_BLOCK_HASH_START, block_hash, _ENTRIES_HASH_START, entries_hash, previous),
            *(blobs(entries), _INFO),
        )
    )
    if data[hashes_at : entries_end + 1] != expected:
        raise DoubtError
    scan.check_all_used()
    return CheckedBlock(strand_id, block_hash, len(hashes))


def value_hash(data: bytes) -> bytes:
    """The Ion hash of an encoded value, with or without symbols."""
    scan = Scan(data) if has_table(data) else Scan.without_symbols(data)
    # Whoever encoded the value has seen to its depth, and did not count annotations.
    return sha256(scan.serialized(scan.start, -DEPTH_MAX)[0]).digest()
