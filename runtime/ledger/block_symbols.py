"""The numbers that symbols have in a block and in a revision: in order of first use."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from runtime.ledger.ion_binary import SYSTEM_SYMBOLS, Hashed, texts
from runtime.ledger.ion_parts import string, uint

LAYOUTS_CACHED_MAX: Final = 128
TABLES_BYTES_MAX: Final = 4_096
"""Of the tables of all data of a block: the numbers of larger ones are not worked out."""
NUMBER_MAX: Final = 0x7F
"""That one byte has."""
_HIGH: Final = 0x80
"""Set in the last byte of a field's or an annotation's number, not in that of a symbol."""
_ADDRESS: Final = (b"blockAddress", b"strandId", b"sequenceNo")
_BLOCK: Final = (
    *_ADDRESS,
    *(b"transactionId", b"blockTimestamp", b"blockHash", b"entriesHash", b"previousBlockHash"),
    *(b"entriesHashList", b"transactionInfo", b"statements"),
)
_STATEMENT: Final = (b"statement", b"startTime", b"statementDigest")
_DOCUMENT: Final = (b"tableName", b"tableId")
_METADATA: Final = (b"metadata", b"id", b"version", b"txTime", b"txId")

Table = bytes | None
"""A document's symbols as they are written; None for a deletion."""


class Numbers:
    """The symbols of a stream as it is written, in order."""

    def __init__(self) -> None:
        """The system's alone."""
        self.names: dict[str, bytes] = {}
        """The number of each name, as it is written before a field."""
        self.texts: set[bytes] = set()
        """Every symbol but the ids of documents."""
        self.ids: list[bytes] = []
        """The numbers of the documents' ids, as names."""
        self._by_text = {text: number for number, text in enumerate(SYSTEM_SYMBOLS, 1)}
        self._count = len(SYSTEM_SYMBOLS)
        self._pieces = [b""]
        """The table as it is written; the ids belong between the pieces."""
        self._moved: dict[bytes, bytes] = {}

    def use(self, symbols: Iterable[bytes]) -> None:
        """Symbols are used, for the first time or again."""
        for text in symbols:
            if text not in self._by_text:
                self._count += 1
                self._by_text[text] = self._count
                self._pieces[-1] += string(text.decode())

    def use_id(self) -> None:
        """The id of one more document is used."""
        self._count += 1
        self.ids.append(uint(self._count))
        self._pieces.append(b"")

    def use_table(self, table: bytes) -> None:
        """The symbols of a document are used, in the order of its own table."""
        own = texts(table)
        self.use(own)
        moved = bytearray(range(256))
        for number, text in enumerate(own, len(SYSTEM_SYMBOLS) + 1):
            new = self._by_text[text] & NUMBER_MAX
            if number <= NUMBER_MAX:
                moved[number], moved[number | _HIGH] = new, new | _HIGH
        self._moved[table] = bytes(moved)

    def complete(self) -> bool:
        """Nothing more is used; whether each number has one byte."""
        self.texts = set(self._by_text)
        self.names = {text.decode(): uint(number) for text, number in self._by_text.items()}
        return self._count <= NUMBER_MAX

    def table(self, ids: Iterable[bytes]) -> bytes:
        """The symbols as they are written, given the documents' ids."""
        first, *others = self._pieces
        written = [string(each.decode()) + more for each, more in zip(ids, others, strict=True)]
        return first + b"".join(written)

    def renumbered(self, data: Hashed) -> bytes:
        """A document's data with these numbers."""
        moved, written = self._moved[data.table], bytearray(data.ion)
        for place in data.places:
            written[place] = moved[written[place]]
        return bytes(written[data.start :])


@lru_cache(LAYOUTS_CACHED_MAX)
def block_numbers(tables: tuple[Table, ...], documents: int, ran: bool) -> Numbers | None:
    """Those of a block; None when they are too many.

    `tables` are the different ones of its revisions in order, `ran` tells whether it has
    statements.
    """
    numbers = Numbers()
    numbers.use(_BLOCK)
    if ran:
        numbers.use(_STATEMENT)
    numbers.use((b"documents",))
    for _ in range(documents):
        numbers.use_id()
        numbers.use(_DOCUMENT)
    numbers.use((b"revisions", b"hash"))
    for table in tables:
        _use_revision(numbers, table)
    return numbers if numbers.complete() else None


@lru_cache(LAYOUTS_CACHED_MAX)
def revision_numbers(table: Table) -> Numbers:
    """Those of a revision as a stream of its own; it has fewer than its block."""
    numbers = Numbers()
    numbers.use((*_ADDRESS, b"hash"))
    _use_revision(numbers, table)
    numbers.complete()
    return numbers


def _use_revision(numbers: Numbers, table: Table) -> None:
    if table is not None:
        numbers.use((b"data",))
        numbers.use_table(table)
    numbers.use(_METADATA)
