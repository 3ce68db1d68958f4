"""Checks a proof of one version of an ad with nothing but the proof itself.

It shares nothing with the ledger but the reading of Ion; hashes are made by ionhash, the reference
implementation, and everything above them is computed here. How many hashes a path has to have is
the verifier's knowledge.

No hash that a proof shows covers the ledger's name, the block's address or the digest's tip. They
are held to each other and to the number of hashes, which rules out most alterations and not all:
what is proven and what is only said are told apart.
"""

from array import array
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import simplejson
from amazon.ion.simple_types import IonPyDict

from cli.errors import FailedError
from runtime.ad_ledger.documents import revision_of
from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.verify.arithmetic import path_length
from runtime.web.ad_bodies import version_body

HASH_SIZE: Final = 32
HASHES_MAX: Final = 1000
"""Of a path: the number of blocks and of revisions in a block doubles with each."""
WITHIN_MAX: Final = 16
"""Hashes that lead from a revision to its block's entriesHash; far more than a block has."""
PROOF_BYTES_MAX: Final = 4 * 1024 * 1024
_SHAPE_ERRORS: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
_MEMBERS: Final = ({"blockAddress", "hash", "metadata"}, {"data", "dataHash"})
Address = tuple[str, int]
"""A strand and a block in it."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof shows, and what it only says."""

    version: Mapping[str, Any]
    """The version as JSON, made from what was hashed."""
    digest: str
    """In base64. Whoever has it from elsewhere knows that nothing was altered."""
    trusted: bool
    """Whether it is the digest that the caller brought along."""
    ledger: str
    """As the proof calls it, as all that follows."""
    strand_id: str
    block: int
    """Where the version is: a digest shows that it is in the journal, not where."""
    tip: int
    """The newest block under the digest: the number of hashes allows for some others."""


def check_proof(text: str, digest: bytes | None = None) -> Proven:
    """What the proof shows; FailedError saying why it shows nothing.

    `digest` is one that the caller had before; the proof's own has to be the same.
    """
    if len(text) > PROOF_BYTES_MAX:
        raise _fault(f"it is longer than {PROOF_BYTES_MAX} characters")
    try:
        proof = simplejson.loads(text, parse_float=Decimal, allow_nan=False)
        struct = ion.parse(proof["revision"]["ion"])
        hashes = [_hash(each) for each in proof["proof"]]
        claimed = _hash(proof["digest"])
        tip, block = (_address(proof[name]) for name in ("digestTipAddress", "blockAddress"))
        shown, ledger = proof["revision"]["json"], str(proof["ledger"])
    except (IonError, RecursionError, *_SHAPE_ERRORS) as error:
        raise _fault(f"it is not a proof of a version: {error!r}") from error
    if len(hashes) > HASHES_MAX:
        raise _fault(f"it has more than {HASHES_MAX} hashes")
    if digest is not None and claimed != digest:
        raise _fault("its digest is not the one that was given; get a proof for that digest's tip")
    root = _revision_hash(struct)
    for each in hashes:
        root = _dot(root, each)
    if root != claimed:
        raise _fault("revision and proof do not lead to its digest")
    _check_addresses(struct, block, tip, len(hashes))
    version = _version(struct, shown)
    return Proven(version, proof["digest"], digest is not None, ledger, *block, tip[1])


def _revision_hash(struct: Any) -> bytes:
    """The revision's hash, by its own contents."""
    required, optional = _MEMBERS
    if not isinstance(struct, IonPyDict) or struct.ion_annotations:
        raise _fault("its revision is not a struct")
    names = [name for name, _ in struct.items()]
    if len(names) != len(set(names)) or not required <= set(names) <= required | optional:
        raise _fault("its revision has not the members of one")
    found = ion.reference_hash(struct["metadata"])
    if "data" in struct:
        found = _dot(ion.reference_hash(struct["data"]), found)
    elif "dataHash" in struct:
        found = _dot(bytes(struct["dataHash"]), found)
    if bytes(struct["hash"]) != found:
        raise _fault("data or metadata of its revision do not match the revision's hash")
    return found


def _address(address: Any) -> Address:
    number = address["sequenceNo"]
    if type(number) is not int or number < 0:
        raise ValueError(f"{number!r} is no block")
    return str(address["strandId"]), number


def _check_addresses(struct: Any, block: Address, tip: Address, hashes: int) -> None:
    """The addresses agree, and so many hashes can lead from the one to the other."""
    inner = struct["blockAddress"]
    if (
        not isinstance(inner, IonPyDict)
        or (inner.get("strandId"), inner.get("sequenceNo")) != block
    ):
        raise _fault("its blockAddress is not that of its revision")
    if tip[0] != block[0]:
        raise _fault("its digest is of another strand than its revision")
    if tip[1] < block[1]:
        raise _fault("its digest covers fewer blocks than it would have to")
    chained = 1 if block[1] else 0
    within = hashes - path_length(block[1], tip[1] + 1) - chained
    if not 0 < within <= WITHIN_MAX:
        raise _fault(
            f"{hashes} hashes do not lead from block {block[1]} to a digest of the blocks up to "
            f"{tip[1]}"
        )


def _version(struct: Any, shown: Any) -> Mapping[str, Any]:
    """The version as JSON, which has to be what the proof shows beside the Ion."""
    try:
        version = version_body(revision_of(struct))
    except _SHAPE_ERRORS as error:
        raise _fault(f"its revision is not of an ad: {error!r}") from error
    if _canonical(version) != _canonical(shown):
        raise _fault("the JSON of its revision says something else than the Ion that was hashed")
    return version


def _canonical(value: Any) -> str:
    return simplejson.dumps(value, use_decimal=True, sort_keys=True)


def _hash(text: Any) -> bytes:
    found = b64decode(text, validate=True)
    if len(found) != HASH_SIZE:
        raise ValueError(f"a hash has {HASH_SIZE} bytes, not {len(found)}")
    return found


def _dot(a: bytes, b: bytes) -> bytes:
    """SHA-256 of two hashes joined, the smaller by signed bytes from the last one back first."""
    first, second = sorted((a, b), key=lambda half: array("b", half)[::-1].tolist())
    return sha256(first + second).digest()


def _fault(reason: str) -> FailedError:
    return FailedError(f"the proof does not verify: {reason}")
