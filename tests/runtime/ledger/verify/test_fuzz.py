"""Damaged and forged blocks: what the quick check passes is what the strict check passes."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger.block import Change
from runtime.ledger.errors import VerificationError
from runtime.ledger.hashing import ion_hash
from runtime.ledger.verify import quick, strict
from runtime.ledger.verify.place import Place
from tests.fuzzing import changed, effort
from tests.ion_values import ION_VALUES, NAMES, struct
from tests.runtime.ledger.journals import TABLE, draft, numbered_id, sealed
from tests.runtime.ledger.verify.resealing import Unsealable, resealed
from tests.runtime.ledger.verify.test_quick import PLACES, quickly

SETTINGS = effort(150)
ROUNDS = 20
"""Of damage to a block, for each example."""
CHANGES_MAX = 4
SEEN = 3_000


def agreed(data: bytes, place: Place) -> bool:
    """Whether the quick check passes a block; then the strict one has to."""
    found = quickly(data, place)
    if found is not None:
        assert found == strict.check(data, place, ion_hash)
    return found is not None


def shuffled(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few replaced or swapped, so that all lengths stay what they were."""
    found = bytearray(data)
    for _ in range(chance.randint(1, CHANGES_MAX)):
        at, other = chance.randrange(len(found)), chance.randrange(len(found))
        match chance.randrange(4):
            case 0:
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                found[at] = chance.choice((0x00, 0x0B, 0x20, 0x7F, 0x80, 0x8E, 0xC0, 0xFF))
            case 2:
                found[at], found[at - 1] = found[at - 1], found[at]
            case _:
                found[at], found[other] = found[other], found[at]
    return bytes(found)


def block_of(data: Any) -> bytes:
    [commit] = sealed([draft(0, [Change(*TABLE, numbered_id(1), 0, data, (0,))])])
    return commit.block.ion


@SETTINGS
@given(st.integers(0))
def test_damaged_blocks(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        data, place = chance.choice(PLACES)
        agreed(changed(data, chance.getrandbits(64), chance.randint(1, CHANGES_MAX)), place)


@SETTINGS
@given(st.integers(0))
def test_blocks_that_are_sealed_again_after_damage(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        data, place = chance.choice(PLACES)
        try:
            agreed(resealed(shuffled(data, chance), place.previous_hash), place)
        except Unsealable:
            continue


@SETTINGS
@given(st.lists(st.tuples(NAMES, ION_VALUES), max_size=6).map(struct), st.integers(0))
def test_blocks_with_any_document_that_are_sealed_again_after_damage(data: Any, seed: int) -> None:
    chance = random.Random(seed)
    block = block_of(data)
    assert agreed(block, Place())
    assert resealed(block, b"") == block
    for _ in range(ROUNDS):
        try:
            agreed(resealed(shuffled(block, chance), b""), Place())
        except Unsealable:
            continue


def test_what_was_checked_before_makes_no_difference() -> None:
    """All that is kept from block to block is found out again."""
    chance = random.Random(7)
    tried: list[tuple[bytes, Place]] = []
    for _ in range(SEEN):
        data, place = chance.choice(PLACES)
        tried.append((data if chance.random() < 0.5 else shuffled(data, chance), place))
    passed = [quickly(*each) is not None for each in tried]
    again = [quickly(*each) is not None for each in reversed(tried)]
    assert passed == [*reversed(again)]
    sound = {data for data, _ in PLACES}
    assert [each[0] in sound for each in tried] == passed


def test_the_forger_seals_what_it_changed() -> None:
    data, place = PLACES[1]
    assert resealed(data, place.previous_hash) == data
    at = data.index(b"INSERT")
    forged = resealed(data[:at] + b"insert" + data[at + 6 :], place.previous_hash)
    assert quick.check(forged, place) != quick.check(data, place)
    with pytest.raises(VerificationError):
        strict.check(data[:at] + b"insert" + data[at + 6 :], place)
