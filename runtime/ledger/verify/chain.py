"""Checks blocks that follow one another, from the first of a journal or from any place in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runtime.ledger import ion
from runtime.ledger.errors import IonError, VerificationError
from runtime.ledger.ion import IonValue
from runtime.ledger.ion_form import check_form
from runtime.ledger.verify import quick, shown, strict
from runtime.ledger.verify.arithmetic import Pieces
from runtime.ledger.verify.kept import KeptDigest
from runtime.ledger.verify.place import CheckedBlock, Place
from runtime.ledger.verify.symbols import DoubtError

IonHash = Callable[[IonValue], bytes]
Check = Callable[[bytes, Place], CheckedBlock]
"""Checks the bytes of one block; VerificationError when it is not what was sealed there."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in order."""

    digest: bytes
    """The Merkle root over all block hashes, 32 bytes; empty for an empty journal."""
    strand_id: str
    blocks: int
    revisions: int


class Chain:
    """The blocks verified so far, and where the next one has to stand."""

    def __init__(self, check: Check, place: Place | None = None) -> None:
        """Begin with a journal's first block, or at another place."""
        self.place = Place() if place is None else place
        self.blocks = 0
        self.revisions = 0
        self.pieces = Pieces()
        self._check = check

    def add(self, data: bytes) -> None:
        """Verify the next block; VerificationError when it is not."""
        found = self._check(data, self.place)
        number = self.place.sequence_no
        self.place = Place(number + 1, found.block_hash, found.strand_id, found.is_ours)
        self.pieces.push((number, 0, found.block_hash))
        self.blocks += 1
        self.revisions += found.revisions

    def verified(self) -> Verified:
        """What has been verified; the digest is that of a range unless it began with block 0."""
        return Verified(self.pieces.digest(), self.place.strand_id, self.blocks, self.revisions)


def check_stored(data: bytes, place: Place) -> CheckedBlock:
    """The quick check, and where that is in doubt, the strict one."""
    try:
        return quick.check(data, place)
    except DoubtError:
        return strict.check(data, place)


def check_imported(data: bytes, place: Place) -> CheckedBlock:
    """A stored block that QLDB sealed, or this ledger after such ones."""
    try:
        check_form(data)
        struct = ion.decode(data)
        exact = ion.encode(struct) == data
    except IonError as error:
        raise VerificationError(f"its bytes cannot be read: {error}", place.sequence_no) from error
    if not exact:
        reason = "its bytes are not the exact encoding of what they mean"
        raise VerificationError(reason, place.sequence_no)
    found = shown.check(struct, place, shown.Sealer.QLDB)
    return check_stored(data, place) if found.is_ours else found


def check_sealed(data: bytes, place: Place) -> CheckedBlock:
    """A stored block, whoever sealed it: nearly all are this ledger's, which are checked first."""
    try:
        return check_stored(data, place)
    except VerificationError:
        return check_imported(data, place)


def check_of(ion_hash: IonHash | None) -> Check:
    """The check of a journal's own blocks; strict, and with this hash alone, where it is given."""
    if ion_hash is None:
        return check_stored

    def check(data: bytes, place: Place) -> CheckedBlock:
        return strict.check(data, place, ion_hash)

    return check


def verify_blocks(
    blocks: Iterable[bytes],
    digest: bytes | None = None,
    ion_hash: IonHash | None = None,
    kept: KeptDigest | None = None,
) -> Verified:
    """Verify a whole journal, block 0 first; VerificationError names what is wrong first, and why.

    `digest` is one that was saved when the journal had exactly these blocks: without it, a journal
    rewritten from end to end or cut off at its end verifies. `ion_hash` makes the check a slow one
    that hashes with nothing else, say with ionhash, the reference implementation. `kept` is given
    the hash of every block.
    """
    chain = Chain(check_of(ion_hash))
    for data in blocks:
        chain.add(data)
        if kept is not None:
            kept.add([chain.place.previous_hash])
    verified = chain.verified()
    check_digest(verified, digest)
    return verified


def check_digest(verified: Verified, digest: bytes | None) -> None:
    """VerificationError when another digest was saved of these blocks."""
    if digest is not None and verified.digest != digest:
        newest = max(0, verified.blocks - 1)
        raise VerificationError(
            f"the digest over the blocks 0..{newest} is {verified.digest.hex()}, not the one"
            f" given, {digest.hex()}: the journal was rewritten, or that one is of another block",
            newest,
        )
