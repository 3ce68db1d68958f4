"""The member transactionInfo of a block: the statements that ran and the documents they changed."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from runtime.ledger.verify.arithmetic import HASH_SIZE
from runtime.ledger.verify.forms import require_form
from runtime.ledger.verify.headers import header, number
from runtime.ledger.verify.info_frame import InfoFrame, Statement
from runtime.ledger.verify.scan import Scan
from runtime.ledger.verify.symbols import END, DoubtError, escape, serialized_struct, symbol
from runtime.ledger.verify.written import HASH, INT, LIST, LONG, STRING, STRUCT, TIMESTAMP

FRAMES_KEPT_MAX: Final = 16
"""For each shape of symbol tables."""
FRAME_BYTES_MAX: Final = 4_096
"""Of one that is kept."""
TEXTS_CACHED_MAX: Final = 64

_TEXT: Final = symbol(b"statement") + b"\x0b\x80"
_TABLE_NAME: Final = symbol(b"tableName") + b"\x0b\x80"
_TABLE_ID: Final = symbol(b"tableId") + b"\x0b\x80"
_STATEMENTS: Final = symbol(b"statements") + b"\x0b\xb0"


def read(scan: Scan, position: int, frames: dict[int, InfoFrame]) -> tuple[bytes, list[bytes], int]:
    """Hash, ids of documents and end of the transactionInfo at a position; DoubtError without one.

    `frames` are those that were read before with symbols of this shape, by their size; the same
    of them were used each time.
    """
    kind, body, end = header(scan.data, position)
    if kind != STRUCT:
        raise DoubtError
    frame = frames.get(end - body)
    if frame is None or not frame.fits(scan.data, body):
        frame = _frame(scan, body, end)
        if end - body <= FRAME_BYTES_MAX:
            if len(frames) >= FRAMES_KEPT_MAX:
                frames.clear()
            frames[end - body] = frame
    scan.used = frame.used
    ids = [scan.names[name] for name, _ in frame.documents]
    return frame.hash(scan.data, body, scan.symbols), ids, end


def _frame(scan: Scan, position: int, end: int) -> InfoFrame:
    """What the members between two positions are; DoubtError when they are no transactionInfo."""
    data = scan.data
    statements, at = _statements(scan, scan.member(b"statements", position))
    documents: list[tuple[int, bytes]] = []
    if at < end:
        documents, at = _documents(scan, scan.member(b"documents", at))
    if at != end:
        raise DoubtError
    pieces: list[tuple[int, int, bytes]] = []
    at = position
    for _, *holes in statements:
        for hole, hole_end in (holes[:2], holes[2:]):
            pieces.append((at - position, hole - position, data[at:hole]))
            at = hole_end
    pieces.append((at - position, end - position, data[at:end]))
    moved = [
        Statement(text, *[place - position for place in places]) for text, *places in statements
    ]
    return InfoFrame(tuple(pieces), tuple(moved), tuple(documents), scan.used)


def _statements(scan: Scan, position: int) -> tuple[list[Statement], int]:
    """Those that ran, with places in the block, and where they end."""
    kind, at, end = header(scan.data, position)
    found: list[Statement] = []
    while at < end:
        statement, at = _statement(scan, at)
        found.append(statement)
    if kind != LIST or at != end:
        raise DoubtError
    return found, end


def _statement(scan: Scan, position: int) -> tuple[Statement, int]:
    data = scan.data
    struct, at, end = header(data, position)
    string, text, text_end = header(data, scan.member(b"statement", at))
    moment, time, time_end = header(data, scan.member(b"startTime", text_end))
    blob = scan.member(b"statementDigest", time_end)
    digest = blob + len(HASH)
    if (struct, string, moment, data[blob:digest]) != (STRUCT, STRING, TIMESTAMP, HASH):
        raise DoubtError
    if time_end - time >= LONG or digest + HASH_SIZE != end:
        raise DoubtError
    digest_of_text = _text_digest(_TEXT, data[text:text_end])
    return Statement(digest_of_text, time, time_end, digest, end), end


def _documents(scan: Scan, position: int) -> tuple[list[tuple[int, bytes]], int]:
    """The symbol of each document, what table and statements add to its hash; where they end."""
    data = scan.data
    kind, at, end = header(data, position)
    found: list[tuple[int, bytes]] = []
    while at < end:
        name, value = number(data, at)
        scan.use(name)
        struct, body, at = header(data, value)
        if struct != STRUCT:
            raise DoubtError
        found.append((name, _document(scan, body, at)))
    if kind != STRUCT or at != end or not found or len(dict(found)) < len(found):
        raise DoubtError
    return found, end


def _document(scan: Scan, position: int, end: int) -> bytes:
    data = scan.data
    name_kind, name, name_end = header(data, scan.member(b"tableName", position))
    id_kind, table_id, id_end = header(data, scan.member(b"tableId", name_end))
    list_kind, places, places_end = header(data, scan.member(b"statements", id_end))
    if (name_kind, id_kind, list_kind, places_end) != (STRING, STRING, LIST, end):
        raise DoubtError
    digests = [
        _text_digest(_TABLE_NAME, data[name:name_end]),
        _text_digest(_TABLE_ID, data[table_id:id_end]),
        sha256(_STATEMENTS + _serialized_places(data[places:end])).digest(),
    ]
    return serialized_struct(digests)


def _serialized_places(written: bytes) -> bytes:
    """What the numbers in a list, and its end, add to its hash."""
    parts: list[bytes] = []
    at = 0
    while at < len(written):
        kind, body, at = header(written, at)
        if kind != INT:
            raise DoubtError
        require_form(INT, written[body:at])
        parts.append(b"\x0b\x20" + escape(written[body:at]) + END)
    if at != len(written):
        raise DoubtError
    return b"".join(parts) + END


@lru_cache(TEXTS_CACHED_MAX)
def _text_digest(opening: bytes, text: bytes) -> bytes:
    """What a member that is a text adds to hashes."""
    text.decode()
    return sha256(opening + escape(text) + END).digest()
