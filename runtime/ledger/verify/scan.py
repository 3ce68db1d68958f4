"""Ion hashes straight from the bytes of a value, and whether these are the one way to write it.

An implementation of its own, so that what seals blocks is not checked by itself. Of everything
that Ion binary allows, only what the ledger's encoder writes passes: shortest lengths, symbols in
the order in which they are first used, none that is not used, no padding. `DoubtError` leaves the
bytes to the strict check.
"""

from hashlib import sha256
from itertools import groupby
from typing import Final

from runtime.ledger.verify.forms import require_form
from runtime.ledger.verify.headers import header, number, size
from runtime.ledger.verify.shapes import OPENING_BYTES_MAX, Shape, shape_of, texts_of
from runtime.ledger.verify.symbols import (
    END,
    SYSTEM,
    DoubtError,
    escape,
    id_symbol,
    serialized_struct,
)
from runtime.ledger.verify.written import ANNOTATED, INT, LIST, MARKER, NEGATIVE, STRUCT, SYMBOL

DIGESTS_CACHED_MAX: Final = 2_048
DIGEST_CONTENT_BYTES_MAX: Final = 40
DIGESTS: Final[dict[bytes, bytes]] = {}
"""What short members add to hashes, by symbol and written value: most are seen again and again."""
_OPENINGS: Final = [bytes((0x0B, kind << 4)) for kind in range(16)]
_CODED: Final = [bytes((0x0B, head, 0x0E)) for head in range(256)]
DEPTH_MAX: Final = 128
"""Containers within containers."""


