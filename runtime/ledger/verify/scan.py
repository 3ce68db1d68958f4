"""Ion hashes straight from the bytes of a block, and whether these are the one way to write it.

An implementation of its own, so that what seals blocks is not checked by itself. Of everything
that Ion binary allows, only what the ledger's encoder writes passes: shortest lengths, no symbol
that is not used, no padding. `DoubtError` leaves the block to the strict check.
"""

from hashlib import sha256
from typing import Final

from runtime.ledger.verify.symbols import (
    DIGESTS,
    END,
    SYSTEM,
    DoubtError,
    escape,
    names_and_symbols,
    plain_digest,
    serialized_struct,
)

_MARKER: Final = b"\xe0\x01\x00\xea"
_TABLE: Final = b"\x81\x83"
"""One annotation: $ion_symbol_table."""
_SYMBOLS_FIELD: Final = 0x87
_OPENINGS: Final = [bytes((0x0B, kind << 4)) for kind in range(16)]
_CODED: Final = [bytes((0x0B, head, 0x0E)) for head in range(256)]
_SYMBOL, _LIST, _STRUCT, _ANNOTATED = 7, 11, 13, 14


Member = tuple[bytes, int, int]
"""Name, first byte and end of a member of a struct."""


class Scan:
    """The bytes of one encoded struct and the symbols it uses."""

    def __init__(self, data: bytes) -> None:
        """Read the symbol table; DoubtError when there is none like the encoder's."""
        if data[:4] != _MARKER:
            raise DoubtError
        self.data = data
        kind, body, end = self.header(4)
        if kind != _ANNOTATED or data[body : body + 2] != _TABLE:
            raise DoubtError
        kind, field, table_end = self.header(body + 2)
        if kind != _STRUCT or table_end != end or data[field] != _SYMBOLS_FIELD:
            raise DoubtError
        kind, texts, texts_end = self.header(field + 1)
        if kind != _LIST or texts_end != end:
            raise DoubtError
        self.names, self._symbols = names_and_symbols(data[texts:end])
        """The text of each symbol, and what it adds to hashes."""
        self.start = end
        self._used = bytearray(len(self.names))

    @classmethod
    def without_symbols(cls, data: bytes) -> "Scan":
        """The bytes of a value that needs no symbol table."""
        scan = cls.__new__(cls)
        scan.data, scan.start = data, len(_MARKER)
        scan.names, scan._symbols = names_and_symbols(b"")
        scan._used = bytearray(len(SYSTEM))
        return scan

    def check_all_used(self) -> None:
        """DoubtError when the table has symbols that no value uses."""
        if not all(self._used[len(SYSTEM) :]):
            raise DoubtError

    def header(self, position: int) -> tuple[int, int, int]:
        """Kind, first byte of the body and the byte after it; the length is the shortest."""
        head = self.data[position]
        size = head & 0x0F
        position += 1
        if size < 14:
            return head >> 4, position, position + size
        if size == 15:
            raise DoubtError
        size = self.data[position] - 0x80
        if size >= 14:
            return head >> 4, position + 1, position + 1 + size
        size, position = self.size(position)
        return head >> 4, position, position + size

    def size(self, position: int) -> tuple[int, int]:
        """How many bytes a value has whose head does not tell, and where they begin."""
        first = self.data[position]
        if first >= _SHORT:
            return first - 0x80, position + 1
        second = self.data[position + 1]
        if 0 < first < 0x80 <= second:
            return first << 7 | second & 0x7F, position + 2
        size, position = self.number(position)
        if size < 14:
            raise DoubtError
        return size, position

    def number(self, position: int) -> tuple[int, int]:
        """The variable integer at a position and where it ends; it is the shortest."""
        data = self.data
        value = data[position]
        if value >= 0x80:
            return value & 0x7F, position + 1
        if not value:
            raise DoubtError
        byte = data[position + 1]
        if byte >= 0x80:
            return value << 7 | byte & 0x7F, position + 2
        for at in range(position + 1, position + 5):
            byte = data[at]
            value = value << 7 | byte & 0x7F
            if byte >= 0x80:
                return value, at + 1
        raise DoubtError

    def members(self, position: int) -> tuple[list[Member], int]:
        """Name, first byte and end of each member of the struct at a position, and its end."""
        kind, position, end = self.header(position)
        if kind != _STRUCT:
            raise DoubtError
        data, names, used = self.data, self.names, self._used
        found: list[Member] = []
        while position < end:
            symbol = data[position] & 0x7F
            if data[position] >= 0x80:
                position += 1
            else:
                symbol, position = self.number(position)
            used[symbol] = 1
            value = position
            head = data[position]
            size = head & 0x0F
            position += 1
            if head > 0x1F and size < 15:
                if size == 14:
                    size = data[position] - 0x80
                    if size < 14:
                        size, position = self.size(position)
                    else:
                        position += 1
                position += size
            found.append((names[symbol], value, position))
        if position != end:
            raise DoubtError
        return found, end

    def items(self, position: int) -> tuple[list[tuple[int, int]], int]:
        """First byte and end of each value of the list at a position, and its end."""
        kind, position, end = self.header(position)
        if kind != _LIST:
            raise DoubtError
        found: list[tuple[int, int]] = []
        while position < end:
            _, _, item_end = self.header(position)
            found.append((position, item_end))
            position = item_end
        if position != end:
            raise DoubtError
        return found, end

    def hash(self, position: int) -> bytes:
        """The Ion hash of the value at a position."""
        return sha256(self.serialized(position)[0]).digest()

    def hashed_members(self, position: int) -> tuple[bytes, list[Member]]:
        """The Ion hash of the struct at a position, and its members."""
        members: list[Member] = []
        kind, body, end = self.header(position)
        if kind != _STRUCT:
            raise DoubtError
        return sha256(serialized_struct(self.digests(body, end, members))).digest(), members

    def serialized(self, position: int) -> tuple[bytes, int]:
        """What the hash of the value at a position is made of, and where the value ends."""
        data = self.data
        head = data[position]
        kind = head >> 4
        if kind == _STRUCT and head != 0xDF:
            return self._struct(position)
        if data[position : position + 2] == _FIRST:
            return _FIRST_SERIALIZED, position + 2
        if kind <= 1 or head & 0x0F == 15:
            if head not in (0x0F, 0x10, 0x11) and (head & 0x0F != 15 or head >= 0xE0):
                raise DoubtError
            return _CODED[head], position + 1
        kind, body, end = self.header(position)
        if kind < _LIST:
            if kind == _SYMBOL:
                return self._symbol(body, end), end
            content = data[body:end]
            return _OPENINGS[kind] + escape(content) + END, end
        if kind == _ANNOTATED:
            return self._annotated(body, end), end
        parts = [_OPENINGS[kind]]
        while body < end:
            part, body = self.serialized(body)
            parts.append(part)
        if body != end or kind == 15:
            raise DoubtError
        parts.append(END)
        return b"".join(parts), end

    def _struct(self, position: int, members: list[Member] | None = None) -> tuple[bytes, int]:
        """As `serialized`; what the struct contains is added to `members`."""
        _, position, end = self.header(position)
        return serialized_struct(self.digests(position, end, members)), end

    def digests(self, position: int, end: int, members: list[Member] | None = None) -> list[bytes]:
        """What the members between two positions add to the hash of their struct."""
        data, symbols, used, known = self.data, self._symbols, self._used, DIGESTS.get
        found: list[bytes] = []
        while position < end:
            number = data[position]
            if number >= 0x80:
                number -= 0x80
                position += 1
            else:
                number, position = self.number(position)
            used[number] = 1
            symbol = symbols[number]
            head = data[position]
            body = position + 1
            size = head & 0x0F
            if size == 14:
                size = data[body] - 0x80
                if size < 14:
                    size, body = self.size(body)
                else:
                    body += 1
            value, position = position, body + size
            if head in _PLAIN:
                key = symbol + data[value:position]
                digest = known(key)
                if digest is None:
                    opening = symbol + _OPENINGS[head >> 4]
                    digest = plain_digest(key, opening, data[body:position])
            elif head in _STRUCTS:
                part = serialized_struct(self.digests(body, position))
                digest = sha256(symbol + part).digest()
            else:
                part, position = self.serialized(value)
                digest = sha256(symbol + part).digest()
            found.append(digest)
            if members is not None:
                members.append((self.names[number], value, position))
        if position != end:
            raise DoubtError
        return found

    def _symbol(self, body: int, end: int) -> bytes:
        if body == end:
            return b"\x0b\x71\x0e"
        symbol = int.from_bytes(self.data[body:end], "big")
        if not self.data[body]:
            raise DoubtError
        self._used[symbol] = 1
        return self._symbols[symbol]

    def _annotated(self, position: int, end: int) -> bytes:
        size, position = self.number(position)
        value = position + size
        parts = [b"\x0b\xe0"]
        while position < value:
            symbol, position = self.number(position)
            self._used[symbol] = 1
            parts.append(self._symbols[symbol])
        if position != value or len(parts) == 1 or self.data[value] >> 4 == _ANNOTATED:
            raise DoubtError
        part, value = self.serialized(value)
        if value != end:
            raise DoubtError
        return b"".join([*parts, part, END])


_PLAIN: Final = frozenset(
    kind << 4 | size for kind in (2, 3, 4, 5, 6, 8, 9, 10) for size in range(15)
)
"""How values begin whose body is hashed as it is."""
_FIRST: Final = b"\xb1\x20"
"""[0]: the first statement changed a document, as in most transactions."""
_FIRST_SERIALIZED: Final = b"\x0b\xb0\x0b\x20\x0e\x0e"
_STRUCTS: Final = frozenset(range(0xD0, 0xDF))
_SHORT: Final = 0x80 + 14
"""The least length in one byte of its own."""
