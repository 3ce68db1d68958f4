"""Which contents of plain values pass as those that the encoder writes."""

import random
from typing import Any

import pytest
from hypothesis import given

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import check_form
from runtime.ledger.verify.forms import require_form
from runtime.ledger.verify.headers import header
from runtime.ledger.verify.symbols import DoubtError
from runtime.ledger.verify.written import (
    DECIMAL,
    FLOAT,
    INT,
    MARKER,
    NEGATIVE,
    STRING,
    TIMESTAMP,
    opening,
)
from tests.ion_values import SCALARS

TEXTS = (
    *("0", "5", "256", "-1", "-256", "12345678901234567890"),
    *("0e0", "-0e0", "1.5e0", "1e-310", "nan", "+inf"),
    *("1.10", "-1.28", "0.00", "-0.0", "1d100", "129.90"),
    *("2026T", "2026-02-28", "2024-02-29T03:04Z", "2026-01-31T03:04:05.678Z"),
    *("2026-12-31T23:59:59.999999Z", "2026-01-02T03:04:05.200+02:00", "1066-10-14T09:00:00-00:00"),
    *('"text"', '"é"'),
)
KINDS = (INT, NEGATIVE, FLOAT, DECIMAL, TIMESTAMP, STRING)
MUTATIONS = 4_000
OFTEN = (0x00, 0x80, 0x8D, 0x9D, 0x9E, 0x9F, 0xBC, 0xC0, 0xC3, 0xFF)


def plain(value: Any) -> tuple[int, bytes]:
    """Kind and content of an encoded value that needs no symbols."""
    data = ion.encode(value)
    kind, body, end = header(data, len(MARKER))
    return kind, data[body:end]


def is_exact(kind: int, content: bytes) -> bool:
    data = MARKER + opening(kind, len(content)) + content
    try:
        check_form(data)
        return ion.encode(ion.decode(data)) == data
    except IonError:
        return False


def passes(kind: int, content: bytes) -> bool:
    try:
        require_form(kind, content)
    except (DoubtError, UnicodeDecodeError):
        return False
    return True


@given(SCALARS)
def test_what_the_encoder_writes_passes(value: Any) -> None:
    head = ion.encode(value)[len(MARKER)]
    if head >> 4 in KINDS and head & 0x0F != 15:
        require_form(*plain(value))


def test_what_passes_is_what_the_encoder_writes() -> None:
    chance = random.Random(3)
    known = [plain(ion.parse(text)) for text in TEXTS]
    passed = 0
    for _ in range(MUTATIONS):
        kind, content = chance.choice(known)
        changed = bytearray(content or b"\x00")
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(changed))
            match chance.randrange(4):
                case 0:
                    changed[at] = chance.choice(OFTEN)
                case 1:
                    changed[at] ^= 1 << chance.randrange(8)
                case 2:
                    changed.insert(at, chance.choice(OFTEN))
                case _ if len(changed) > 1:
                    del changed[at]
                case _:
                    pass
        found = passes(kind, bytes(changed))
        assert found == is_exact(kind, bytes(changed)), (kind, changed.hex())
        passed += found
    assert 0 < passed < MUTATIONS


@pytest.mark.parametrize("offset", [*range(-1439, 1440, 7), -64, -63, 63, 64])
def test_every_offset_is_known(offset: int) -> None:
    hours, minutes = divmod(abs(offset), 60)
    sign = "-" if offset < 0 else "+"
    kind, content = plain(ion.parse(f"2026-06-15T12:00:00{sign}{hours:02d}:{minutes:02d}"))
    assert passes(kind, content)


def test_every_fraction_is_known() -> None:
    for thousandths in range(1_000):
        kind, content = plain(ion.parse(f"2026-06-15T12:00:00.{thousandths:03d}Z"))
        assert passes(kind, content)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (INT, b"\x00\x05"),
        (NEGATIVE, b""),
        (NEGATIVE, b"\x00"),
        (FLOAT, bytes(8)),
        (FLOAT, b"\x3f\xc0\x00\x00"),
        (DECIMAL, b"\xc2\x00"),
        (DECIMAL, b"\xc0\x05"),
        (TIMESTAMP, bytes.fromhex("800fea829d838485")),
        (TIMESTAMP, bytes.fromhex("800fea8182838485c303e8")),
        (TIMESTAMP, bytes.fromhex("800fea8182838485c3a6")),
        (STRING, b"\xc3"),
    ],
)
def test_other_forms_are_doubted(kind: int, content: bytes) -> None:
    assert not passes(kind, content)
    assert not is_exact(kind, content)
