"""What amazon.ion writes wrongly, or dies of, is refused at every way in."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from amazon.ion.core import Timestamp, TimestampPrecision
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import IonError, RequestError, StatementError
from runtime.ledger.ion_bounds import DEPTH_MAX, FRACTION_DIGITS_MAX, INT_BITS_MAX, MEMBERS_MAX
from runtime.ledger.ion_form import check_form
from runtime.ledger.session import SessionService
from tests.fakes import MemoryStorage
from tests.ion_values import ION_VALUES, decimals
from tests.runtime.ledger.ledgers import run

TIMEOUT_S = 30
KILLERS = (
    "Decimal('1E999998')",
    "Decimal('1E+1999999')",
    "Decimal('NaN')",
    "Decimal('sNaN')",
    "{'a': [Decimal('-Infinity')]}",
    "10**100000",
    "-(1 << 16000)",
)
"""amazon.ion crashes on these or never returns; as it is released, in Python's words."""


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def binary(exponent: bytes, coefficient: bytes) -> bytes:
    body = exponent + coefficient
    assert 14 <= len(body) < 128
    return b"\xe0\x01\x00\xea\x5e" + bytes([0x80 | len(body)]) + body


@pytest.mark.parametrize("killer", KILLERS)
def test_known_killers_are_refused_and_the_process_lives(killer: str) -> None:
    program = (
        "from decimal import Decimal\n"
        "from runtime.ledger import ion\n"
        "from runtime.ledger.errors import IonError\n"
        "for write in (ion.encode, ion.text):\n"
        "    try:\n"
        f"        write({killer})\n"
        "    except IonError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done.stderr


@pytest.mark.parametrize(
    "source",
    [
        "1d999998",
        "[1d-999998]",
        "0d6200",
        "1d6144",
        "0d-6200",
        "1" * 5_000,
        "1" * 500_000,
        "{a:" + "1" * 73 + ".5}",
        "a::" + "1" * 34 + "0.",
        "a::" + "1" * 33 + "00.",
        "2026-01-02T03:04:05.0123456789Z",
        "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1),
        "[" * 100_000,
    ],
    ids=lambda source: source[:20],
)
def test_text_of_what_cannot_be_stored_is_refused(source: str) -> None:
    with pytest.raises(IonError):
        ion.parse(source)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xe0\x01\x00\xea\x53\x2e\xf1\x01", "exponent 6001"),
        (b"\xe0\x01\x00\xea\x53\x6e\xf1\x01", "exponent -6001"),
        (b"\xe0\x01\x00\xea\x55\x3f\x7f\x7f\xff\x01", "exponent that is too large"),
        (b"\xe0\x01\x00\xea\x52\x01\x01", "exponent that is too large, or does not end"),
        (binary(b"\x80", (10**72).to_bytes(31, "big")), "73 digits"),
        (binary(b"\x80", bytes(32)), "32 bytes"),
        (binary(b"\x80", (10**34).to_bytes(15, "big")), "ends in zeros"),
        (binary(b"\x80", b"\x80" + (10**34).to_bytes(15, "big")), "ends in zeros"),
        (b"\xe0\x01\x00\xea\x6a\x80\x0f\xe4\x81\x81\x80\x80\x80\xca\x01", "too fine"),
        (b"\xe0\x01\x00\xea\x6a\x80\x0f\xe4\x81\x81\x80\x80\x80\xc1\x0a", "no part of a second"),
        (b"\xe0\x01\x00\xea\x6a\x80\x0f\xe4\x81\x81\x80\x80\x80\xc1\x81", "no part of a second"),
        (b"\xe0\x01\x00\xea\x2e\x0d\xf7" + b"\x01" * 1783, "14257 bits"),
    ],
)
def test_binary_of_what_cannot_be_stored_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(IonError, match=reason):
        check_form(data)


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1E6001"),
        Decimal("1E-6001"),
        Decimal("1" * 73),
        Decimal("1" * 34 + "0"),
        1 << INT_BITS_MAX,
        Timestamp(
            2026,
            precision=TimestampPrecision.SECOND,
            fractional_seconds=Decimal("0.0000000001"),
        ),
        nested(DEPTH_MAX + 1),
        [[0] * (MEMBERS_MAX // 2)] * 3,
    ],
    ids=lambda value: f"{value!s:.30}",
)
def test_values_that_would_not_come_back_are_refused(value: Any) -> None:
    with pytest.raises(IonError):
        ion.encode(value)


def test_a_list_within_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(IonError, match="one within itself"):
        ion.encode(endless)


def test_what_is_just_within_bounds_comes_back() -> None:
    for value in (
        Decimal("9" * 72 + "E6000"),
        Decimal("-" + "9" * 72 + "E-6000"),
        Decimal("1" + "0" * 33 + "E6000"),
        Decimal("0E-6000"),
        (1 << INT_BITS_MAX) - 1,
        -(1 << INT_BITS_MAX) + 1,
        nested(DEPTH_MAX),
    ):
        data = ion.encode(value)
        check_form(data)
        assert ion.decode(data) == value
        assert ion.encode(ion.decode(data)) == data
        assert ion.parse(ion.text(value)) == value


