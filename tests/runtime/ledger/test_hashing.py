"""Hashes equal the published vectors, ionhash, and pyqldb's own arithmetic."""

import struct as binary

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.hashing import (
    CommitDigest,
    dot,
    ion_hash,
    ion_hashes,
    statement_digest,
)
from tests.ion_values import ION_VALUES
from tests.vectors import unbase64, vectors

HASHES = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("vector", vectors("ion_hash", "ion_hash"), ids=lambda v: v["ion"])
def test_ion_hash_vectors(vector: dict[str, str]) -> None:
    assert ion_hash(ion.parse(vector["ion"])) == unbase64(vector["sha256"])


@given(ION_VALUES)
@settings(max_examples=400, deadline=None)
def test_ion_hash_is_that_of_ionhash(value) -> None:
    decoded = ion.decode(ion.encode(value))
    assert ion_hash(value) == ion_hash(decoded) == ion.reference_hash(decoded)
    assert decoded.ion_hash("SHA256") == ion.reference_hash(decoded)


@given(st.lists(ION_VALUES, max_size=4))
@settings(deadline=None)
def test_many_at_once_are_the_same_as_one_by_one(values) -> None:
    assert ion_hashes(values) == [ion_hash(value) for value in values]


@given(st.text())
def test_plain_and_ion_strings_hash_alike(text: str) -> None:
    assert ion_hash(text) == ion.reference_hash(ion.decode(ion.encode(text)))


@given(st.binary())
def test_delimiters_within_content_are_escaped(content: bytes) -> None:
    mixed = content + b"\x0b\x0c\x0e"
    assert ion_hash(mixed) == ion.reference_hash(ion.decode(ion.encode(mixed)))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("{a:1,b:2}", "{b:2,a:1}", True),
        ("[1,2]", "[2,1]", False),
        ('"a"', "a", False),
        ("'a'", "a", True),
        ("[a]", "(a)", False),
        ("null", "null.string", False),
        ("{}", "null.struct", False),
        ("0.", "0.0", False),
        ("0", "-0", True),
        ("2019-08-21T", "2019-08-21T00:00:00Z", False),
        ("2019-08-21T00:00:00Z", "2019-08-21T00:00:00-00:00", False),
        ("{a:1}", "{a:1,a:1}", False),
        ("1", "a::1", False),
        ("1", "1.", False),
        ("1.", "1e0", False),
    ],
)
def test_what_is_the_same_and_what_is_not(one: str, other: str, equal: bool) -> None:
    assert (ion_hash(ion.parse(one)) == ion_hash(ion.parse(other))) is equal


def test_every_published_equality_is_tested() -> None:
    assert len(vectors("ion_hash", "ion_hash_equalities")) == 13


@pytest.mark.parametrize("vector", vectors("digests", "dot"), ids=lambda v: v["name"])
def test_dot_vectors(vector: dict[str, str]) -> None:
    a, b = bytes.fromhex(vector["a_hex"]), bytes.fromhex(vector["b_hex"])
    assert dot(a, b) == unbase64(vector["result"])


def test_an_empty_operand_leaves_the_other() -> None:
    vector = vectors("digests", "dot_empty")
    operand = unbase64(vector["operand"])
    assert dot(operand, b"") == dot(b"", operand) == unbase64(vector["verifier_rule_result"])
    assert dot(b"", b"") == b""


@given(HASHES, HASHES)
def test_dot_is_pyqldb_s(a: bytes, b: bytes) -> None:
    from pyqldb.util.qldb_hash import QldbHash

    assert dot(a, b) == QldbHash(a).dot(QldbHash(b)).get_qldb_hash() == dot(b, a)


@given(HASHES, st.integers(0, 31), st.integers(-128, 127))
def test_dot_orders_by_signed_bytes(a: bytes, position: int, byte: int) -> None:
    changed = bytearray(a)
    changed[position] = byte % 256
    b = bytes(changed)
    signed = [binary.unpack("32b", value)[::-1] for value in (a, b)]
    expected = a + b if signed[0] < signed[1] else b + a
    from hashlib import sha256

    assert dot(a, b) == sha256(expected).digest()


@pytest.mark.parametrize("vector", vectors("digests", "commit_digest"))
def test_commit_digest_vectors(vector: dict) -> None:
    digest = CommitDigest(vector["transaction_id"])
    assert digest.value == unbase64(vector["seed"])
    for step in vector["steps"]:
        assert statement_digest(step["statement"]) == unbase64(step["statement_text_hash"])
        parameters = [ion.parse(text) for text in step["parameters_ion"]]
        binaries = [ion.decode(unbase64(b)) for b in step["parameters_ion_binary_b64"]]
        its_digest = statement_digest(step["statement"], parameters)
        assert its_digest == unbase64(step["statement_hash"])
        assert its_digest == statement_digest(step["statement"], binaries)
        digest.add(its_digest)
        assert digest.value == unbase64(step["digest_after"])
    assert digest.value == unbase64(vector["commit_digest"])
