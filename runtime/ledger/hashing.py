"""What every hash of the ledger is made of, Ion hash and dot, and the digests of statements.

Checked equal to ionhash and to pyqldb's arithmetic by tests; a third of ionhash's time.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from runtime.ledger.errors import IonError
from runtime.ledger.ion import IonValue, encode, encode_sound
from runtime.ledger.ion_binary import Hashed, hashed_stream, member_hashes, string_hash, value_hash

HASH_SIZE: Final = 32
"""Bytes of every hash that is not empty."""

_SYMBOL_TABLE: Final = "$ion_symbol_table"
_SIGNED_ORDER: Final = bytes((byte + 128) % 256 for byte in range(256))


def hashed(value: IonValue, depth_max: int) -> Hashed:
    """The Ion binary and the Ion hash of a value; IonError when it cannot be stored."""
    if any(each.text == _SYMBOL_TABLE for each in getattr(value, "ion_annotations", ())[:1]):
        raise IonError("what is annotated as a symbol table would be read as one: annotate it else")
    return hashed_stream(encode(value, depth_max))


def ion_hash(value: IonValue) -> bytes:
    """The Ion hash of a value, 32 bytes."""
    if type(value) is str:
        return string_hash(value)
    return value_hash(encode(value))


def ion_hashes(values: Sequence[IonValue]) -> list[bytes]:
    """The Ion hash of each of some sound values; quicker than one at a time."""
    return member_hashes(encode_sound(list(values)))


def dot(a: bytes, b: bytes) -> bytes:
    """SHA-256 of two hashes joined, the smaller by signed bytes from the last one back first.

    Either may be empty: the other is then the result, as QLDB's verifiers have it.
    """
    if not a or not b:
        return a or b
    if a[::-1].translate(_SIGNED_ORDER) < b[::-1].translate(_SIGNED_ORDER):
        return sha256(a + b).digest()
    return sha256(b + a).digest()


def statement_digest(statement: str, parameters: Iterable[IonValue] = ()) -> bytes:
    """The digest of a statement's exact text and its parameters in order, 32 bytes."""
    return folded_digest(statement, map(ion_hash, parameters))


def folded_digest(statement: str, parameter_hashes: Iterable[bytes]) -> bytes:
    """As statement_digest, given the Ion hash of each parameter."""
    digest = string_hash(statement)
    for each in parameter_hashes:
        digest = dot(digest, each)
    return digest


class CommitDigest:
    """What a transaction has executed, folded as drivers fold it; order and repetition count."""

    def __init__(self, transaction_id: str) -> None:
        self.value = string_hash(transaction_id)
        """32 bytes."""

    def add(self, digest: bytes) -> None:
        """Fold in the digest of the next statement."""
        self.value = dot(self.value, digest)
