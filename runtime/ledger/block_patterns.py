"""Patterns of the pieces of a block as `block_binary` lays it out, between parts of any length.

They take only what the decoder takes as well: moments that there are, lengths that fit. Numbers of
symbols are the same in every block up to the ids of its documents; those behind are captured.
"""

import re
from typing import Final

from runtime.ledger.block_symbols import block_numbers
from runtime.ledger.ion_binary import SYSTEM_SYMBOLS, VERSION_MARKER, texts

_PLACEHOLDER: Final = bytes(22)
_FIRST_OF_TAIL: Final = b"\x89revisions"


def _fixed() -> tuple[dict[str, bytes], bytes, bytes]:
    """The numbers of names, and the symbols as they are written before and behind the first id."""
    numbers = block_numbers((None,), 1, ran=True)
    if numbers is None:
        raise AssertionError("a deletion has few symbols")
    before, behind = numbers.table([_PLACEHOLDER]).split(b"\x8e\x96" + _PLACEHOLDER)
    return numbers.names, before, behind[: behind.index(_FIRST_OF_TAIL)]


_NAMES, BEFORE_IDS, _BEHIND_ID = _fixed()
MARKER_AND_HEADERS: Final = len(VERSION_MARKER) + 12
"""Bytes before the first symbol: a table of 128 bytes to 16 kB has three headers in twelve."""
FIRST_ID_NUMBER: Final = len(SYSTEM_SYMBOLS) + len(texts(BEFORE_IDS)) + 1
FIXED_SYMBOLS: Final = FIRST_ID_NUMBER - 1 + len(texts(_BEHIND_ID))
"""Those before the tail of the table, without the ids."""


def _name(text: str) -> bytes:
    return re.escape(_NAMES[text])


def _pattern(*pieces: bytes) -> re.Pattern[bytes]:
    return re.compile(b"".join(pieces), re.DOTALL)


_SIZE: Final = rb"[\x00-\x7f]{0,2}[\x80-\xff]"
_INT: Final = rb"\x20|\x21.|\x22.{2}|\x23.{3}|\x24.{4}|\x25.{5}"
_ID: Final = rb"\x8e\x96(.{22})"
_HASH: Final = rb"\xae\xa0.{32}"
_HASH_OR_NONE: Final = rb"(?:\xae\xa0.{32}|\xa0)"
_LEAP_YEARS: Final = re.escape(bytes(range(0x80, 0x100, 4)))
_DAY: Final = (
    rb"\x80(?:[\x01-\x4d][\x80-\xff](?:[\x81-\x8c][\x81-\x9c]|[\x81\x83-\x8c][\x9d\x9e]"
    rb"|[\x81\x83\x85\x87\x88\x8a\x8c]\x9f)|\x0f[" + _LEAP_YEARS + rb"]\x82\x9d)"
)
"""UTC, year, month, day; of leap days those from 1920 to 2044."""
_SECOND: Final = _DAY + rb"[\x80-\x97][\x80-\xbb][\x80-\xbb]\xc3"
SECOND_BYTES: Final = 9
"""Of a moment up to its second; its milliseconds follow, in no byte, one or two."""
_MOMENT: Final = (
    rb"(?:(?<=\x69)" + _SECOND + rb"|(?<=\x6a)" + _SECOND + rb"[\x01-\x7f]"
    rb"|(?<=\x6b)" + _SECOND + rb"(?:\x00[\x80-\xff]|[\x01\x02].|\x03[\x00-\xe7]))"
)
_ADDRESS: Final = b"".join(
    (
        rb"(\xde[\x80-\xff]" + _name("strandId") + _ID,
        _name("sequenceNo") + rb"(%b))" % _INT,
    )
)

HEAD: Final = _pattern(
    rb"\xde(%b)" % _SIZE,
    _name("blockAddress") + _ADDRESS,
    _name("transactionId") + _ID,
    _name("blockTimestamp") + rb"[\x69-\x6b]" + _MOMENT,
    _name("blockHash") + _HASH,
    _name("entriesHash") + _HASH,
    _name("previousBlockHash") + _HASH_OR_NONE,
    _name("entriesHashList") + rb"\xbe\xe7%b%b\xa0%b" % (_HASH, _HASH, _HASH),
    _name("transactionInfo") + rb"(?=\xde(%b))" % _SIZE,
)
"""A block up to its transactionInfo.

Groups: the size of the block, its address, the strand's id, the number, the transaction's id, the
size of the transactionInfo.
"""
INFO: Final = _pattern(rb"\xde(%b)" % _SIZE, _name("statements") + rb"\xbe(%b)" % _SIZE)
STATEMENT: Final = _pattern(
    rb"\xde(%b)" % _SIZE, _name("statement") + rb"(?:\x8e(%b)|[\x80-\x8d])" % _SIZE
)
"""A statement up to its text."""
RAN: Final = _pattern(
    _name("startTime") + rb"([\x69-\x6b])" + _MOMENT,
    _name("statementDigest") + _HASH,
)
"""What follows the text: when the statement began, and its digest. No text has such bytes."""
DOCUMENTS: Final = _pattern(_name("documents") + rb"\xde(%b)" % _SIZE)
DOCUMENT: Final = _pattern(
    rb"(.)\xde(%b)" % _SIZE, _name("tableName") + rb"(?:\x8e(%b)|[\x80-\x8d])" % _SIZE
)
"""A document up to its table's name; its id is the name whose number is captured first."""
TABLE_ID: Final = _pattern(
    _name("tableId") + rb"\x8e\x96[0-9A-Za-z]{22}",
    _name("statements") + rb"(?:\xbe(%b)|[\xb0-\xbd])" % _SIZE,
)
"""What follows that, up to the numbers of the document's statements."""
INTEGERS: Final = _pattern(rb"(?:%b)*" % _INT)
REVISIONS: Final = _pattern(rb"(.)\xbe(%b)" % _SIZE)
"""Groups: the number of the name, the size of the list."""
REVISION: Final = _pattern(
    rb"\xde(%b)" % _SIZE,
    _name("blockAddress") + rb"(\xde[\x80-\xff]" + _name("strandId") + rb"\x8e\x96.{22}",
    _name("sequenceNo") + rb"(?:%b))(.)\xae\xa0(.{32})" % _INT,
    rb"(.)(?:\xde(%b)|[\xd0\xd2-\xdd])" % _SIZE,
)
"""A revision up to its second struct, which are its data or, where there are none, its metadata.

Groups: its size, its address, the number of `hash`, the hash, the number of the struct's name, the
struct's size where its first byte does not tell it.
"""
METADATA: Final = _pattern(
    rb"(.)\xde([\x80-\xff])(.)%b(.)(%b)(.)[\x69-\x6b](%b)(.)%b" % (_ID, _INT, _MOMENT, _ID)
)
"""Groups: the numbers of names (1, 3, 5, 7, 9), the size (2), id (4), version (6), txTime (8) and
txId (10)."""
OTHER_IDS: Final = _pattern(re.escape(_BEHIND_ID) + rb"((?:\x8e\x96.{22})*)(?=%b)" % _FIRST_OF_TAIL)
"""What follows the first id, up to the tail of the table."""
