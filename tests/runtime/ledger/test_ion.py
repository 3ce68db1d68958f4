"""Ion values survive bytes and text with every distinction they have."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from amazon.ion import simple_types, simpleion
from amazon.ion.core import IonType
from hypothesis import given, settings

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import check_form
from tests.ion_values import ION_VALUES
from tests.vectors import unbase64, vectors


@given(ION_VALUES)
@settings(deadline=None)
def test_the_writer_beneath_writes_what_the_public_one_does(value: Any) -> None:
    """It is no public part of amazon.ion, whose version is pinned: a newer one may lack it."""
    assert ion.encode_sound(value) == simpleion.dumps(value)


@pytest.mark.parametrize("vector", vectors("ion_hash", "ion_binary_b64"), ids=lambda v: v["ion"])
def test_binary_of_another_writer_is_read(vector: dict[str, str]) -> None:
    data = unbase64(vector["b64"])
    check_form(data)
    assert ion.encode(ion.decode(data)) == ion.encode(ion.parse(vector["ion"]))


@pytest.mark.parametrize(
    "source",
    [
        "90.25",
        "90.250",
        "-0.0",
        "123456789012345678901234567890123456789012345678901234567890.5",
        "1d-400",
        "2019T",
        "2019-08T",
        "2019-08-21",
        "2019-08-21T10:10Z",
        "2019-08-21T10:10-00:00",
        "2019-08-21T10:10:01.000Z",
        "2019-08-21T10:10:01.123456789+01:00",
        "symbol",
        '"symbol"',
        "a::b::5",
        "null",
        "null.struct",
        "a::null.list",
        "(a b 1)",
        "[a,b,1]",
        '{{"clob"}}',
        "{{aGVsbG8=}}",
        "123456789012345678901234567890",
        "{a:1,a:2}",
        "nan",
        "-inf",
    ],
)
def test_text_and_binary_round_trip(source: str) -> None:
    assert ion.text(ion.decode(ion.encode(ion.parse(source)))) == source


@given(ION_VALUES)
@settings(deadline=None)
def test_encoding_is_stable(value) -> None:
    data = ion.encode(value)
    assert ion.encode(ion.decode(data)) == data
    assert ion.encode(ion.decode_bare(data)) == data


def test_bare_values_are_plain_where_nothing_is_lost() -> None:
    value = ion.decode_bare(ion.encode(ion.parse('{a:"x",b:1,c:1.50,d:a::1,e:s,f:null.int}')))
    assert [type(value[name]) for name in "abc"] == [str, int, Decimal]
    assert value["c"].as_tuple().exponent == -2
    assert value["d"].ion_annotations[0].text == "a"
    assert value["f"].ion_type is IonType.INT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        b"\xe0\x01\x00\xea",
        b"\xe0\x01\x00\xea\x21",
        b"\xe0\x01\x00\xea\x11\x11",
        b"\xe0\x01\x00\xea\x82\xff\xff",
        b"\xff" * 8,
    ],
)
def test_bytes_that_are_not_one_value_are_refused(data: bytes) -> None:
    with pytest.raises(IonError):
        ion.decode(data)


@pytest.mark.parametrize("source", ["", "1 2", "{a:", "2019-13-01T", '"open', "[" * 5000])
def test_text_that_is_not_one_value_is_refused(source: str) -> None:
    with pytest.raises(IonError):
        ion.parse(source)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "source", ["$12345678901", "[1,$12345678901]", "{$99999999999:1}", "$99999999999::1"]
)
def test_symbol_numbers_for_which_the_reader_never_returns_are_refused(source: str) -> None:
    with pytest.raises(IonError, match="number of no symbol"):
        ion.parse(source)


@pytest.mark.parametrize(
    "source", ['"$12345678901"', "'$12345678901'", '{a:"\\"$12345678901"}', "a$12345678901"]
)
def test_the_same_digits_in_quotes_or_names_are_text(source: str) -> None:
    ion.parse(source)


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, "\ud800", {"a": object()}])
def test_what_ion_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(IonError, match="cannot be written as Ion"):
        ion.encode(value)
    with pytest.raises(IonError, match="cannot be written as Ion"):
        ion.text(value)


def test_long_strings_are_read() -> None:
    long = "x" * 200_000
    assert ion.parse(f'"{long}"') == long
    assert ion.decode(ion.encode(long)) == long


def test_every_nan_of_text_is_the_same() -> None:
    plain = ion.encode(ion.decode(ion.encode(float("nan"))))
    assert ion.encode(ion.parse("nan")) == plain
    nested = ion.parse("{a:[x::nan,(nan)],b:nan,b:1e0}")
    assert ion.text(nested) == "{a:[x::nan,(nan)],b:nan,b:1e+0}"
    assert ion.encode(nested["a"][1][0]) == plain


def test_timestamps_are_milliseconds_in_utc() -> None:
    cet = timezone(timedelta(hours=1))
    moment = datetime(2026, 1, 2, 0, 4, 5, 678_999, tzinfo=cet)
    assert ion.text(ion.timestamp(moment)) == "2026-01-01T23:04:05.678Z"
    whole = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert ion.text(ion.timestamp(whole)) == "2026-01-02T03:04:05.000Z"


def test_every_value_class_has_the_method_pyqldb_calls() -> None:
    for name in dir(simple_types):
        if name.startswith("IonPy"):
            assert getattr(simple_types, name).ion_hash is ion._ion_hash


def test_other_algorithms_are_left_to_ionhash() -> None:
    value = ion.parse("{a:1}")
    assert len(value.ion_hash("md5")) == 16
    assert value.ion_hash("SHA256") == ion.reference_hash(value)
    with pytest.raises(Exception, match="must be specified"):
        value.ion_hash()


def test_pyqldb_can_be_imported_after_it() -> None:
    program = "import runtime.ledger.ion, pyqldb.driver.qldb_driver"
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", program], check=True)


def test_without_the_c_extension_the_import_says_what_to_do() -> None:
    program = (
        "from amazon.ion import simpleion\n"
        "simpleion.c_ext = False\n"
        "try:\n"
        "    import runtime.ledger.ion\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert "install a wheel of amazon.ion" in done.stdout
