"""Parameters are hashed once; what becomes a document is what was hashed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from amazon.ion.core import IonType
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import IonError
from runtime.ledger.hashing import hashed, ion_hash
from runtime.ledger.ion_bounds import DEPTH_MAX, DOCUMENT_DEPTH_MAX
from runtime.ledger.parameters import Parameters
from tests.ion_values import ION_VALUES
from tests.runtime.ledger.ledgers import (
    BY_CATEGORY,
    INSERT,
    STORAGES,
    run,
    storage_of,
    with_ads,
)

PLAIN_STRUCTS = st.dictionaries(
    st.text(max_size=4),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    max_size=6,
)
COUNT = "SELECT COUNT(*) AS found FROM Ads AS a WHERE a.n = ?"


@pytest.fixture(params=STORAGES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with storage_of(request.param, tmp_path) as storage:
        yield with_ads(storage)


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"n": value}
    return value


def test_a_document_is_what_was_hashed() -> None:
    values = [ion.parse("{a: b::1}"), ion.parse("[1]"), ion.parse("x"), ion.parse("{a: b::1}")]
    parameters = Parameters(values)
    assert parameters.hashes == [ion_hash(value) for value in values]
    assert parameters.hashed(values[0]) == hashed(values[0], DOCUMENT_DEPTH_MAX)
    assert parameters.hashed(values[0]) is parameters.hashed(values[0])
    assert parameters.hashed(values[0]) is not parameters.hashed(values[3])
    other = ion.parse("{a: 2}")
    assert parameters.hashed(other) == hashed(other, DOCUMENT_DEPTH_MAX)


@pytest.mark.parametrize("depth", [DOCUMENT_DEPTH_MAX, DOCUMENT_DEPTH_MAX + 1, DEPTH_MAX])
def test_what_is_too_deep_for_a_document_can_be_compared_with(ledger: Ledger, depth: int) -> None:
    assert run(ledger, COUNT, nested(depth)) == [{"found": 0}]


def test_a_document_that_is_too_deep_is_refused(ledger: Ledger) -> None:
    run(ledger, INSERT, nested(DOCUMENT_DEPTH_MAX))
    transaction = ledger.begin()
    with pytest.raises(IonError, match=f"more than {DOCUMENT_DEPTH_MAX} containers"):
        transaction.execute(INSERT, [nested(DOCUMENT_DEPTH_MAX + 1)])
    with pytest.raises(IonError, match=f"more than {DEPTH_MAX} containers"):
        transaction.execute(COUNT, [nested(DEPTH_MAX + 1)])


def test_what_the_caller_changes_afterwards_is_not_stored(ledger: Ledger) -> None:
    given: Any = {"category": "cars", "n": 1, "tags": ["a"]}
    for parameter in (given, ion.decode(ion.encode(given))):
        transaction = ledger.begin()
        transaction.execute(INSERT, [parameter])
        parameter["category"] = "boats"
        parameter["tags"].append("b")
        assert transaction.execute(BY_CATEGORY, ["boats"]) == []
        transaction.commit()
        parameter["n"] = 2
        del parameter["tags"][1]
        parameter["category"] = "cars"
    assert run(ledger, BY_CATEGORY, "boats") == []
    assert run(ledger, BY_CATEGORY, "cars") == [1, 1]
    assert run(ledger, "SELECT VALUE a.tags FROM Ads AS a") == [["a"], ["a"]]


def test_a_document_set_to_a_parameter_and_changed_further_is_hashed_anew(ledger: Ledger) -> None:
    run(ledger, INSERT, {"category": "cars", "n": 1})
    run(ledger, "UPDATE Ads AS a SET a = ?, a.n = ?", {"category": "boats", "n": 2}, 3)
    assert run(ledger, BY_CATEGORY, "boats") == [3]


def test_what_would_be_read_as_a_symbol_table_is_no_document(ledger: Ledger) -> None:
    run(ledger, INSERT, ion.parse('{d: $ion_symbol_table::{symbols: ["a"]}}'))
    with pytest.raises(IonError, match="symbol table"):
        run(ledger, "UPDATE Ads AS a SET a = a.d")


@given(st.one_of(PLAIN_STRUCTS, ION_VALUES))
def test_a_copy_is_kept_as_it_would_be_encoded_itself(value: Any) -> None:
    parameters = Parameters.copied([value])
    [copy] = parameters.values
    assert parameters.hashes == [ion_hash(copy)]
    if copy.ion_type is IonType.STRUCT and hasattr(copy, "items"):
        assert parameters.hashed(copy) == hashed(copy, DOCUMENT_DEPTH_MAX)
