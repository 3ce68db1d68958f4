"""What a block tells of its revisions, taken out of its bytes where the layout has it.

Blocks as `block_binary` lays them out differ in ids, times, hashes, lengths and documents; all else
is compared. So a block whose parts are given is one that the decoder takes too, with the same
values, but for the documents' data, which are for the decoder. A block that is laid out in another
way has no parts here: one of QLDB's, one with a redaction, and whatever is damaged.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from runtime.ledger.block_patterns import (
    BEFORE_IDS,
    FIRST_ID_NUMBER,
    FIXED_SYMBOLS,
    HEAD,
    MARKER_AND_HEADERS,
    METADATA,
    OTHER_IDS,
    RAN,
    REVISION,
    REVISIONS,
    SECOND_BYTES,
)
from runtime.ledger.block_symbols import NUMBER_MAX
from runtime.ledger.block_tables import OTHERWISE, size, table_names
from runtime.ledger.ion_binary import SYSTEM_SYMBOLS, VERSION_MARKER, texts
from runtime.ledger.ion_parts import string, typed, uint

KEPT_MAX: Final = 128
"""Symbol tables known at a time, and transactionInfos; when there are more all are forgotten."""
KEPT_BYTES_MAX: Final = 4_096
"""Larger ones are not kept."""
SECONDS_CACHED_MAX: Final = 64

_ID_SIZE: Final = 24
"""Of an id as it is written, a string of 22 bytes."""
_FIRST_ID: Final = MARKER_AND_HEADERS + len(BEFORE_IDS)
_LIST, _STRUCT, _ANNOTATED = 11, 13, 14
_METADATA: Final = (b"metadata", b"id", b"version", b"txTime", b"txId")


Data = list[bytes | None]
"""Of each document as they are written; None when it was deleted."""
Rest = list[tuple[Any, ...]]
"""Of each: sequence_no, strand_id, table_name, document_id, version, tx_id, tx_time, hash."""
Parts = tuple[bytes, Data, Rest]
"""Of one block; first the version marker and symbols that the data refer to, perhaps another's."""


class _Tail(NamedTuple):
    """The symbols behind the ids: equal in blocks whose documents have the same names."""

    opening: bytes
    """The block up to the text of its first id."""
    symbols: bytes
    """All symbols, with the ids of one of the blocks."""
    behind: bytes
    """All symbols that are behind the first id, where it is the only one."""
    ids: list[bytes]
    """The numbers of the ids, as names."""
    revisions: bytes
    """The number of that name, as those that follow."""
    hash: bytes
    metadata: tuple[bytes, ...]
    """Of metadata, id, version, txTime, txId."""
    data: bytes | None
    """None where all documents were deleted."""


class PartsReader:
    """Takes out parts, remembering what many blocks have in common; for one thread."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._last: _Tail | None = None
        """The newest of blocks with one document."""
        self._tails: dict[tuple[int, bytes], _Tail] = {}
        self._tables: dict[tuple[int | bytes, ...], list[str]] = {}

    def parts(self, block: bytes) -> Parts | None:
        """The parts of a block; None when it is for the decoder."""
        try:
            return self._parts(block)
        except (IndexError, ValueError):
            return None

    def _parts(self, block: bytes) -> Parts | None:
        start, tail, written = self._symbols(block)
        head = HEAD.match(block, start)
        if tail is None or head is None:
            return None
        block_size, address, strand_id, number, tx_id, info_size = head.groups()
        info = head.end()
        revisions = info + 1 + len(info_size) + size(info_size)
        listed = REVISIONS.match(block, revisions)
        if (
            listed is None
            or listed[1] != tail.revisions
            or address[1] & 0x7F != len(address) - 2
            or head.end(1) + size(block_size) != len(block)
            or listed.end() + size(listed[2]) != len(block)
        ):
            return None
        ids = [written[2:_ID_SIZE]]
        if len(tail.ids) > 1:
            ids = [written[n + 2 : n + _ID_SIZE] for n in range(0, len(written), _ID_SIZE)]
        tables = self._table_names(tail.ids, block[info:revisions])
        place = int.from_bytes(number[1:], "big"), strand_id.decode("ascii")
        data: Data = []
        rest: Rest = []
        end = listed.end()
        for own_id, table in zip(ids, tables, strict=True):
            end, own, others = _revision(block, end, tail, address, own_id, tx_id)
            data.append(own)
            rest.append((*place, table, *others))
        if end != len(block):
            return None
        for named in tail.ids:
            for each in data:
                if each and named in each:
                    return block[:start], data, rest
        return tail.symbols, data, rest

    def _symbols(self, block: bytes) -> tuple[int, _Tail | None, bytes]:
        """Where a block's symbols end, those behind the ids, and the ids as they are written."""
        behind = _FIRST_ID + _ID_SIZE
        last = self._last
        if last and block.startswith(last.opening) and block.startswith(last.behind, behind):
            return len(last.symbols), last, block[_FIRST_ID:behind]
        end = 7 + (block[5] << 7 | block[6] & 0x7F)
        more = OTHER_IDS.match(block, behind, end)
        if more is None:
            return end, None, b""
        ids = block[_FIRST_ID:behind] + more[1]
        key = len(ids) // _ID_SIZE, block[more.end() : end]
        tail = self._tails.get(key) or _tail(*key, block[:end])
        if tail is None or not block.startswith(tail.opening):
            return end, None, b""
        if len(self._tails) >= KEPT_MAX:
            self._tails.clear()
        self._tails[key] = tail
        if len(tail.ids) == 1:
            self._last = tail
        return end, tail, ids

    def _table_names(self, ids: list[bytes], info: bytes) -> list[str]:
        """The table of each document, as a transactionInfo tells.

        It is not looked into where there was one that differed in times and digests alone.
        """
        key = (len(ids), *RAN.split(info))
        names = self._tables.get(key)
        if names is None:
            names = table_names(info, ids)
            if len(self._tables) >= KEPT_MAX:
                self._tables.clear()
            if len(info) <= KEPT_BYTES_MAX:
                self._tables[key] = names
        return names


