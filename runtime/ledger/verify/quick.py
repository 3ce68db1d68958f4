"""Checks a block of a journal from its bytes alone, several times faster than the strict check.

It knows the one way in which the ledger writes a block. A block that is anything else, or of which
any hash is not what it should be, is left in doubt: the strict check then says what is wrong.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from runtime.ledger.verify.arithmetic import HASH_SIZE, dot, root
from runtime.ledger.verify.place import CheckedBlock, Place
from runtime.ledger.verify.scan import Member, Scan
from runtime.ledger.verify.symbols import DoubtError, struct_hash

_HEADER: Final = (b"blockAddress", b"transactionId", b"blockTimestamp")
_HASHES: Final = (b"blockHash", b"entriesHash", b"previousBlockHash", b"entriesHashList")
_ALWAYS: Final = (*_HEADER, *_HASHES, b"transactionInfo")
_BLOCKS: Final = {
    (*_ALWAYS, *redaction, *revisions)
    for redaction in ((), (b"redactionInfo",))
    for revisions in ((), (b"revisions",))
}
_REVISIONS: Final = {
    (b"blockAddress", b"hash", *data, b"metadata") for data in ((), (b"data",), (b"dataHash",))
}
_BLOCK_ADDRESS, _TRANSACTION_ID, _TIMESTAMP = range(len(_HEADER))
_BLOCK_HASH, _ENTRIES_HASH, _PREVIOUS_HASH, _ENTRIES = range(3, 7)
_TRANSACTION_INFO: Final = len(_ALWAYS) - 1
"""Where a block's members are."""
_METADATA: Final = (b"id", b"version", b"txTime", b"txId")
_ADDRESS: Final = (b"strandId", b"sequenceNo")
_BLOB_HEADER: Final = b"\xae\xa0"
_LIST: Final = 0xB0


def check(data: bytes, place: Place) -> CheckedBlock:
    """The block with these bytes, if it stands here and is whole; DoubtError otherwise."""
    try:
        return _Block(data, place).checked()
    except (IndexError, UnicodeDecodeError) as error:
        raise DoubtError from error


