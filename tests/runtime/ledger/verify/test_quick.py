"""The quick check agrees with the strict one: on what passes and on what does not."""

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.block import Change
from runtime.ledger.errors import VerificationError
from runtime.ledger.hashing import ion_hash
from runtime.ledger.ion import reference_hash
from runtime.ledger.verify import quick, strict
from runtime.ledger.verify.place import CheckedBlock, Place
from runtime.ledger.verify.quick import value_hash
from runtime.ledger.verify.shapes import OPENING_BYTES_MAX, texts_of
from runtime.ledger.verify.symbols import DoubtError
from runtime.ledger.verify.written import ANNOTATED, LIST, MARKER, STRUCT, opening
from tests.ion_values import ION_VALUES, NAMES, struct
from tests.runtime.ledger.journals import TABLE, change, draft, journal, numbered_id, sealed
from tests.runtime.ledger.verify.resealing import resealed

FLIPS = 1_000


def places() -> list[tuple[bytes, Place]]:
    """Each block of the journal with its place."""
    found: list[tuple[bytes, Place]] = []
    place = Place()
    for data in journal():
        found.append((data, place))
        checked = strict.check(data, place, ion_hash)
        place = Place(place.sequence_no + 1, checked.block_hash, checked.strand_id)
    return found


def quickly(data: bytes, place: Place) -> CheckedBlock | None:
    try:
        return quick.check(data, place)
    except DoubtError:
        return None


def strictly(data: bytes, place: Place) -> CheckedBlock | None:
    try:
        return strict.check(data, place, ion_hash)
    except VerificationError:
        return None


def test_it_finds_what_the_strict_check_finds() -> None:
    for data, place in places():
        assert quick.check(data, place) == strict.check(data, place)


@given(st.lists(st.tuples(NAMES, ION_VALUES), max_size=6).map(struct), st.integers(1, 5))
def test_blocks_with_any_document_pass_both(data: Any, copies: int) -> None:
    changes = [Change(*TABLE, numbered_id(i), 0, data, (0,)) for i in range(copies)]
    [commit] = sealed([draft(0, changes)])
    assert quick.check(commit.block.ion, Place()) == strict.check(
        commit.block.ion, Place(), ion_hash
    )


@example({"\U0004c396": 1})
@example({"莖": {"莖莖": 1}})
@given(ION_VALUES)
def test_its_hash_is_that_of_the_reference(value: Any) -> None:
    data = ion.encode(value)
    assert value_hash(data) == reference_hash(ion.decode(data))


def test_deep_values_are_hashed() -> None:
    """Whoever wrote them did not count annotations."""
    data = ion.encode(ion.parse("a::[" * 100 + "]" * 100))
    assert value_hash(data) == ion_hash(ion.decode(data))


def test_what_blocks_share_is_looked_at_in_each() -> None:
    """Statements as long as one another, in blocks that are equal but for times and ids."""
    texts = ["INSERT INTO Ads ?", "INSERT INTO Bds ?", "INSERT INTO Ads ?"]
    commits = sealed([draft(n, [change(n, 0, "{n:1}")], [text]) for n, text in enumerate(texts)])
    place = Place()
    for number, commit in enumerate(commits):
        data = commit.block.ion
        found = quick.check(data, place)
        assert found == strict.check(data, place, ion_hash)
        for old, new in ((b"INSERT", b"insert"), (b"Ads", b"ads"), (b"\xb1\x20", b"\xb1\x21")):
            assert quickly(data.replace(old, new), place) is None
        place = Place(number + 1, found.block_hash, found.strand_id)


@settings(deadline=None)
@given(st.integers(0, 1 << 30))
def test_whatever_it_passes_is_passed_by_the_strict_check(seed: int) -> None:
    """One to three damaged bits or bytes, inserted or lost bytes, swapped pieces."""
    chance = random.Random(seed)
    data, place = chance.choice(PLACES)
    mutated = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(mutated))
        match chance.randrange(5):
            case 0 | 1:
                mutated[at] ^= 1 << chance.randrange(8)
            case 2:
                mutated[at] = chance.randrange(256)
            case 3:
                mutated.insert(at, chance.randrange(256))
            case _:
                del mutated[at]
    if bytes(mutated) != data and quickly(bytes(mutated), place) is not None:
        assert strictly(bytes(mutated), place) is not None


PLACES = places()


