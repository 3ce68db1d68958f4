"""Any text is a statement or refused: nothing else ever comes out."""

import random

from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger.errors import StatementError
from runtime.ledger.partiql.lexical import KEYWORDS, SYMBOLS, UNSUPPORTED
from runtime.ledger.partiql.statement import Statement
from tests.fuzzing import effort
from tests.runtime.ledger.partiql import (
    test_changes,
    test_expressions,
    test_ion_values,
    test_lookups,
    test_refusals,
    test_select,
)
from tests.runtime.ledger.partiql.memory_access import MemoryAccess, ion, ion_text

SETTINGS = effort(300)
PARAMETERS = [ion(text) for text in test_ion_values.ANNOTATED]


def statements() -> list[str]:
    """Every statement of the other tests."""
    marks = [
        mark.args[1]
        for module in (test_select, test_lookups, test_changes)
        for test in vars(module).values()
        for mark in getattr(test, "pytestmark", [])
        if mark.name == "parametrize" and "statement" in str(mark.args[0])
    ]
    found = [row if isinstance(row, str) else row[0] for rows in marks for row in rows]
    found += [f"SELECT {row[0]} FROM T" for row in test_expressions.OPERATORS]
    found += [f"SELECT {row[0]} FROM T" for row in test_expressions.FUNCTIONS]
    found += [f"SELECT {row[0]} FROM T" for row in test_expressions.CASTS]
    return found + [row[0] for row in test_refusals.RUNNING if len(row[0]) < 200]


STATEMENTS = statements()
WORDS = [
    *KEYWORDS,
    *UNSUPPORTED,
    *SYMBOLS,
    *(f" {word} " for word in ("T", "a", "'s'", "1", "1.5", "?", "`{a: 1}`", "NULL", "id", "n")),
]


def attempt(text: str, seed: int) -> None:
    """Prepare and run: anything but a StatementError fails, and so does a row that is no Ion."""
    try:
        statement = Statement(text)
        access = MemoryAccess()
        access.create("T", "{n: 1, kind: odd, a: [1, {b: 2}]}", "{n: 2.50}", index=["kind"])
        access.create("People", *test_select.PEOPLE)
        access.create("Cars", test_changes.CAR, index=["vin"])
        chosen = random.Random(seed)
        parameters = [chosen.choice(PARAMETERS) for _ in range(statement.parameter_count)]
        for row in statement.run(access, parameters):
            ion_text(row)
    except StatementError:
        return


@SETTINGS
@given(st.text(max_size=200), st.integers(0, 1000))
def test_any_text(text: str, seed: int) -> None:
    attempt(text, seed)


@SETTINGS
@given(st.lists(st.sampled_from(WORDS), max_size=25), st.integers(0, 1000))
def test_any_words(words: list[str], seed: int) -> None:
    attempt(" ".join(words), seed)
    attempt("SELECT " + " ".join(words) + " FROM T", seed)


@SETTINGS
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_statement_with_a_part_changed(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    middle = data.draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=3), st.just("")))
    attempt(text[:start] + middle + text[end:], data.draw(st.integers(0, 1000)))


@SETTINGS
@given(st.sampled_from(STATEMENTS), st.sampled_from(STATEMENTS), st.data())
def test_two_statements_crossed(one: str, other: str, data: st.DataObject) -> None:
    head = one[: data.draw(st.integers(0, len(one)))]
    attempt(head + " " + other[data.draw(st.integers(0, len(other))) :], 0)


def test_every_statement_with_parameters_of_every_type() -> None:
    for number, text in enumerate(STATEMENTS):
        for seed in range(8 if "?" in text else 1):
            attempt(text, number * 100 + seed)
