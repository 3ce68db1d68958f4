"""The revisions of a block: each is what its hash says, of this block and of its transaction."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from runtime.ledger.verify.arithmetic import HASH_SIZE, dot
from runtime.ledger.verify.forms import require_form, require_moment
from runtime.ledger.verify.headers import header
from runtime.ledger.verify.layout import RevisionLayout
from runtime.ledger.verify.scan import Scan
from runtime.ledger.verify.symbols import END, DoubtError, escape, struct_hash, symbol
from runtime.ledger.verify.written import ID_SIZE, INT, LIST, LONG, STRUCT, TIMESTAMP

VERSIONS_CACHED_MAX: Final = 256
_ID: Final = symbol(b"id") + b"\x0b\x80"
_VERSION: Final = symbol(b"version") + b"\x0b\x20"
_TIME: Final = symbol(b"txTime") + b"\x0b\x60"
_TRANSACTION: Final = symbol(b"txId") + b"\x0b\x80"
_DEPTH: Final = 3
"""Containers around the data: block, list and revision."""
_VERSION_FIELD: Final = 0x85
"""A symbol of the system's."""


class Revisions:
    """Those of one block; `hashes` and `document_ids` are of those that were read."""

    __slots__ = (
        "_layout",
        "_opening",
        "_scan",
        "_tail",
        "_transaction_id",
        "document_ids",
        "hashes",
    )

    def __init__(
        self, scan: Scan, layout: RevisionLayout, address: bytes, transaction_id: bytes
    ) -> None:
        """`address` is the member blockAddress as it is written."""
        self.hashes: list[bytes] = []
        self.document_ids: list[bytes] = []
        self._scan, self._layout = scan, layout
        self._opening = address + layout.hash
        self._transaction_id = transaction_id
        self._tail: tuple[bytes, bytes, bytes] = b"", b"", b""
        """How time and id of the transaction are written, and what they add to hashes."""

    def read(self, position: int) -> int:
        """Read the member at a position; where it ends. DoubtError when anything is wrong."""
        data, name = self._scan.data, self._layout.revisions
        kind, at, end = header(data, position + len(name))
        if kind != LIST or at == end or not data.startswith(name, position):
            raise DoubtError
        self._scan.use(*self._layout.before_revisions)
        while at < end:
            at = self._revision(at)
        if at != end:
            raise DoubtError
        return end

    def _revision(self, position: int) -> int:
        """Read a revision; where it ends."""
        scan, layout = self._scan, self._layout
        data = scan.data
        kind, body, end = header(data, position)
        content = at = body + len(self._opening) + HASH_SIZE
        content_hash = b""
        if layout.data and data.startswith(layout.data, content):
            scan.use(*layout.before_data)
            part, at = scan.serialized(content + len(layout.data), _DEPTH)
            content_hash = sha256(part).digest()
        elif layout.data_hash and data.startswith(layout.data_hash, content):
            scan.use(*layout.before_data_hash)
            at = content + len(layout.data_hash) + HASH_SIZE
            content_hash = data[at - HASH_SIZE : at]
        else:
            scan.use(*layout.before_content)
        recomputed = dot(content_hash, self._metadata_hash(at, end))
        if kind != STRUCT or data[body:content] != self._opening + recomputed:
            raise DoubtError
        self.hashes.append(recomputed)
        return end

    def _metadata_hash(self, position: int, end: int) -> bytes:
        """The hash of the metadata, the last member."""
        scan, layout = self._scan, self._layout
        data = scan.data
        scan.use(*layout.in_metadata)
        size = end - position - layout.metadata_head
        opening = layout.metadata.get(size) or layout.before_id(size)
        start = position + len(opening)
        document_id = data[start : start + ID_SIZE]
        version = start + ID_SIZE + 1
        tail = version + 1 + (data[version] & 0x0F)
        if (
            not data.startswith(opening, position)
            or not document_id.isalnum()
            or data[version - 1] != _VERSION_FIELD
        ):
            raise DoubtError
        if data[tail:end] != self._tail[0]:
            self._tail = self._read_tail(data[tail:end])
        _, time_digest, transaction_digest = self._tail
        self.document_ids.append(document_id)
        digests = [
            sha256(_ID + document_id + END).digest(),
            _version_digest(data[version:tail]),
            time_digest,
            transaction_digest,
        ]
        return struct_hash(digests)

    def _read_tail(self, written: bytes) -> tuple[bytes, bytes, bytes]:
        """Time and id of the transaction, which end all metadata of a block."""
        layout = self._layout
        start = len(layout.time) + 1
        head = written[start - 1]
        end = start + (head & 0x0F)
        if (
            head >> 4 != TIMESTAMP
            or head & 0x0F >= LONG
            or not written.startswith(layout.time)
            or written[end:] != layout.transaction + self._transaction_id
        ):
            raise DoubtError
        require_moment(written[start:end])
        return (
            written,
            sha256(_TIME + escape(written[start:end]) + END).digest(),
            sha256(_TRANSACTION + self._transaction_id + END).digest(),
        )


@lru_cache(VERSIONS_CACHED_MAX)
def _version_digest(written: bytes) -> bytes:
    """What a version adds to hashes."""
    value = written[1:]
    if written[0] != INT << 4 | len(value) or len(value) >= LONG:
        raise DoubtError
    require_form(INT, value)
    return sha256(_VERSION + escape(value) + END).digest()
