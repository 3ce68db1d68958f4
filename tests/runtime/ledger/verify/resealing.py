"""A forger's sealer: it takes any bytes for a block and makes all hashes fit to them.

It hashes what is written as it is written, whether the encoder would write so or not.
"""

from hashlib import sha256

from runtime.ledger.ion_binary import SYSTEM_SYMBOLS
from runtime.ledger.merkle import dot, root

Members = dict[bytes, tuple[int, int]]
"""First byte and end of the value of each."""
ENTRIES = 4


class Unsealable(Exception):  # noqa: N818 - It says what the bytes are.
    """Bytes in which the parts of a block cannot be found."""


def resealed(data: bytes, previous_hash: bytes) -> bytes:
    """The bytes with hashes that follow from all the rest; Unsealable where they have no place."""
    try:
        return _Bytes(data).sealed(previous_hash)
    except (LookupError, ValueError, RecursionError) as error:
        raise Unsealable from error


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = bytearray(data)
        self._texts: list[bytes] = [b"", *SYSTEM_SYMBOLS]
        _, table, self._start = self._header(4)
        _, table, _ = self._header(table + 2)
        _, at, end = self._header(table + 1)
        while at < end:
            _, body, at = self._header(at)
            self._texts.append(bytes(self._data[body:at]))

    def sealed(self, previous_hash: bytes) -> bytes:
        block = self._members(self._start)
        first, *_ = block.values()
        name, last = first[0] - 1, block[b"blockTimestamp"][1]
        hashes: list[bytes] = []
        if b"revisions" in block:
            _, at, end = self._header(block[b"revisions"][0])
            while at < end:
                hashes.append(self._sealed_revision(at))
                _, _, at = self._header(at)
        redaction = block.get(b"redactionInfo")
        entries = [
            self._hash(self._struct(name, last)),
            root(hashes),
            b"" if redaction is None else self._hash(self._serialized(redaction[0])),
            self._hash(self._serialized(block[b"transactionInfo"][0])),
        ]
        _, at, _ = self._header(block[b"entriesHashList"][0])
        for entry in entries:
            at = self._put(at, entry)
        self._put(block[b"entriesHash"][0], root(entries))
        self._put(block[b"blockHash"][0], dot(root(entries), previous_hash))
        return bytes(self._data)

    def _sealed_revision(self, position: int) -> bytes:
        revision = self._members(position)
        found = self._hash(self._serialized(revision[b"metadata"][0]))
        if b"data" in revision:
            found = dot(self._hash(self._serialized(revision[b"data"][0])), found)
        elif b"dataHash" in revision:
            _, body, end = self._header(revision[b"dataHash"][0])
            found = dot(bytes(self._data[body:end]), found)
        self._put(revision[b"hash"][0], found)
        return found

    def _put(self, position: int, value: bytes) -> int:
        """Write over a hash; where the next value begins."""
        _, body, end = self._header(position)
        if end - body != len(value):
            raise Unsealable
        self._data[body:end] = value
        return end

    def _members(self, position: int) -> Members:
        _, at, end = self._header(position)
        found: Members = {}
        while at < end:
            name, at = self._number(at)
            _, _, after = self._header(at)
            found[self._texts[name]] = at, after
            at = after
        return found

    def _struct(self, at: int, end: int) -> bytes:
        digests: list[bytes] = []
        while at < end:
            name, at = self._number(at)
            digests.append(self._hash(self._symbol(name) + self._serialized(at)))
            _, _, at = self._header(at)
        return b"\x0b\xd0" + _escaped(b"".join(sorted(digests))) + b"\x0e"

    def _serialized(self, position: int) -> bytes:
        head = self._data[position]
        kind, body, end = self._header(position)
        if head & 0x0F == 15 or kind == 1:
            return bytes((0x0B, head, 0x0E))
        if kind == 7:
            return self._symbol(int.from_bytes(self._data[body:end], "big"))
        if kind == 13:
            return self._struct(body, end)
        parts = [bytes((0x0B, kind << 4))]
        if kind == 14:
            size, body = self._number(body)
            end = body + size
            while body < end:
                name, body = self._number(body)
                parts.append(self._symbol(name))
            parts.append(self._serialized(body))
        elif kind in (11, 12):
            while body < end:
                parts.append(self._serialized(body))
                _, _, body = self._header(body)
        else:
            parts.append(_escaped(bytes(self._data[body:end])))
        return b"".join([*parts, b"\x0e"])

    def _symbol(self, number: int) -> bytes:
        return b"\x0b\x70" + _escaped(self._texts[number]) + b"\x0e" if number else b"\x0b\x71\x0e"

    def _header(self, position: int) -> tuple[int, int, int]:
        """Kind, first byte of the body and the byte after it."""
        head = self._data[position]
        kind, size, body = head >> 4, head & 0x0F, position + 1
        if kind == 1 or size == 15:
            return kind, body, body
        if size == 14:
            size, body = self._number(body)
        if body + size > len(self._data):
            raise Unsealable
        return kind, body, body + size

    def _number(self, position: int) -> tuple[int, int]:
        value = 0
        while True:
            byte = self._data[position]
            position += 1
            value = value << 7 | byte & 0x7F
            if byte >= 0x80:
                return value, position

    @staticmethod
    def _hash(serialized: bytes) -> bytes:
        return sha256(serialized).digest()


def _escaped(content: bytes) -> bytes:
    for special in (b"\x0c", b"\x0b", b"\x0e"):
        content = content.replace(special, b"\x0c" + special)
    return content