class Scan:
    """The bytes of one encoded value and the symbols it uses."""

    __slots__ = ("data", "names", "shape", "start", "symbols", "used")

    def __init__(self, data: bytes) -> None:
        """Read the symbol table; DoubtError when there is none like the encoder's."""
        texts, start = texts_of(data[:OPENING_BYTES_MAX])
        shape, ids = shape_of(data[texts:start])
        self._set(data, start, shape, ids)

    @classmethod
    def without_symbols(cls, data: bytes) -> "Scan":
        """The bytes of a value that needs no symbol table."""
        scan = cls.__new__(cls)
        scan._set(data, len(MARKER), *shape_of(b""))
        return scan

    def _set(self, data: bytes, start: int, shape: Shape, ids: list[bytes]) -> None:
        self.data, self.start, self.shape = data, start, shape
        self.names, self.symbols = shape.names, shape.symbols
        """The text of each symbol, and what it adds to hashes."""
        if ids:
            self.names, self.symbols = self.names.copy(), self.symbols.copy()
            for place, text in zip(shape.ids, ids, strict=True):
                self.names[place], self.symbols[place] = text, id_symbol(text)
        self.used = len(SYSTEM)
        """The first symbol that is not used yet."""

    def use(self, *symbols: int) -> None:
        """Symbols are used, in this order; DoubtError when a new one is not the table's next."""
        used = self.used
        for symbol in symbols:
            if symbol >= used:
                if symbol != used:
                    raise DoubtError
                used += 1
        self.used = used

    def member(self, name: bytes, position: int) -> int:
        """Where the value of a member begins; DoubtError when another one is at the position."""
        written = self.shape.field(name)
        if not self.data.startswith(written, position):
            raise DoubtError
        self.use(self.shape.numbers[name])
        return position + len(written)

    def check_all_used(self) -> None:
        """DoubtError when the table has symbols that no value uses."""
        if self.used != len(self.names):
            raise DoubtError

    def serialized(self, position: int, depth: int = 0) -> tuple[bytes, int]:
        """What the hash of the value at a position is made of, and where the value ends.

        `depth` says how many containers it is in; DoubtError when they become too many.
        """
        data = self.data
        head = data[position]
        kind = head >> 4
        if kind <= 1 or head & 0x0F == 15:
            if head not in _WITHOUT_BODY:
                raise DoubtError
            return _CODED[head], position + 1
        kind, body, end = header(data, position)
        if kind < LIST:
            if kind == SYMBOL:
                return self._symbol(body, end), end
            content = data[body:end]
            require_form(kind, content)
            return _OPENINGS[kind] + escape(content) + END, end
        if depth >= DEPTH_MAX or head == _ORDERED:
            raise DoubtError
        if kind == STRUCT:
            return serialized_struct(self.digests(body, end, depth + 1)), end
        if kind == ANNOTATED:
            return self._annotated(body, end, depth + 1), end
        parts = [_OPENINGS[kind]]
        while body < end:
            part, body = self.serialized(body, depth + 1)
            parts.append(part)
        if body != end or kind == 15:
            raise DoubtError
        parts.append(END)
        return b"".join(parts), end

    def digests(self, position: int, end: int, depth: int) -> list[bytes]:
        """What the members between two positions add to the hash of their struct."""
        data, symbols, known = self.data, self.symbols, DIGESTS.get
        found: list[bytes] = []
        names: list[int] = []
        while position < end:
            name = data[position] - 0x80
            position += 1
            if name < 0:
                name, position = number(data, position - 1)
            if name >= self.used:
                self._use_next(name, position)
            names.append(name)
            symbol = symbols[name]
            head = data[position]
            if head in _PLAIN:
                body = position + 1
                length = head & 0x0F
                if length == 14:
                    length, body = size(data, body)
                value, position = position, body + length
                if length > DIGEST_CONTENT_BYTES_MAX:
                    digest = plain_digest(symbol, head >> 4, data[body:position])
                else:
                    key = symbol + data[value:position]
                    digest = known(key)
                    if digest is None:
                        digest = plain_digest(symbol, head >> 4, data[body:position])
                        if len(DIGESTS) >= DIGESTS_CACHED_MAX:
                            DIGESTS.clear()
                        DIGESTS[key] = digest
            else:
                part, position = self.serialized(position, depth)
                digest = sha256(symbol + part).digest()
            found.append(digest)
        if position != end or not _are_grouped(names):
            raise DoubtError
        return found

    def _use_next(self, name: int, position: int) -> None:
        """A member with a new name and the value at a position: their symbols are used."""
        if self.data[position] >> 4 in _MAY_BE_SYMBOLS:
            self._use_own_symbol(position)
        self.use(name)

    def _use_own_symbol(self, position: int) -> None:
        """A value that is a symbol gets its number before its own annotations and field name."""
        data = self.data
        if data[position] >> 4 == ANNOTATED:
            _, body, _ = header(data, position)
            length, annotations = number(data, body)
            position = annotations + length
        if data[position] >> 4 == SYMBOL and data[position] & 0x0F != 15:
            _, body, end = header(data, position)
            self.use(int.from_bytes(data[body:end], "big"))

    def _symbol(self, body: int, end: int) -> bytes:
        if body == end:
            return b"\x0b\x71\x0e"
        symbol = int.from_bytes(self.data[body:end], "big")
        if not self.data[body]:
            raise DoubtError
        self.use(symbol)
        return self.symbols[symbol]

    def _annotated(self, position: int, end: int, depth: int) -> bytes:
        length, position = number(self.data, position)
        value = position + length
        self._use_own_symbol(value)
        parts = [b"\x0b\xe0"]
        while position < value:
            symbol, position = number(self.data, position)
            self.use(symbol)
            parts.append(self.symbols[symbol])
        if position != value or len(parts) == 1 or self.data[value] >> 4 == ANNOTATED:
            raise DoubtError
        part, value = self.serialized(value, depth)
        if value != end:
            raise DoubtError
        return b"".join([*parts, part, END])


_PLAIN: Final = frozenset(
    kind << 4 | length for kind in range(INT, LIST) if kind != SYMBOL for length in range(15)
)
"""How values begin whose body is hashed as it is."""
_WITHOUT_BODY: Final = {0x10, 0x11, *range(0x0F, 0xE0, 0x10)} - {NEGATIVE << 4 | 0x0F}
"""False, true, and null of each kind; that of ints is written as that of positive ones."""
_MAY_BE_SYMBOLS: Final = (SYMBOL, ANNOTATED)
_ORDERED: Final = 0xD1
"""How a struct begins that says it is in the order of its symbols."""


def plain_digest(symbol: bytes, kind: int, content: bytes) -> bytes:
    """What a member with plain content adds to the hash of its struct."""
    require_form(kind, content)
    return sha256(symbol + _OPENINGS[kind] + escape(content) + END).digest()


def _are_grouped(names: list[int]) -> bool:
    """Whether members of the same name follow one another."""
    different = len(set(names))
    return different == len(names) or different == len([*groupby(names)])