@given(ION_VALUES)
def test_whatever_is_written_passes_the_check_and_comes_back(value: Any) -> None:
    data = ion.encode(value)
    check_form(data)
    assert ion.encode(ion.decode(data)) == data


@given(decimals())
def test_decimals_keep_their_digits_and_their_exponent(value: Decimal) -> None:
    for read in (ion.decode(ion.encode(value)), ion.parse(ion.text(value))):
        assert Decimal(read).as_tuple() == Decimal(value).as_tuple()


@given(st.decimals(allow_nan=True, allow_infinity=True, places=None))
def test_any_decimal_is_refused_or_comes_back(value: Decimal) -> None:
    try:
        data = ion.encode(value)
    except IonError:
        return
    assert Decimal(ion.decode(data)).as_tuple() == value.as_tuple()


def test_a_ledger_refuses_them_as_parameters() -> None:
    ledger = Ledger(MemoryStorage(), name="cars")
    run(ledger, "CREATE TABLE Cars")
    for value in (Decimal("1E7000"), 1 << 20_000, nested(129)):
        with pytest.raises(StatementError):
            ledger.begin().execute("INSERT INTO Cars ?", [{"value": value}])
        with pytest.raises(StatementError):
            ledger.begin().execute("INSERT INTO Cars VALUE {'value': ?}", [value])


def test_documents_leave_room_for_what_holds_them() -> None:
    ledger = Ledger(MemoryStorage(), name="cars")
    run(ledger, "CREATE TABLE Cars")
    run(ledger, "INSERT INTO Cars ?", {"value": nested(99)})
    assert len(run(ledger, "SELECT * FROM _ql_committed_Cars")) == 1
    with pytest.raises(IonError, match="more than 100 containers"):
        run(ledger, "INSERT INTO Cars ?", {"value": nested(100)})


@pytest.mark.parametrize(
    "holder",
    [
        {"IonBinary": b"\xe0\x01\x00\xea\x53\x2e\xf1\x01"},
        {"IonText": "1d999998"},
        {"IonText": "9" * 300_000},
        {"IonBinary": ion.encode(nested(101))},
    ],
    ids=lambda holder: f"{holder!s:.40}",
)
def test_a_session_refuses_them_as_parameters(holder: dict[str, Any]) -> None:
    service = SessionService({"cars": Ledger(MemoryStorage(), name="cars")})
    token = service.send_command({"StartSession": {"LedgerName": "cars"}})["StartSession"][
        "SessionToken"
    ]
    started = service.send_command({"SessionToken": token, "StartTransaction": {}})
    asked = {
        "TransactionId": started["StartTransaction"]["TransactionId"],
        "Statement": "SELECT VALUE ? FROM [1]",
        "Parameters": [holder],
    }
    with pytest.raises(RequestError, match=r"Parameters: \[0\]"):
        service.send_command({"SessionToken": token, "ExecuteStatement": asked})


@given(st.text("0123456789", min_size=1, max_size=40))
def test_every_digit_of_a_second_comes_back_or_is_refused(digits: str) -> None:
    source = f"2026-01-02T03:04:05.{digits}Z"
    magnitude = int(digits).to_bytes(int(digits).bit_length() // 8 + 1, "big")
    moment = b"\x80\x0f\xea\x81\x82\x83\x84\x85" + bytes([0xC0 | len(digits)])
    data = b"\xe0\x01\x00\xea\x6e" + bytes([0x80 | len(moment + magnitude)]) + moment + magnitude
    if len(digits) > FRACTION_DIGITS_MAX:
        with pytest.raises(IonError, match=f"{len(digits)} digits .* 9 can be stored"):
            ion.parse(source)
        with pytest.raises(IonError, match="too fine to be kept"):
            check_form(data)
        return
    value = ion.parse(source)
    assert ion.text(value) == source == ion.text(ion.decode(ion.encode(value)))
    assert ion.text(ion.decode(data)) == source


@pytest.mark.parametrize("size", range(28, 130))
@pytest.mark.parametrize("sign", [1, -1])
def test_an_int_comes_back_or_is_refused_both_ways(size: int, sign: int) -> None:
    """amazon.ion reads ints of 31 bytes, of 62 and so on as others, without a word."""
    for value in (sign << 8 * size - 1, sign * ((1 << 8 * size) - 1)):
        body = abs(value).to_bytes(size, "big")
        head = bytes((0x2E if sign > 0 else 0x3E, 0x80 | size))
        data = ion.VERSION_MARKER + head + body
        if size >= 128:
            data = ion.VERSION_MARKER + head[:1] + bytes((size >> 7, size & 0x7F | 0x80)) + body
        if size % 31:
            assert ion.encode(value) == data
            assert ion.decode(data) == value
            continue
        with pytest.raises(IonError, match=f"an int of {size} bytes"):
            ion.encode(value)
        with pytest.raises(IonError, match=f"an int of {size} bytes"):
            check_form(data)
