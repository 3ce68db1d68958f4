"""Block summaries told from other records by the layout of Ion binary, without decoding them.

They are as many as revisions, and larger; no projection needs them.
"""

from collections.abc import Iterator

VERSION_MARKER = b"\xe0\x01\x00\xea"

_BLOCK_SUMMARY = b"\x8dBLOCK_SUMMARY"
"""The Ion string, its type and length in front."""
_BOOL, _ANNOTATED = 0x1, 0xE
_LENGTH_FOLLOWS, _NULL = 0xE, 0xF
_SORTED_STRUCT = 0xD1


def is_block_summary(record: bytes) -> bool:
    """Whether the record's type says so.

    The words may also stand in a title: only a value of the outermost struct counts.
    """
    found = record.find(_BLOCK_SUMMARY)
    return found != -1 and found in _outermost_values(record)


def _outermost_values(record: bytes) -> Iterator[int]:
    """Offsets of the field values of the first struct; none where there is no such struct."""
    try:
        at = len(VERSION_MARKER)
        if record[at] >> 4 == _ANNOTATED:  # The local symbol table.
            at = _body(record, at)[1]
        at, end = _body(record, at)
        while at < end:
            at = _var_uint(record, at)[1]
            yield at
            at = _body(record, at)[1]
    except IndexError:
        return


def _body(record: bytes, at: int) -> tuple[int, int]:
    """Where the value that starts here has its body, and where it ends."""
    kind, length = record[at] >> 4, record[at] & 0xF
    if kind == _BOOL or length == _NULL:
        return at + 1, at + 1
    if length == _LENGTH_FOLLOWS or record[at] == _SORTED_STRUCT:
        length, start = _var_uint(record, at + 1)
        return start, start + length
    return at + 1, at + 1 + length


def _var_uint(record: bytes, at: int) -> tuple[int, int]:
    """An Ion VarUInt and the offset behind it."""
    value = 0
    while record[at] < 0x80:
        value = value << 7 | record[at]
        at += 1
    return value << 7 | record[at] & 0x7F, at + 1
