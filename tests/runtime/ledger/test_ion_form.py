"""Which bytes are let through to the decoder."""

import os
import random
import signal
from decimal import Decimal

import pytest

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import DEPTH_MAX, check_form

TEXTS = (
    "null",
    "null.struct",
    "true",
    "0",
    "-123456789012345678901234567890",
    "1e0",
    "nan",
    "10.50",
    "-0.0",
    "2020T",
    "2020-02T",
    "2020-02-03T",
    "2020-02-03T04:05+05:00",
    "2020-02-03T04:05:06.789-00:00",
    '"text"',
    "symbol",
    "{{aGVsbG8=}}",
    '{{"clob"}}',
    "[]",
    "{}",
    "(a b [c, {d: e}])",
    "a::b::{c: d::1, c: null.int}",
    "'$ion_symbol_table'::1",
)
MUTATIONS = 2_000
DECODE_TIMEOUT_S = 10


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_is_well_formed(text: str) -> None:
    check_form(ion.encode(ion.parse(text)))


@pytest.mark.parametrize("size", [0, 13, 14, 127, 128, 20_000])
def test_every_length_is_read(size: int) -> None:
    check_form(ion.encode({"text": "x" * size, "list": [1] * size, "bytes": b"x" * size}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "version marker"),
        (b"\xe0\x01\x00\xea", "index out of range"),
        (b"\xe0\x01\x00\xea\x20\x20", "begins another"),
        (b"\xe0\x01\x00\xea\x01\x00", "padding"),
        (b"\xe0\x01\x00\xea\x12", "padding, or a bool"),
        (b"\xe0\x01\x00\xea\x31\x00", "a negative zero"),
        (b"\xe0\x01\x00\xea\x43\x00\x00\x00", "a float of 3 bytes"),
        (b"\xe0\x01\x00\xea\x61\x80", "index out of range"),
        (b"\xe0\x01\x00\xea\x64\x80\x0f\xea\x8d", "no moment"),
        (b"\xe0\x01\x00\xea\x65\x80\x0f\xea\x0b\x97", "no moment"),
        (b"\xe0\x01\x00\xea\x66\x80\x0f\xea\x8b\x97\x86", "no moment"),
        (b"\xe0\x01\x00\xea\x71\x63", "symbol 99, which is not defined"),
        (b"\xe0\x01\x00\xea\x82\xff\xff", "decode byte"),
        (b"\xe0\x01\x00\xea\x85ab", "ends beyond what holds it"),
        (b"\xe0\x01\x00\xea\xb2\x82a", "ends beyond what holds it"),
        (b"\xe0\x01\x00\xea\xd1\x80", "in order of its symbols"),
        (b"\xe0\x01\x00\xea\xe3\x81\x84\xe3\x81\x84\x20", "without a value of their own"),
        (b"\xe0\x01\x00\xea\xe4\x81\x84\x20\x20", "do not end"),
        (b"\xe0\x01\x00\xea\xf0", "begins with 0xf0"),
        (b"\xe0\x01\x00\xea\xbe\x01\x01\x01\x01\x01\x81", "too large"),
        (b"\xe0\x01\x00\xea\xe6\x81\x83\xd3\x86\x20\x20\x20", "more than symbols"),
        (b"\xe0\x01\x00\xea\xe6\x81\x83\xd3\x87\xb1\x20\x20", "a symbol that is no text"),
    ],
)
def test_what_is_malformed_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(IonError, match=reason):
        check_form(data)


def test_depth_is_bounded() -> None:
    def nested(depth: int) -> bytes:
        value: object = 1
        for _ in range(depth):
            value = [value]
        return ion.encode(value)

    check_form(nested(DEPTH_MAX))
    with pytest.raises(IonError, match="containers within containers"):
        check_form(nested(DEPTH_MAX + 1))


def test_the_decoder_survives_whatever_is_let_through() -> None:
    """Without the check about one mutation in a hundred hangs or crashes the process."""
    chance = random.Random(7)
    whole = ion.encode(
        {
            "publisherId": "p-1",
            "price": Decimal("10.50"),
            "tags": ["a", "b"],
            "all": [ion.parse(text) for text in TEXTS],
        }
    )
    passed: list[bytes] = []
    for _ in range(MUTATIONS):
        mutated = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2))):
            mutated[chance.randrange(4, len(mutated))] ^= 1 << chance.randrange(8)
        try:
            check_form(bytes(mutated))
        except IonError:
            continue
        passed.append(bytes(mutated))
    assert len(passed) > MUTATIONS / 10
    child = os.fork()
    if child == 0:
        signal.alarm(DECODE_TIMEOUT_S)
        for data in passed:
            try:
                ion.encode(ion.decode(data))
            except IonError:
                continue
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
