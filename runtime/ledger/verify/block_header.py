"""The first members of a block, which say where and when it was sealed, and by what transaction."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from runtime.ledger.verify.forms import require_moment
from runtime.ledger.verify.headers import header
from runtime.ledger.verify.place import Place
from runtime.ledger.verify.symbols import (
    END,
    SYSTEM,
    DoubtError,
    escape,
    serialized_struct,
    struct_hash,
    symbol,
)
from runtime.ledger.verify.written import (
    ID,
    ID_SIZE,
    INT,
    LONG,
    STRING,
    STRUCT,
    TIMESTAMP,
    field,
    opening,
)

ADDRESSES_CACHED_MAX: Final = 64
FIRST_NAMES: Final = (
    *(b"blockAddress", b"strandId", b"sequenceNo", b"transactionId", b"blockTimestamp"),
    *(b"blockHash", b"entriesHash", b"previousBlockHash", b"entriesHashList", b"transactionInfo"),
)
"""The first symbols of every block."""
_ADDRESS, _STRAND, _NUMBER, _TRANSACTION, _TIME, *_ = (
    field(number) for number in range(len(SYSTEM), len(SYSTEM) + len(FIRST_NAMES))
)
_ADDRESS_SYMBOL: Final = symbol(b"blockAddress")
_STRAND_OPENING: Final = symbol(b"strandId") + b"\x0b\x80"
_NUMBER_OPENING: Final = symbol(b"sequenceNo") + b"\x0b\x20"
_TRANSACTION_OPENING: Final = symbol(b"transactionId") + b"\x0b\x80"
_TIME_OPENING: Final = symbol(b"blockTimestamp") + b"\x0b\x60"
_TRANSACTION_START: Final = _TRANSACTION + ID
_TIME_FIELD: Final = _TIME[0]


def read(data: bytes, body: int, place: Place) -> tuple[str, bytes, bytes, bytes, int]:
    """The header of the block whose members begin at `body`; DoubtError unless it belongs there.

    Strand; the member blockAddress as it is written, in the block as in its revisions; transaction;
    the Ion hash of the three members as if they were a struct of their own; where they end.
    """
    strand_id = place.strand_id or _strand_id(data, body)
    number = place.sequence_no
    number_size = (number.bit_length() + 7) // 8
    address, strand_digest = _address(strand_id, number_size)
    written = number.to_bytes(number_size, "big")
    address += written
    start = body + len(address) + len(_TRANSACTION_START)
    transaction_id = data[start : start + ID_SIZE]
    time = start + ID_SIZE + 2
    head = data[time - 1]
    size = head & 0x0F
    if (
        data[body:start] != address + _TRANSACTION_START
        or not transaction_id.isalnum()
        or data[time - 2] != _TIME_FIELD
        or head >> 4 != TIMESTAMP
        or size >= LONG
    ):
        raise DoubtError
    moment = data[time : time + size]
    require_moment(moment)
    number_digest = sha256(_NUMBER_OPENING + escape(written) + END).digest()
    address_part = serialized_struct([strand_digest, number_digest])
    hashed = struct_hash(
        [
            sha256(_ADDRESS_SYMBOL + address_part).digest(),
            sha256(_TRANSACTION_OPENING + transaction_id + END).digest(),
            sha256(_TIME_OPENING + escape(moment) + END).digest(),
        ]
    )
    return strand_id, address, transaction_id, hashed, time + size


def _strand_id(data: bytes, body: int) -> str:
    """What the first member says, as far as it can be read."""
    _, address, _ = header(data, body + len(_ADDRESS))
    _, text, end = header(data, address + len(_STRAND))
    return data[text:end].decode()


@lru_cache(ADDRESSES_CACHED_MAX)
def _address(strand_id: str, number_size: int) -> tuple[bytes, bytes]:
    """The member blockAddress up to the bytes of its number, and what the strand adds to hashes."""
    text = strand_id.encode()
    strand = _STRAND + opening(STRING, len(text)) + text
    members = strand + _NUMBER + opening(INT, number_size)
    written = _ADDRESS + opening(STRUCT, len(members) + number_size) + members
    return written, sha256(_STRAND_OPENING + escape(text) + END).digest()
