"""Identifiers as QLDB draws them: 128 bits as two halves in base 62, 22 characters in all."""

from hashlib import sha256
from secrets import token_bytes
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

ID_LENGTH: Final = 22
"""Characters of every strand, transaction, document, table and index id."""

_HALF_LENGTH: Final = 11
_HALF_MAX: Final = (1 << 64) - 1
_ALPHABET: Final = digits + ascii_uppercase + ascii_lowercase
_BASE: Final = len(_ALPHABET)
_PAIRS: Final = [high + low for high in _ALPHABET for low in _ALPHABET]
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}


def new_id() -> str:
    """A fresh random identifier."""
    return encode_id(token_bytes(16))


def derived_id(kind: str, transaction_id: str, statement: int) -> str:
    """The identifier of what a statement of a transaction makes, always the same."""
    return encode_id(sha256(f"{kind} {transaction_id} {statement}".encode()).digest()[:16])


def encode_id(bits: bytes) -> str:
    """The identifier of 16 bytes."""
    if len(bits) != 16:
        raise ValueError(f"an identifier is made of 16 bytes, not {len(bits)}")
    return _half(bits[:8]) + _half(bits[8:])


def is_id(text: str) -> bool:
    """Whether a text is an identifier that 16 bytes could have made."""
    return (
        len(text) == ID_LENGTH and _is_half(text[:_HALF_LENGTH]) and _is_half(text[_HALF_LENGTH:])
    )


def _half(bits: bytes) -> str:
    value, last = divmod(int.from_bytes(bits, "big"), len(_PAIRS))
    value, fourth = divmod(value, len(_PAIRS))
    value, third = divmod(value, len(_PAIRS))
    value, second = divmod(value, len(_PAIRS))
    value, first = divmod(value, len(_PAIRS))
    pairs = _PAIRS[first] + _PAIRS[second] + _PAIRS[third] + _PAIRS[fourth] + _PAIRS[last]
    return _ALPHABET[value] + pairs


def _is_half(text: str) -> bool:
    value = 0
    for character in text:
        digit = _VALUES.get(character)
        if digit is None:
            return False
        value = value * _BASE + digit
    return value <= _HALF_MAX
