"""That numbers survive JSON with every digit, and what JSON is not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.web.exact_json import dumps, loads
from runtime.web.problem import ProblemError


@pytest.mark.parametrize("text", ["10", "10.00", "0.1", "12345678901234.123456", "-0", "1E+2"])
def test_numbers_keep_every_digit(text: str) -> None:
    value = loads(text).value
    assert isinstance(value, Decimal)
    assert dumps(value) == text


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_come_back_as_they_were(number: Decimal) -> None:
    assert loads(dumps([number])).value[0].as_tuple() == number.as_tuple()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": ', "not JSON"),
        ("", "not JSON"),
        ("NaN", "not JSON"),
        ("[Infinity, -Infinity]", "not JSON"),
        ('"\ufeff"x', "not JSON"),
        ("{} {}", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('"\n"', "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("1e99999999999999999999", "out of all bounds"),
    ],
)
def test_what_is_not_json_is_a_problem(text: str, reason: str) -> None:
    with pytest.raises(ProblemError) as refused:
        loads(text)
    assert refused.value.problem.kind.status == 400
    assert reason in refused.value.problem.detail


def test_a_name_that_comes_twice_is_told() -> None:
    parsed = loads('{"a": 1, "b": {"c": 1, "c": 2, "c": 3}, "a": 2}')
    assert sorted(parsed.repeated) == ["a", "c", "c"]
    assert loads('{"a": {"a": 1}}').repeated == []


def test_text_is_written_as_it_is() -> None:
    assert dumps({"ad": "🚲 é"}) == '{"ad":"🚲 é"}'
