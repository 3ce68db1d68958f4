"""Whatever bytes or text come in where Ion is expected: a value that lasts, or an IonError.

Each example runs in this process: one that crashed or hung the decoder would end the whole run.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.hashing import ion_hash
from runtime.ledger.ion_binary import VERSION_MARKER
from runtime.ledger.ion_form import check_form
from tests.fuzzing import changed, effort
from tests.ion_values import ION_VALUES

SETTINGS = effort(150)
CHANGES_MAX = 4
WORDS = (
    *("{", "}", "[", "]", "(", ")", ",", ":", "::", "'", '"', "'''", "/*", "*/", "//", "\\n"),
    *("null", "null.int", "null.struct", "true", "nan", "+inf", "0", "-1", "1e0", "1d-9", "1.5"),
    *("0x1f", "0b1", "2024T", "2024-02-30T", "2024-01-01T00:00Z", "{{aGk=}}", '{{"x"}}'),
    *("$ion_1_0", "$0", "$3", "'$7'", "a", "b", "a::b"),
)


def taken(data: bytes) -> None:
    """Take a stranger's bytes: what is let in is written, hashed and read again."""
    try:
        check_form(data)
        value = ion.decode(data)
        again = ion.encode(value)
    except IonError:
        return
    assert ion_hash(ion.decode(again)) == ion_hash(value)
    ion.text(value)


def read(text: str) -> None:
    """Take a stranger's text, in the same way."""
    try:
        value = ion.parse(text)
        again = ion.encode(value)
    except IonError:
        return
    assert ion_hash(ion.decode(again)) == ion_hash(value)


@SETTINGS
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    taken(data)
    taken(VERSION_MARKER + data)


@SETTINGS
@given(ION_VALUES, st.integers(0), st.integers(1, CHANGES_MAX))
def test_a_value_with_bytes_changed(value: Any, seed: int, changes: int) -> None:
    data = ion.encode(value)
    taken(changed(data, seed, changes))
    taken(VERSION_MARKER + changed(data[len(VERSION_MARKER) :], seed, changes))


@SETTINGS
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    read(text)


@SETTINGS
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_words(text: str) -> None:
    read(text)


@SETTINGS
@given(ION_VALUES, st.integers(0), st.integers(1, CHANGES_MAX))
def test_text_with_characters_changed(value: Any, seed: int, changes: int) -> None:
    data = changed(ion.text(value).encode(), seed, changes)
    read(data.decode(errors="replace"))