def _tail(count: int, tail: bytes, symbols: bytes) -> _Tail | None:
    table = typed(_STRUCT, b"\x87" + typed(_LIST, symbols[MARKER_AND_HEADERS:]))
    found = texts(tail)
    if (
        VERSION_MARKER + typed(_ANNOTATED, b"\x81\x83" + table) != symbols
        or b"".join([string(each.decode()) for each in found]) != tail
        or FIXED_SYMBOLS + count + len(found) > NUMBER_MAX
    ):
        return None
    numbers = {text: uint(n) for n, text in enumerate(found, FIXED_SYMBOLS + count + 1)}
    numbers[b"version"] = uint(SYSTEM_SYMBOLS.index(b"version") + 1)
    if not numbers.keys() >= {b"revisions", b"hash", *_METADATA}:
        return None
    return _Tail(
        opening=symbols[: _FIRST_ID + 2],
        symbols=symbols,
        behind=symbols[_FIRST_ID + _ID_SIZE :],
        ids=[uint(FIRST_ID_NUMBER), *[uint(FIXED_SYMBOLS + n + 1) for n in range(1, count)]],
        revisions=numbers[b"revisions"],
        hash=numbers[b"hash"],
        metadata=tuple([numbers[name] for name in _METADATA]),
        data=numbers.get(b"data"),
    )


def _revision(
    block: bytes, position: int, tail: _Tail, address: bytes, document_id: bytes, tx_id: bytes
) -> tuple[int, bytes | None, tuple[Any, ...]]:
    """The revision at a position: where it ends, its data and the rest of it."""
    revision = REVISION.match(block, position)
    if revision is None:
        raise ValueError(OTHERWISE)
    own_size, own_address, hash_name, own_hash, name, data_size = revision.groups()
    if name == tail.data:
        start = revision.end(5)
        end = revision.end() + (size(data_size) if data_size else block[start] & 0x0F)
        data = block[start:end]
    else:
        end, data = revision.start(5), None
    metadata = METADATA.match(block, end)
    if metadata is None:
        raise ValueError(OTHERWISE)
    meta_size, own_id, version, moment, own_tx_id = metadata.group(2, 4, 6, 8, 10)
    end = metadata.end()
    if (
        own_address != address
        or own_id != document_id
        or own_tx_id != tx_id
        or hash_name != tail.hash
        or metadata.group(1, 3, 5, 7, 9) != tail.metadata
        or metadata.end(2) + (meta_size[0] & 0x7F) != end
        or revision.end(1) + size(own_size) != end
    ):
        raise ValueError(OTHERWISE)
    tx_time = _second(moment[:SECOND_BYTES]) + _milliseconds(moment[SECOND_BYTES:])
    others = (
        document_id.decode("ascii"),
        int.from_bytes(version[1:], "big"),
        tx_id.decode("ascii"),
        tx_time,
        own_hash,
    )
    return end, data, others


@lru_cache(SECONDS_CACHED_MAX)
def _second(written: bytes) -> datetime:
    """A time up to its second, that the pattern has taken."""
    _, high, low, *parts, _ = written
    month, day, hour, minute, second = [part & 0x7F for part in parts]
    return datetime(high << 7 | low & 0x7F, month, day, hour, minute, second, tzinfo=UTC)


@lru_cache(1_000)
def _milliseconds(written: bytes) -> timedelta:
    return timedelta(milliseconds=int.from_bytes(written, "big"))
