"""What values begin with: their kind, and their length in as few bytes as there can be."""

from typing import Final

from runtime.ledger.verify.symbols import DoubtError

LENGTH_BYTES_MAX: Final = 6
_LONG, _NULL = 14, 15
_SHORT: Final = 0x80 + _LONG
"""The least length in one byte of its own."""


def header(data: bytes, position: int) -> tuple[int, int, int]:
    """Kind, first byte of the body and the byte after it, of the value at a position."""
    head = data[position]
    position += 1
    length = head & 0x0F
    if length == _LONG:
        first = data[position]
        position += 1
        # The usual lengths, of one and of two bytes, are read here: every block has ten of them.
        if first >= _SHORT:
            length = first - 0x80
        elif 0 < first < 0x80 <= data[position]:
            length = first << 7 | data[position] & 0x7F
            position += 1
        else:
            length, position = size(data, position - 1)
    elif length == _NULL:
        raise DoubtError
    return head >> 4, position, position + length


def size(data: bytes, position: int) -> tuple[int, int]:
    """How many bytes a value has whose head does not tell, and where they begin."""
    first = data[position]
    if first >= _SHORT:
        return first - 0x80, position + 1
    length, position = number(data, position)
    if length < _LONG:
        raise DoubtError
    return length, position


def number(data: bytes, position: int) -> tuple[int, int]:
    """The variable integer at a position and where it ends; it is the shortest."""
    value = 0
    for at in range(position, position + LENGTH_BYTES_MAX):
        byte = data[at]
        value = value << 7 | byte & 0x7F
        if byte >= 0x80:
            return value, at + 1
        if not value:
            raise DoubtError
    raise DoubtError