class _Block:
    def __init__(self, data: bytes, place: Place) -> None:
        self._scan = Scan(data)
        self._data = data
        self._place = place
        members, end = self._scan.members(self._scan.start)
        if end != len(data) or tuple([name for name, _, _ in members]) not in _BLOCKS:
            raise DoubtError
        self._members = members
        self._options = {name: position for name, position, _ in members[len(_ALWAYS) :]}

    def checked(self) -> CheckedBlock:
        strand_id = self._checked_strand()
        info_hash, info = self._scan.hashed_members(self._members[_TRANSACTION_INFO][1])
        hashes, document_ids = self._revisions()
        self._check_documents(info, document_ids)
        entries = [
            self._header_hash(),
            root(hashes),
            self._redaction_hash(),
            info_hash,
        ]
        entries_hash = root(entries)
        previous_hash = self._place.previous_hash
        block_hash = dot(entries_hash, previous_hash)
        if (
            self._raw(_BLOCK_HASH) != _blob(block_hash)
            or self._raw(_ENTRIES_HASH) != _blob(entries_hash)
            or self._raw(_PREVIOUS_HASH) != _blob(previous_hash)
            or self._raw(_ENTRIES) != _list(entries)
        ):
            raise DoubtError
        self._scan.check_all_used()
        return CheckedBlock(strand_id, block_hash, len(hashes))

    def _header_hash(self) -> bytes:
        """Of the first three members, as if they were a struct of their own."""
        _, body, _ = self._scan.header(self._scan.start)
        return struct_hash(self._scan.digests(body, self._members[_TIMESTAMP][2]))

    def _redaction_hash(self) -> bytes:
        position = self._options.get(b"redactionInfo")
        return b"" if position is None else self._scan.hash(position)

    def _raw(self, at: int) -> bytes:
        """A member's value as it is written."""
        _, position, end = self._members[at]
        return self._data[position:end]

    def _checked_strand(self) -> str:
        address, _ = self._scan.members(self._members[_BLOCK_ADDRESS][1])
        if len(address) != len(_ADDRESS):
            raise DoubtError
        (strand_name, strand, strand_end), (number_name, number, number_end) = address
        if (strand_name, number_name) != _ADDRESS:
            raise DoubtError
        if self._data[number:number_end] != _int(self._place.sequence_no):
            raise DoubtError
        strand_id = self._text(strand, strand_end)
        if self._place.strand_id and strand_id != self._place.strand_id.encode():
            raise DoubtError
        return strand_id.decode()

    def _revisions(self) -> tuple[list[bytes], set[bytes]]:
        """The hash of each revision, and the ids of their documents."""
        hashes: list[bytes] = []
        document_ids: set[bytes] = set()
        position = self._options.get(b"revisions")
        if position is not None:
            items, _ = self._scan.items(position)
            if not items:
                raise DoubtError
            address, transaction_id = self._raw(_BLOCK_ADDRESS), self._raw(_TRANSACTION_ID)
            for start, _ in items:
                recomputed, document_id = self._revision(start, address, transaction_id)
                hashes.append(recomputed)
                document_ids.add(document_id)
        return hashes, document_ids

    def _revision(
        self, position: int, block_address: bytes, transaction_id: bytes
    ) -> tuple[bytes, bytes]:
        data, scan = self._data, self._scan
        members, _ = scan.members(position)
        if tuple([name for name, _, _ in members]) not in _REVISIONS:
            raise DoubtError
        address, stated, *content, metadata = members
        if data[address[1] : address[2]] != block_address:
            raise DoubtError
        recomputed, fields = scan.hashed_members(metadata[1])
        for name, value, end in content:
            if name == b"data":
                recomputed = dot(scan.hash(value), recomputed)
            else:
                recomputed = dot(_unblob(data[value:end]), recomputed)
        if data[stated[1] : stated[2]] != _blob(recomputed):
            raise DoubtError
        if tuple([name for name, _, _ in fields]) != _METADATA:
            raise DoubtError
        if data[fields[3][1] : fields[3][2]] != transaction_id:
            raise DoubtError
        return recomputed, self._text(fields[0][1], fields[0][2])

    def _check_documents(self, info: Sequence[Member], document_ids: set[bytes]) -> None:
        listed: Sequence[Member] = ()
        for name, position, _ in info:
            if name == b"documents":
                listed, _ = self._scan.members(position)
        if {name for name, _, _ in listed} != document_ids:
            raise DoubtError

    def _text(self, position: int, end: int) -> bytes:
        kind, body, body_end = self._scan.header(position)
        if kind != 8 or body_end != end:
            raise DoubtError
        return self._data[body:end]


def _blob(value: bytes) -> bytes:
    """A hash as it is written."""
    return _BLOB_HEADER + value if value else b"\xa0"


def _unblob(written: bytes) -> bytes:
    if written[:2] != _BLOB_HEADER or len(written) != HASH_SIZE + 2:
        raise DoubtError
    return written[2:]


def _list(hashes: list[bytes]) -> bytes:
    """A list of hashes as it is written."""
    body = b"".join(map(_blob, hashes))
    size = len(body)
    if size < 0x80:
        return bytes((_LIST | 14, size | 0x80)) + body
    return bytes((_LIST | 14, size >> 7, size & 0x7F | 0x80)) + body


def _int(value: int) -> bytes:
    """A number as it is written."""
    size = (value.bit_length() + 7) // 8
    return bytes((0x20 | size,)) + value.to_bytes(size, "big")


def value_hash(data: bytes) -> bytes:
    """The Ion hash of an encoded value, with or without symbols."""
    try:
        scan = Scan(data)
    except DoubtError:
        scan = Scan.without_symbols(data)
    return sha256(scan.serialized(scan.start)[0]).digest()
