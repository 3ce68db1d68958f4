"""Proofs: those of a ledger verify, and none that was touched anywhere does."""

import copy
import random
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import simplejson

from cli.errors import FailedError
from cli.proof import check_proof
from runtime.ledger.engine import Ledger
from tests.cli.proofs import proof_of
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.stores import ledger_over
from tests.runtime.ad_ledger.test_contract import NEW, changes

BLOCKS = 23


def text(proof: Any) -> str:
    return simplejson.dumps(proof, use_decimal=True)


@pytest.fixture(scope="module")
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    ads = ledger_over(storage)
    while len(list(storage.blocks(0))) < BLOCKS - 2:
        ad_id = ads.create("p", NEW, f"key{random.random()}").ad_id
    ads.change("p", ad_id, changes(price=Decimal("10.50")))
    ads.delete("p", ad_id)
    return storage


@pytest.fixture(scope="module")
def ad_id(storage: MemoryStorage) -> str:
    """Of the ad that was created, changed and deleted last."""
    from runtime.journal.revisions import block_revisions

    head = storage.head()
    assert head is not None
    return block_revisions(head.ion)[0].ad_id


@pytest.fixture
def proof(storage: MemoryStorage, ad_id: str) -> dict[str, Any]:
    return proof_of(storage, ad_id, 1)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_every_version_is_proven(storage: MemoryStorage, ad_id: str, version: int) -> None:
    proof = proof_of(storage, ad_id, version)
    digest = Ledger(storage, name="ads-0").digest()
    proven = check_proof(text(proof), digest.value)
    assert proven.trusted
    assert b64decode(proven.digest) == digest.value
    assert (proven.tip, proven.ledger) == (digest.sequence_no, "ads-0")
    assert (proven.version["adId"], proven.version["version"]) == (ad_id, version)
    assert proven.version.get("deleted") is (True if version == 2 else None)


def test_what_no_hash_covers_is_only_said(proof: dict[str, Any]) -> None:
    """Nothing in a proof shows these altered; so nothing may tell them as proven."""
    original = check_proof(text(proof))
    tip = proof["digestTipAddress"]["sequenceNo"]
    proof["ledger"] = "another"
    proof["digestTipAddress"]["sequenceNo"] = tip + 1
    altered = check_proof(text(proof))
    assert (altered.ledger, altered.tip) == ("another", tip + 1)
    assert (altered.version, altered.digest) == (original.version, original.digest)


def test_a_proof_alone_is_not_trusted(proof: dict[str, Any]) -> None:
    assert not check_proof(text(proof)).trusted


def test_another_digest_is_told_apart(proof: dict[str, Any]) -> None:
    with pytest.raises(FailedError, match="not the one that was given"):
        check_proof(text(proof), bytes(32))


ALTERATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a price": lambda p: p["revision"].update(ion=p["revision"]["ion"].replace("10.50", "10.5")),
    "a shown price": lambda p: p["revision"]["json"].update(price=Decimal("10.5")),
    "a shown title": lambda p: p["revision"]["json"].update(adTitle="another"),
    "a shown field more": lambda p: p["revision"]["json"].update(more=1),
    "a hash less": lambda p: p["proof"].pop(),
    "a hash more": lambda p: p["proof"].append(p["proof"][0]),
    "hashes swapped": lambda p: p["proof"].reverse(),
    "another digest": lambda p: p.update(digest=b64encode(bytes(32)).decode()),
    "a short digest": lambda p: p.update(digest=b64encode(bytes(31)).decode()),
    "no digest": lambda p: p.pop("digest"),
    "no base64": lambda p: p["proof"].insert(0, "*"),
    "a tip before the block": lambda p: p["digestTipAddress"].update(sequenceNo=1),
    "a tip far behind": lambda p: p["digestTipAddress"].update(sequenceNo=10**9),
    "a tip of another strand": lambda p: p["digestTipAddress"].update(strandId="another"),
    "a tip before the first": lambda p: p["digestTipAddress"].update(sequenceNo=-1),
    "a tip that is no number": lambda p: p["digestTipAddress"].update(sequenceNo=True),
    "an address that is no struct": lambda p: p["revision"].update(
        ion=re.sub(r"blockAddress:\{[^}]*\}", "blockAddress:1", p["revision"]["ion"])
    ),
    "another block": lambda p: p["blockAddress"].update(sequenceNo=1),
    "no Ion": lambda p: p["revision"].update(ion="{"),
    "two values": lambda p: p["revision"].update(ion=p["revision"]["ion"] * 2),
    "Ion of something else": lambda p: p["revision"].update(ion="[1, 2]"),
    "an annotated revision": lambda p: p["revision"].update(ion="a::" + p["revision"]["ion"]),
    "a revision of numbers": lambda p: p["revision"].update(
        ion="{blockAddress: 1, hash: 2, metadata: 3}"
    ),
    "a field twice": lambda p: p["revision"].update(
        ion=p["revision"]["ion"][:-1] + ", data: {price: 1}}"
    ),
    "a member more": lambda p: p["revision"].update(ion=p["revision"]["ion"][:-1] + ", x: 1}"),
    "too many hashes": lambda p: p.update(proof=p["proof"] * 1000),
    "no ledger": lambda p: p.pop("ledger"),
    "a list of proofs": lambda p: p.update(proof={"a": 1}),
    "no number": lambda p: p["blockAddress"].update(sequenceNo="x"),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_what_was_altered_does_not_verify(proof: dict[str, Any], alteration: str) -> None:
    altered = copy.deepcopy(proof)
    ALTERATIONS[alteration](altered)
    assert text(altered) != text(proof)
    with pytest.raises(FailedError, match="the proof does not verify"):
        check_proof(text(altered))


@pytest.mark.parametrize(
    "broken", ["", "[]", "1", "{}", "[" * 100_000, "NaN", "\0", "x" * 5_000_000]
)
def test_what_is_no_proof_is_refused(broken: str) -> None:
    with pytest.raises(FailedError, match="the proof does not verify"):
        check_proof(broken)


def test_no_flipped_bit_verifies_as_something_else(proof: dict[str, Any]) -> None:
    """A flip in a spot without meaning, such as the ledger's name, may pass; nothing is misread."""
    original = check_proof(text(proof)).version
    data = text(proof).encode()
    chosen = random.Random(5)
    for _ in range(500):
        place, bit = chosen.randrange(len(data)), chosen.randrange(8)
        flipped = bytearray(data)
        flipped[place] ^= 1 << bit
        try:
            proven = check_proof(flipped.decode())
        except (FailedError, UnicodeDecodeError):
            continue
        assert proven.version == original
        assert proven.digest == proof["digest"]
