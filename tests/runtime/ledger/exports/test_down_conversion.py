"""JSON as Ion's rules of down-conversion have it, each digit kept."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.exports.down_conversion import to_json
from tests.ion_values import decimals


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("null", "null"),
        ("null.struct", "null"),
        ("null.symbol", "null"),
        ("true", "true"),
        ("a::false", "false"),
        ("-12345678901234567890123", "-12345678901234567890123"),
        ("10.50", "10.50"),
        ("-0.", "-0"),
        ("0.00", "0.00"),
        ("1d3", "1E+3"),
        ("1d-9", "1E-9"),
        ("2.5e0", "2.5"),
        ("1e100", "1e+100"),
        ("nan", "null"),
        ("-inf", "null"),
        ("2022-06-08T18:46:46.512Z", '"2022-06-08T18:46:46.512Z"'),
        ("created::'when ever'::2030T", '"2030T"'),
        ("2030-01-02T03:04+05:30", '"2030-01-02T03:04+05:30"'),
        ("symbol", '"symbol"'),
        ("'two words'", '"two words"'),
        ("$0", "null"),
        (r'"a\"b\n€\u2028"', r'"a\"b\n\u20ac\u2028"'),
        (r'{{"clob\xff"}}', r'"clob\u00ff"'),
        ("{{AAEC}}", '"AAEC"'),
        ("{{}}", '""'),
        ("[1,[2],a::3]", "[1,[2],3]"),
        ("(s exp)", '["s","exp"]'),
        ("{a:1,'b c':{}}", '{"a":1,"b c":{}}'),
        ("{a:1,a:2}", '{"a":1,"a":2}'),
    ],
)
def test_every_type_has_its_json(value: str, written: str) -> None:
    assert to_json(ion.parse(value)) == written
    assert to_json(ion.decode(ion.encode(ion.parse(value)))) == written


TEXT = st.text(st.characters(codec="utf-8"))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda members: st.lists(members) | st.dictionaries(TEXT, members),
)


@given(PLAIN)
def test_it_is_json_on_one_line_of_ascii(value: Any) -> None:
    written = to_json(ion.decode(ion.encode([value])))
    assert written.isascii()
    assert len(written.splitlines()) == 1
    assert json.loads(written) == [value]


@given(decimals())
def test_decimals_keep_their_scale(value: Decimal) -> None:
    written = to_json(ion.decode(ion.encode([value])))
    [read] = json.loads(written, parse_float=Decimal, parse_int=Decimal)
    assert read.as_tuple() == value.as_tuple()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_keep_every_bit(value: float) -> None:
    [read] = json.loads(to_json(ion.decode(ion.encode([value]))))
    assert float(read).hex() == value.hex()
