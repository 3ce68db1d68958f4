"""Every Ion type, plain, annotated and null, from a parameter or a literal to a result."""

import pytest
from amazon.ion import simpleion
from amazon.ion.core import IonType

from runtime.ledger.partiql.statement import prepare
from tests.runtime.ledger.partiql.memory_access import MemoryAccess, ion, ion_text

SCALARS = [
    "true",
    "0",
    "-123456789012345678901234567890",
    "1.50",
    "-0.0",
    "0d5",
    "1d-100",
    "1.5e+0",
    "-0e+0",
    "+inf",
    "nan",
    "2020T",
    "2020-02T",
    "2020-02-03",
    "2020-02-03T04:05Z",
    "2020-02-03T04:05-00:00",
    "2020-02-03T04:05:06.000Z",
    "2020-02-03T04:05:06.123456789+08:45",
    '"text é 😀"',
    '""',
    "symbol",
    "'quoted symbol'",
    '{{"clob"}}',
    "{{YmxvYg==}}",
]
CONTAINERS = [
    "[]",
    "[1,[2.0,null.list]]",
    "(a b (c))",
    "{}",
    "{a:1,b:{c:[x::1.00]},a:2}",
    "null",
    *(f"null.{ion_type.name.lower()}" for ion_type in IonType if ion_type is not IonType.NULL),
]
VALUES = SCALARS + CONTAINERS
ANNOTATED = [*VALUES, *(f"one::'two two'::{text}" for text in VALUES)]


@pytest.fixture
def access() -> MemoryAccess:
    made = MemoryAccess()
    made.create_table("T")
    return made


def same(left: str, right: str) -> bool:
    """Whether two Ion texts are the same to the last bit of Ion's own encoding."""
    return bool(simpleion.dumps(ion(left)) == simpleion.dumps(ion(right)))


@pytest.mark.parametrize("value", ANNOTATED)
def test_a_parameter_comes_back_as_it_is(access: MemoryAccess, value: str) -> None:
    access.run("INSERT INTO T VALUE ?", f"{{v: {value}}}")
    assert access.run("SELECT VALUE v FROM T") == [ion_text(ion(value))]
    (document,) = access.run("SELECT * FROM T")
    assert same(document, f"{{v: {value}}}")


@pytest.mark.parametrize("value", ANNOTATED)
def test_a_literal_comes_back_as_it_is(access: MemoryAccess, value: str) -> None:
    access.run(f"INSERT INTO T {{'v': `{value}`}}")
    access.run("UPDATE T AS t SET t.w = t.v")
    (document,) = access.run("SELECT * FROM T")
    assert same(document, f"{{v: {value}, w: {value}}}")


@pytest.mark.parametrize("value", [text for text in ANNOTATED if "null" not in text])
def test_a_value_is_found_by_itself(access: MemoryAccess, value: str) -> None:
    access.run("INSERT INTO T << {'v': ?}, {'v': 'something else'} >>", value)
    assert access.run("SELECT VALUE v FROM T WHERE v = ?", value) == [ion_text(ion(value))]
    assert access.run("SELECT VALUE v FROM T WHERE v IN (?)", value) == [ion_text(ion(value))]


@pytest.mark.parametrize(
    "value", [text for text in ANNOTATED if text.split("::")[-1][:4] == "null"]
)
def test_a_null_is_found_by_is_null_alone(access: MemoryAccess, value: str) -> None:
    access.run("INSERT INTO T << {'v': ?}, {'v': 1} >>", value)
    assert access.run("SELECT VALUE v FROM T WHERE v IS NULL") == [ion_text(ion(value))]
    assert access.run("SELECT VALUE v FROM T WHERE v = ?", value) == []


def test_numbers_of_a_statement_keep_their_scale(access: MemoryAccess) -> None:
    rows = access.run("SELECT 1, 1.0, 1.00, 1e2, .5, 5. FROM <<0>>")
    assert rows == ["{_1:1,_2:1.0,_3:1.00,_4:1d+2,_5:0.5,_6:5d0}"]
    types = prepare("SELECT VALUE [1, 1e0, 'a'] FROM <<0>>").run(access, [])
    assert [item.ion_type.name for item in next(types)] == ["INT", "DECIMAL", "STRING"]


def test_a_long_literal(access: MemoryAccess) -> None:
    text = "x" * 50_000
    assert access.run(f'SELECT VALUE `"{text}"` FROM <<0>>') == [f'"{text}"']
    assert access.run(f"SELECT VALUE CHAR_LENGTH('{text}') FROM <<0>>") == ["50000"]
