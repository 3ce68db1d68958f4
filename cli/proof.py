"""Checks a proof of one version of an ad with nothing but the proof itself.

It shares nothing with the ledger but the reading of Ion; hashes are made by ionhash, the reference
implementation, and everything above them is computed here.
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
from runtime.web.ad_bodies import version_body

HASH_SIZE: Final = 32
HASHES_MAX: Final = 1000
"""Of a path: the number of blocks and of revisions in a block doubles with each."""
PROOF_BYTES_MAX: Final = 4 * 1024 * 1024
_SHAPE_ERRORS: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
_MEMBERS: Final = ({"blockAddress", "hash", "metadata"}, {"data", "dataHash"})


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof shows."""

    ledger: str
    """As the proof calls it; no hash covers the name."""
    block: int
    """As the proof calls it; a digest shows that a revision is in the journal, not where."""
    tip: int
    digest: str
    """In base64. Whoever has it from elsewhere knows that nothing was altered."""
    trusted: bool
    """Whether it is the digest that the caller brought along."""
    version: Mapping[str, Any]
    """The version as JSON, made from what was hashed."""


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
        tip, block = (int(proof[n]["sequenceNo"]) for n in ("digestTipAddress", "blockAddress"))
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
    _check_address(struct, proof["blockAddress"], tip)
    version = _version(struct, shown)
    return Proven(ledger, block, tip, proof["digest"], digest is not None, version)


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


def _check_address(struct: Any, address: Mapping[str, Any], tip: int) -> None:
    inner = {name: struct["blockAddress"].get(name) for name in ("strandId", "sequenceNo")}
    if {name: address.get(name) for name in inner} != inner:
        raise _fault("its blockAddress is not that of its revision")
    if tip < inner["sequenceNo"]:
        raise _fault("its digest covers fewer blocks than it would have to")


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
