"""The tables of a block's documents, taken out of its transactionInfo where the layout has it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from runtime.ledger.block_patterns import (
    DOCUMENT,
    DOCUMENTS,
    INFO,
    INTEGERS,
    RAN,
    STATEMENT,
    TABLE_ID,
)

SIZES_CACHED_MAX: Final = 4_096
OTHERWISE: Final = "a block that is laid out in another way"


def table_names(info: bytes, ids: Sequence[bytes]) -> list[str]:
    """The table of each document, given the numbers of their ids; ValueError if laid out otherwise.

    `info` is the struct as it is written. Whatever is not told of it is checked all the same.
    """
    opening = INFO.match(info)
    if opening is None or opening.end(1) + size(opening[1]) != len(info):
        raise ValueError(OTHERWISE)
    position = opening.end()
    end = position + size(opening[2])
    while position < end:
        position = _statement(info, position)
    listed = DOCUMENTS.match(info, position)
    if listed is None or position != end or listed.end() + size(listed[1]) != len(info):
        raise ValueError(OTHERWISE)
    position, names = listed.end(), list[str]()
    for number in ids:
        name, position = _document(info, position, number)
        names.append(name)
    if position != len(info):
        raise ValueError(OTHERWISE)
    return names


@lru_cache(SIZES_CACHED_MAX)
def size(written: bytes) -> int:
    """A size as it is written behind the first byte of a value."""
    value = 0
    for byte in written:
        value = value << 7 | byte & 0x7F
    return value


def _statement(info: bytes, position: int) -> int:
    """Where the statement at a position ends."""
    found = STATEMENT.match(info, position)
    if found is None:
        raise ValueError(OTHERWISE)
    text_end = found.end() + _body(found[2], info[found.end() - 1])
    info[found.end() : text_end].decode()
    ran = RAN.match(info, text_end)
    if ran is None or ran.end() != found.end(1) + size(found[1]):
        raise ValueError(OTHERWISE)
    return ran.end()


def _document(info: bytes, position: int, number: bytes) -> tuple[str, int]:
    """The table of the document at a position, and where that ends."""
    found = DOCUMENT.match(info, position)
    if found is None or found[1] != number:
        raise ValueError(OTHERWISE)
    name_end = found.end() + _body(found[3], info[found.end() - 1])
    table = TABLE_ID.match(info, name_end)
    if table is None:
        raise ValueError(OTHERWISE)
    end = table.end() + _body(table[1], info[table.end() - 1])
    statements = INTEGERS.fullmatch(info, table.end(), end)
    if statements is None or end != found.end(2) + size(found[2]):
        raise ValueError(OTHERWISE)
    return info[found.end() : name_end].decode(), end


def _body(written: bytes | None, head: int) -> int:
    """How long the body of a value is, by its size where that is written or its first byte."""
    return head & 0x0F if written is None else size(written)
