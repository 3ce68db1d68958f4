"""The journal that proofs are forged of, and what forgers make of proofs and of what they show."""

import random
from typing import Any

from runtime.ledger import ion, merkle
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import check_form
from runtime.ledger.verify import proofs
from tests.runtime.ledger.journals import AD, change, draft

BLOCKS = 200

Proof = list[bytes]


def drafts(secret: int = -1) -> list[Any]:
    """Insertions, changes and deletions, one to five documents a block.

    The block numbered `secret` says something else than in the honest journal.
    """
    found: list[Any] = []
    for number in range(BLOCKS):
        first = number - number % 3
        text = None if number % 3 == 2 else AD if number % 3 == 0 else f"{{n:{number}}}"
        changes = [change(first * 8 + i, number % 3, text) for i in range(1 + first % 5)]
        if number == secret:
            changes = [change(first * 8 + i, number % 3, "{forged:true}") for i in range(3)]
        found.append(draft(number, changes))
    return found


def flipped(chance: random.Random, data: bytes) -> bytes:
    """The bytes with one bit flipped."""
    bit = chance.randrange(len(data) * 8)
    found = bytearray(data)
    found[bit // 8] ^= 1 << bit % 8
    return bytes(found)


def damaged(chance: random.Random, value: Any) -> Any:
    """The value read from its bytes after one bit of them has flipped; None if unreadable."""
    try:
        # What amazon.ion cannot read safely is refused before it is read.
        data = flipped(chance, ion.encode(value))
        check_form(data)
        found = ion.decode(data)
        return None if ion.encode(found) == ion.encode(value) else found
    except IonError:
        return None


def mutant(chance: random.Random, proof: Proof) -> tuple[str, Proof]:
    """A proof with one thing changed, and what that is."""
    forged = [*proof]
    if not forged:
        return "added", [chance.randbytes(32)]
    at, other = chance.randrange(len(forged)), chance.randrange(len(forged))
    kind = chance.choice(
        ("bit", "bit", "bit", "byte", "dropped", "added", "swapped", "repeated", "cut", "long")
    )
    match kind:
        case "bit":
            forged[at] = flipped(chance, forged[at])
        case "byte":
            forged[at] = chance.randbytes(32)
        case "dropped":
            del forged[at]
        case "added":
            forged.insert(at, chance.choice((chance.randbytes(32), b"", bytes(32))))
        case "swapped":
            forged[at], forged[other] = forged[other], forged[at]
        case "repeated":
            forged.insert(at, forged[at])
        case "cut":
            forged[at] = forged[at][: chance.randrange(32)]
        case _:
            forged[at] += chance.randbytes(chance.randrange(1, 33))
    return kind, forged


def as_deleted(revision: Any, proof: Proof) -> tuple[Any, Proof]:
    """The revision as if it had no data: its hash is where the hash of the data leads."""
    if "data" not in revision:
        return None, proof
    shown = {
        "blockAddress": revision["blockAddress"],
        "hash": proofs.quick_hash(revision["metadata"]),
        "metadata": revision["metadata"],
    }
    data_hash = proofs.quick_hash(revision["data"])
    return ion.decode(ion.encode(shown)), [data_hash, *proof]


def as_redacted(revision: Any, proof: Proof) -> tuple[Any, Proof]:
    """A deletion as if it had data that was redacted: its sibling is told to be their hash."""
    if "data" in revision or not proof:
        return None, proof
    shown = {
        "blockAddress": revision["blockAddress"],
        "hash": merkle.dot(proof[0], proofs.quick_hash(revision["metadata"])),
        "dataHash": proof[0],
        "metadata": revision["metadata"],
    }
    return ion.decode(ion.encode(shown)), proof[1:]