def test_every_flipped_bit_is_doubted() -> None:
    chance = random.Random(11)
    for _ in range(FLIPS):
        data, place = chance.choice(PLACES)
        damaged = bytearray(data)
        bit = chance.randrange(len(damaged) * 8)
        damaged[bit // 8] ^= 1 << bit % 8
        assert quickly(bytes(damaged), place) is None, (place.sequence_no, bit)


@pytest.mark.parametrize(
    "place",
    [
        Place(2, PLACES[1][1].previous_hash, PLACES[1][1].strand_id),
        Place(1, bytes(32), PLACES[1][1].strand_id),
        Place(1, b"", PLACES[1][1].strand_id),
        Place(1, PLACES[1][1].previous_hash, "another"),
    ],
)
def test_a_block_at_another_place_is_doubted(place: Place) -> None:
    assert quickly(PLACES[1][0], place) is None


def test_symbols_in_another_order_are_doubted() -> None:
    """The same meaning, and the same hashes."""
    [commit] = sealed([draft(0, [change(1, 0, "{ab:1,cd:2}")])])
    data = commit.block.ion
    assert quickly(data, Place()) is not None
    first = data.index(b"\x82ab\x82cd")
    ab = data.rindex(b"\x21\x01") - 1
    cd = data.rindex(b"\x21\x02") - 1
    swapped = bytearray(data)
    swapped[first : first + 6] = b"\x82cd\x82ab"
    swapped[ab], swapped[cd] = data[cd], data[ab]
    assert ion.decode(bytes(swapped)) == ion.decode(data)
    assert quickly(bytes(swapped), Place()) is None
    assert strictly(bytes(swapped), Place()) is None


def test_a_symbol_that_nobody_uses_is_doubted() -> None:
    data, place = PLACES[1]
    begin, end = texts_of(data[:OPENING_BYTES_MAX])
    written = data[begin:end] + b"\x86unused"
    for kind, before in ((LIST, b"\x87"), (STRUCT, b"\x81\x83"), (ANNOTATED, MARKER)):
        written = before + opening(kind, len(written)) + written
    unused = written + data[end:]
    assert ion.decode(unused) == ion.decode(data)
    assert quickly(unused, place) is None
    assert strictly(unused, place) is None


def forged(text: str, old: bytes, new: bytes) -> bytes:
    """A block whose document has other bytes instead, and all hashes that fit to them."""
    [commit] = sealed([draft(0, [change(1, 0, text)])])
    data = commit.block.ion
    assert data.count(old) == 1
    return resealed(data.replace(old, new), b"")


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("{n:515}", b"\x22\x02\x03", b"\x22\x00\x03"),
        ("{n:-515}", b"\x32\x02\x03", b"\x32\x00\x03"),
        ("{n:[-515]}", b"\x32\x02\x03", b"\x32\x00\x03"),
        ('{n:"\u00e9\u00e9"}', b"\xc3\xa9\xc3\xa9", b"\xc3\xa9\xc3\xc3"),
        ("{n:1.25e0}", b"\x48\x3f\xf4", b"\x48\x00\x00"),
        ("{n:1.10}", b"\x52\xc2\x6e", b"\x52\xc2\x00"),
        ("{n:2031-02-28T}", b"\x0f\xef\x82\x9c", b"\x0f\xef\x82\x9d"),
        ("{n:2031-02-28T01:02Z}", b"\x0f\xef\x82\x9c", b"\x0f\xef\x82\x9d"),
        ("{n:null.int}", b"\x9f\x2f", b"\x9f\x3f"),
        ("{n:[a,b],m:[a,b]}", b"\x71\x20\x71\x21\xa2", b"\x71\x21\x71\x20\xa2"),
        ("{a:{b:7,c:8},b:5,c:6}", b"\xa1\x21\x06", b"\x9f\x21\x06"),
    ],
)
def test_other_forms_are_doubted_though_hashes_fit(text: str, old: bytes, new: bytes) -> None:
    assert quickly(forged(text, old, old), Place()) is not None
    assert quickly(forged(text, old, new), Place()) is None
    assert strictly(forged(text, old, new), Place()) is None


def test_other_bytes_of_the_same_meaning_are_doubted() -> None:
    data, place = PLACES[3]
    padded = bytearray(data)
    head = padded.index(b"\xee")
    length = padded[head + 2] & 0x7F | padded[head + 1] << 7
    padded[head + 1 : head + 3] = bytes((0, length >> 7, length & 0x7F | 0x80))
    assert ion.decode(bytes(padded)) == ion.decode(data)
    assert quickly(bytes(padded), place) is None
    unused = ion.encode([ion.decode(data), ion.parse("unused_symbol")])
    assert quickly(unused, place) is None
