"""The layout of Ion binary, read without decoding: which records to skip, and which not to touch.

Two needs. Block summaries are as many as revisions and are not decoded at all. And amazon.ion 0.15
never returns from some bytes in which a value ends behind the container it is in.
"""

from collections.abc import Iterator

VERSION_MARKER = b"\xe0\x01\x00\xea"
DEPTH_MAX = 64
"""Containers within containers; QLDB's records with an ad have six."""

_BLOCK_SUMMARY = b"\x8dBLOCK_SUMMARY"
"""The Ion string, its type and length in front."""
_BOOL, _LIST, _SEXP, _STRUCT, _ANNOTATED, _RESERVED = 0x1, 0xB, 0xC, 0xD, 0xE, 0xF
_LENGTH_FOLLOWS, _NULL = 0xE, 0xF
_SORTED_STRUCT = 0xD1


def is_block_summary(record: bytes) -> bool:
    """Whether the record's type says so.

    The words may also stand in a title: only a value of the outermost struct counts.
    """
    found = record.find(_BLOCK_SUMMARY)
    return found != -1 and found in _outermost_values(record)


def is_whole(record: bytes) -> bool:
    """Whether every value ends within the container it is in, and the last one with the record."""
    try:
        return _ends_within(record, len(VERSION_MARKER), len(record), False, DEPTH_MAX)
    except IndexError:
        return False


def _ends_within(record: bytes, at: int, end: int, named: bool, depth: int) -> bool:
    """Whether the values from here on end exactly at `end`; a struct's have names in front."""
    while at < end:
        if named:
            at = _var_uint(record, at)[1]
        start, behind = _body(record, at)
        kind = record[at] >> 4
        if behind > end or kind == _RESERVED:
            return False
        if kind >= _LIST and start < behind:
            if kind == _ANNOTATED:
                start = _behind_annotations(record, start)
            if depth == 0 or not _ends_within(record, start, behind, kind == _STRUCT, depth - 1):
                return False
        at = behind
    return at == end


def _behind_annotations(record: bytes, start: int) -> int:
    length, names = _var_uint(record, start)
    return names + length


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
