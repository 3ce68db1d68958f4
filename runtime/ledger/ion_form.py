"""Whether bytes are well-formed Ion binary, found out without decoding them.

The decoder's C extension trusts its input: damaged bytes make it loop for ever or crash the
process. Bytes that may be damaged, or that a stranger sent, are checked here before they get there.
"""

from collections.abc import Callable
from typing import Final

from runtime.ledger.errors import IonError
from runtime.ledger.ion_bounds import (
    DEPTH_MAX,
    check_decimal_content,
    check_fraction_content,
    check_int,
)

_VERSION_MARKER: Final = b"\xe0\x01\x00\xea"
_SYSTEM_SYMBOLS: Final = 9
_SYMBOL_TABLE, _SYMBOLS_FIELD = 3, 7
_ADDING: Final = b"\x86\x71\x03"
"""The field `imports` of a symbol table that adds its symbols to those before."""
_INT, _FLOAT, _DECIMAL, _TIMESTAMP, _SYMBOL, _STRING = 2, 4, 5, 6, 7, 8
_CLOB, _BLOB, _LIST, _SEXP, _STRUCT, _ANNOTATED = 9, 10, 11, 12, 13, 14
_LENGTH_FOLLOWS, _NULL = 14, 15
_SCALARS: Final = {2, 3, 4, 5, 6, 7, 8, 9, 10}
_FLOAT_BYTES: Final = {0, 4, 8}
_SYMBOL_BYTES_MAX: Final = 4
_LENGTH_BYTES_MAX: Final = 5
_SMALL_INT_BYTES: Final = 8
_LAST_BYTE: Final = 0x80
"""Set in the last byte of a variable integer; the decoder does not look at it in a timestamp."""
_TIME_BOUNDS: Final = ((1, 12), (1, 31), (0, 23), (0, 59), (0, 59))
"""Month, day, hour, minute, second."""
_HOUR_ALONE: Final = 3
"""How many of them end with an hour without its minute."""


def check_form(data: bytes, depth_max: int = DEPTH_MAX) -> None:
    """Raise IonError unless the bytes are one well-formed value, symbol table before it or not.

    A symbol table may hold nothing but `symbols`, and padding is refused: nobody who writes values
    for a ledger uses either. So are numbers that would not come back: see `ion_bounds`.
    """
    if data[:4] != _VERSION_MARKER:
        raise IonError("Ion binary begins with its version marker; these bytes do not")
    try:
        end = _Form(data, depth_max).stream()
    except (IndexError, UnicodeDecodeError) as error:
        raise IonError(f"not Ion: {error}") from error
    if end != len(data):
        raise IonError(f"not one Ion value: byte {end} of {len(data)} begins another")


def sound_stream(data: bytes) -> tuple[int, IonError | None]:
    """Where the well-formed values end that a stream begins with, and what is wrong after them.

    As check_form, but any number of values, each perhaps with symbols before it; besides, a table
    may add its symbols to those there are, as writers of long streams have it, and the version
    marker may come again.
    """
    if data[:4] != _VERSION_MARKER:
        return 0, IonError("Ion binary begins with its version marker; these bytes do not")
    form = _Form(data, DEPTH_MAX)
    try:
        form.values()
    except IonError as error:
        return form.sound_end, error
    except (IndexError, UnicodeDecodeError) as error:
        return form.sound_end, IonError(f"not Ion: after byte {form.sound_end}, {error}")
    return len(data), None


