"""What many blocks say alike in transactionInfo: all but times and digests of the statements."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from runtime.ledger.verify.forms import require_moment
from runtime.ledger.verify.symbols import END, escape, serialized_struct, struct_hash, symbol

_STATEMENTS: Final = symbol(b"statements") + b"\x0b\xb0"
_TIME: Final = symbol(b"startTime") + b"\x0b\x60"
_DIGEST: Final = symbol(b"statementDigest") + b"\x0b\xa0"
_DOCUMENTS: Final = symbol(b"documents")


class Statement(NamedTuple):
    """One of those that ran, and where its time and its digest are within transactionInfo."""

    text_digest: bytes
    """What its text adds to hashes."""
    time: int
    time_end: int
    digest: int
    digest_end: int


@dataclass(frozen=True, slots=True)
class InfoFrame:
    """A transactionInfo that was read; it follows from its bytes, with the symbols of one shape."""

    pieces: tuple[tuple[int, int, bytes], ...]
    """First byte and end of each piece that others may share, and what it is."""
    statements: tuple[Statement, ...]
    documents: tuple[tuple[int, bytes], ...]
    """The symbol of each, and what its table and its statements add to hashes."""
    used: int
    """The first symbol that is not used after it."""

    def fits(self, data: bytes, position: int) -> bool:
        """Whether what begins at a position differs in times and digests alone."""
        for start, end, piece in self.pieces:
            if data[position + start : position + end] != piece:
                return False
        return True

    def hash(self, data: bytes, position: int, symbols: list[bytes]) -> bytes:
        """The Ion hash of what begins at a position, which fits; DoubtError for wrong times."""
        parts: list[bytes] = []
        for text_digest, time, time_end, digest, digest_end in self.statements:
            moment = data[position + time : position + time_end]
            require_moment(moment)
            content = escape(data[position + digest : position + digest_end])
            members = [
                text_digest,
                sha256(_TIME + escape(moment) + END).digest(),
                sha256(_DIGEST + content + END).digest(),
            ]
            parts.append(serialized_struct(members))
        digests = [sha256(b"%b%b\x0e" % (_STATEMENTS, b"".join(parts))).digest()]
        if self.documents:
            members = [sha256(symbols[name] + part).digest() for name, part in self.documents]
            digests.append(sha256(_DOCUMENTS + serialized_struct(members)).digest())
        return struct_hash(digests)
