"""Identifiers have QLDB's form, and distinct bits give distinct ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger.identifiers import ID_LENGTH, encode_id, is_id, new_id
from tests.vectors import vectors


@pytest.mark.parametrize("vector", vectors("identifiers", "id_encoding_inferred"))
def test_encoding_vectors(vector: dict[str, str]) -> None:
    assert encode_id(bytes.fromhex(vector["uuid_hex"])) == vector["id"]


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_identifiers_are_as_distinct_and_as_ordered_as_their_bits(a: bytes, b: bytes) -> None:
    one, other = encode_id(a), encode_id(b)
    assert (one == other) is (a == b)
    assert (one < other) is (a < b)
    assert is_id(one)


def test_new_identifiers_do_not_repeat() -> None:
    drawn = {new_id() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(len(text) == ID_LENGTH and is_id(text) for text in drawn)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 21,
        "0" * 23,
        "0" * 21 + "-",
        "z" * 22,
        "LygHa16AHYGLygHa16AHYF",
        "LygHa16AHYFLygHa16AHYG",
    ],
)
def test_other_texts_are_no_identifiers(text: str) -> None:
    assert not is_id(text)


def test_sixteen_bytes_are_needed() -> None:
    with pytest.raises(ValueError, match="16 bytes, not 3"):
        encode_id(b"abc")