class _Form:
    """The bytes, and how many symbols they may refer to."""

    def __init__(self, data: bytes, depth_max: int) -> None:
        self._data = data
        self._depth_max = depth_max
        self._symbols_max = _SYSTEM_SYMBOLS
        self.sound_end = 0
        """Where the last value ends that `values` has found in order."""

    def stream(self) -> int:
        """Check a symbol table, if there is one, and a value; where that ends."""
        size = len(self._data)
        position = self._symbol_table(4, size)
        return self._value(position, size, 0)

    def values(self) -> None:
        """Check every value of the stream, its symbol tables and its version markers."""
        position, size = 0, len(self._data)
        while position < size:
            if self._data.startswith(_VERSION_MARKER, position):
                self._symbols_max = _SYSTEM_SYMBOLS
                position += len(_VERSION_MARKER)
                continue
            value = self._symbol_table(position, size, adds=True)
            if value == position:
                value = self.sound_end = self._value(position, size, 0)
            position = value

    def _symbol_table(self, position: int, size: int, *, adds: bool = False) -> int:
        """Take the symbols of a table; where it ends, or the position where there is none.

        With `adds` it may add them to those there are.
        """
        if self._data[position] >> 4 != _ANNOTATED:
            return position
        _, body, end = self._header(position, size)
        annotations_size, body = self._var_uint(body)
        annotation, table = self._var_uint(body)
        alone = table == body + annotations_size
        if annotation != _SYMBOL_TABLE or not alone or self._data[table] >> 4 != _STRUCT:
            return position
        _, field, table_end = self._header(table, end)
        if adds and self._data.startswith(_ADDING, field):
            field += len(_ADDING)
        else:
            self._symbols_max = _SYSTEM_SYMBOLS
        number, symbols = self._var_uint(field)
        list_kind, symbol, list_end = self._header(symbols, table_end)
        if (number, list_kind, list_end) != (_SYMBOLS_FIELD, _LIST, end):
            raise _malformed(table, "a symbol table with more than symbols")
        while symbol < list_end:
            kind, text, symbol_end = self._header(symbol, list_end)
            if kind != _STRING:
                raise _malformed(symbol, "a symbol that is no text")
            self._data[text:symbol_end].decode()
            self._symbols_max += 1
            symbol = symbol_end
        return end

    def _value(self, position: int, limit: int, depth: int) -> int:
        """Check the value at a position; where it ends, at most at the limit."""
        head = self._data[position]
        kind, low = head >> 4, head & 0x0F
        if kind <= 1:
            if head not in (0x0F, 0x10, 0x11, 0x1F):
                raise _malformed(position, "padding, or a bool that is none")
            return self._within(position, position + 1, limit)
        if low == _NULL and kind < _ANNOTATED:
            return self._within(position, position + 1, limit)
        kind, body, end = self._header(position, limit)
        if kind in _SCALARS:
            self._scalar(kind, body, end)
        elif depth >= self._depth_max:
            what = f"more than {self._depth_max} containers within containers"
            raise _malformed(position, what)
        else:
            self._CONTAINERS[kind](self, body, end, depth + 1)
        return end

    def _scalar(self, kind: int, body: int, end: int) -> None:
        size = end - body
        if kind == _STRING:
            self._data[body:end].decode()
        elif kind == _SYMBOL:
            if size > _SYMBOL_BYTES_MAX:
                raise _malformed(body, "a symbol that is too large")
            self._symbol(int.from_bytes(self._data[body:end], "big"), body)
        elif kind == _FLOAT and size not in _FLOAT_BYTES:
            raise _malformed(body, f"a float of {size} bytes")
        elif kind == _INT + 1 and not any(self._data[body:end]):
            raise _malformed(body, "a negative zero")
        elif kind in (_INT, _INT + 1) and size > _SMALL_INT_BYTES:
            check_int(int.from_bytes(self._data[body:end], "big").bit_length())
        elif kind == _DECIMAL and size:
            check_decimal_content(self._data[body:end])
        elif kind == _TIMESTAMP:
            self._timestamp(body, end)

    def _timestamp(self, body: int, end: int) -> None:
        """Offset and year, then month to second, one byte each, then the fraction of a second."""
        at = self._fits(self._fits(body, end), end)
        parts = self._data[at : min(end, at + len(_TIME_BOUNDS))]
        if len(parts) == _HOUR_ALONE or any(
            not _LAST_BYTE + low <= part <= _LAST_BYTE + high
            for part, (low, high) in zip(parts, _TIME_BOUNDS, strict=False)
        ):
            raise _malformed(body, "a timestamp that is no moment")
        if at + len(_TIME_BOUNDS) < end:
            check_fraction_content(self._data[at + len(_TIME_BOUNDS) : end])

    def _sequence(self, position: int, end: int, depth: int) -> None:
        while position < end:
            position = self._value(position, end, depth)

    def _struct(self, position: int, end: int, depth: int) -> None:
        while position < end:
            name, value = self._var_uint(position)
            self._symbol(name, position)
            position = self._value(value, end, depth)

    def _annotated(self, position: int, end: int, depth: int) -> None:
        size, annotation = self._var_uint(position)
        value = annotation + size
        if not size or value >= end or self._data[value] >> 4 == _ANNOTATED:
            raise _malformed(position, "annotations without a value of their own")
        while annotation < value:
            number, annotation = self._var_uint(annotation)
            self._symbol(number, position)
        if annotation != value or self._value(value, end, depth) != end:
            raise _malformed(position, "annotations that do not end where their value does")

    def _header(self, position: int, limit: int) -> tuple[int, int, int]:
        """Kind, first byte of the body and the byte after it, of a value that is not null."""
        head = self._data[position]
        kind, size = head >> 4, head & 0x0F
        body = position + 1
        if kind > _ANNOTATED or (kind == _ANNOTATED and size < 3) or size == _NULL:
            raise _malformed(position, f"a value that begins with {head:#04x}")
        if kind == _STRUCT and size == 1:
            raise _malformed(position, "a struct in order of its symbols")
        if size == _LENGTH_FOLLOWS:
            size, body = self._var_uint(body)
        return kind, body, self._within(position, body + size, limit)

    def _var_uint(self, position: int) -> tuple[int, int]:
        value = 0
        for at in range(position, position + _LENGTH_BYTES_MAX):
            byte = self._data[at]
            value = value << 7 | byte & 0x7F
            if byte >= 0x80:
                return value, at + 1
        raise _malformed(position, "a number that is too large")

    def _fits(self, position: int, limit: int) -> int:
        """Where the variable integer at a position ends."""
        return self._within(position, self._var_uint(position)[1], limit)

    def _symbol(self, number: int, position: int) -> None:
        if number > self._symbols_max:
            raise _malformed(position, f"symbol {number}, which is not defined")

    def _within(self, position: int, end: int, limit: int) -> int:
        if end > limit:
            raise _malformed(position, "a value that ends beyond what holds it")
        return end

    _CONTAINERS: Final[dict[int, Callable[["_Form", int, int, int], None]]] = {
        _LIST: _sequence,
        _SEXP: _sequence,
        _STRUCT: _struct,
        _ANNOTATED: _annotated,
    }


def _malformed(position: int, what: str) -> IonError:
    return IonError(f"not Ion: at byte {position}, {what}")
