"""The symbol tables of encoded values: what the numbers in a value mean, and where it begins."""

from functools import lru_cache
from typing import Final

from runtime.ledger.verify.headers import header
from runtime.ledger.verify.symbols import SYSTEM, UNKNOWN, DoubtError, symbol
from runtime.ledger.verify.written import (
    ANNOTATED,
    ID,
    ID_SIZE,
    LIST,
    MARKER,
    STRING,
    STRUCT,
    field,
)

SHAPES_CACHED_MAX: Final = 1_024
PIECES_CACHED_MAX: Final = 1_024
OPENINGS_CACHED_MAX: Final = 256
OPENING_BYTES_MAX: Final = 32
"""As many as there can be before the texts of a symbol table, and some more."""
_TABLE: Final = b"\x81\x83"
"""One annotation: $ion_symbol_table."""
_SYMBOLS_FIELD: Final = b"\x87"
_SYSTEM_SYMBOLS: Final = (b"\x0b\x71\x0e", *map(symbol, SYSTEM[1:]))


class Shape:
    """What symbol tables have in common that differ in ids alone."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        """The texts around ids, as written; DoubtError when they are not whole or not distinct."""
        names, symbols = [*SYSTEM], [*_SYSTEM_SYMBOLS]
        ids: list[int] = []
        for position, piece in enumerate(pieces):
            if position:
                ids.append(len(names))
                names.append(UNKNOWN)
                symbols.append(b"")
            more_names, more_symbols = _texts(piece)
            names += more_names
            symbols += more_symbols
        self.names, self.symbols = names, symbols
        """The text of each symbol, and what it adds to hashes; those of ids are not known here."""
        self.ids = ids
        """The numbers of the ids."""
        self.numbers = {name: number for number, name in enumerate(names)}
        self.before, self.after = pieces[0] + ID, pieces[-1]
        """What stands around the id, where there is one."""
        if len(self.numbers) + len(ids) != len(names):
            raise DoubtError

    def field(self, name: bytes) -> bytes:
        """What is written before a member of this name; KeyError when there is none."""
        return field(self.numbers[name])


def shape_of(table: bytes) -> tuple[Shape, list[bytes]]:
    """The shape of a symbol table, given its texts as written, and the ids in it."""
    shape = _LAST.get(len(table))
    if shape is not None and table.startswith(shape.before) and table.endswith(shape.after):
        text = table[len(shape.before) : len(shape.before) + ID_SIZE]
        if text.isalnum():
            return shape, [text]
    shape, ids = _around_ids(table)
    if len(ids) == 1:
        if len(_LAST) >= SHAPES_CACHED_MAX:
            _LAST.clear()
        _LAST[len(table)] = shape
    return shape, ids


_LAST: Final[dict[int, Shape]] = {}
"""The last shape with one id by the size of the table."""


def _around_ids(table: bytes) -> tuple[Shape, list[bytes]]:
    """The shape by the pieces between what looks like an id."""
    first, *others = table.split(ID)
    pieces, ids = [first], list[bytes]()
    for other in others:
        text = other[:ID_SIZE]
        if len(text) == ID_SIZE and text.isalnum():
            ids.append(text)
            pieces.append(other[ID_SIZE:])
        else:
            pieces[-1] += ID + other
    try:
        if len(set(ids)) == len(ids):
            return _shape(tuple(pieces)), ids
    except (DoubtError, LookupError, UnicodeDecodeError):
        # What looks like an id may be within a longer text: then the pieces are not whole.
        pass
    return Shape((table,)), []


@lru_cache(SHAPES_CACHED_MAX)
def _shape(pieces: tuple[bytes, ...]) -> Shape:
    return Shape(pieces)


@lru_cache(PIECES_CACHED_MAX)
def _texts(written: bytes) -> tuple[list[bytes], list[bytes]]:
    """Strings that follow one another, and what they add to hashes; DoubtError unless whole."""
    texts: list[bytes] = []
    position = 0
    while position < len(written):
        kind, body, position = header(written, position)
        if position > len(written):
            raise DoubtError
        text = written[body:position]
        text.decode()
        texts.append(text)
        if kind != STRING:
            raise DoubtError
    return texts, [*map(symbol, texts)]


def has_table(data: bytes) -> bool:
    """Whether a stream begins with a symbol table."""
    try:
        texts_of(data[:OPENING_BYTES_MAX])
    except DoubtError:
        return False
    return True


@lru_cache(OPENINGS_CACHED_MAX)
def texts_of(opening: bytes) -> tuple[int, int]:
    """Where the texts of a symbol table begin and end, given the first bytes of the stream.

    DoubtError when it is not a table like the encoder's.
    """
    if not opening.startswith(MARKER):
        raise DoubtError
    annotated, body, end = header(opening, len(MARKER))
    if not opening.startswith(_TABLE, body):
        raise DoubtError
    struct, body, struct_end = header(opening, body + len(_TABLE))
    if not opening.startswith(_SYMBOLS_FIELD, body):
        raise DoubtError
    listed, texts, list_end = header(opening, body + len(_SYMBOLS_FIELD))
    if (annotated, struct, listed) != (ANNOTATED, STRUCT, LIST):
        raise DoubtError
    if not end == struct_end == list_end:
        raise DoubtError
    return texts, end
