"""The page's Ion: hashes as the vectors and the ledger have them, and what it refuses to read."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from playwright.sync_api import Page

from runtime.ledger import ion
from tests.ion_values import ION_VALUES
from tests.page.modules import Modules

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
RANDOM_VALUES = 200
HASHES = """
  const [{ parse }, { ionHash }, { base64 }] =
    await Promise.all(["ion_text", "ion_hash", "bytes"].map(load));
  return Promise.all(given.map(async (text) => {
    try { return base64(await ionHash(parse(text))); } catch (error) { return String(error); }
  }));
"""


@pytest.fixture
def modules(tab: Page, url: str) -> Modules:
    return Modules(tab, url)


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text())


def test_hashes_are_those_of_the_vectors(modules: Modules) -> None:
    known = vectors("ion_hash")["ion_hash"]
    found = modules.run(HASHES, [vector["ion"] for vector in known])
    assert found == [vector["sha256"] for vector in known]


def random_texts() -> list[str]:
    """Values of every kind as text, as the ledger's proofs have them."""
    texts: list[str] = []

    @settings(
        max_examples=RANDOM_VALUES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(ION_VALUES)
    def draw(value: Any) -> None:
        texts.append(ion.text(value))

    draw()
    return texts


def test_hashes_are_those_of_the_reference_implementation(modules: Modules) -> None:
    texts = random_texts()
    expected = [b64encode(ion.reference_hash(ion.parse(text))).decode() for text in texts]
    assert modules.run(HASHES, texts) == expected


def test_two_hashes_become_one_as_in_the_vectors(modules: Modules) -> None:
    known = vectors("digests")["dot"]
    body = """
      const [{ dot }, { base64, hashFrom }] = await Promise.all(["merkle", "bytes"].map(load));
      return Promise.all(given.map(async ([a, b]) => base64(await dot(hashFrom(a), hashFrom(b)))));
    """
    found = modules.run(body, [[vector["a_hex"], vector["b_hex"]] for vector in known])
    assert found == [vector["result"] for vector in known]


def test_paths_lead_to_the_roots_of_the_vectors(modules: Modules) -> None:
    tree = vectors("merkle")["merkle_promote_odd"]
    body = """
      const [{ climb }, { base64, fromBase64, sha256, utf8 }] =
        await Promise.all(["merkle", "bytes"].map(load));
      return Promise.all(given.map(async ({ index, path }) => {
        const way = await climb(await sha256(utf8(`leaf-${index}`)), path.map(fromBase64));
        return base64(way.at(-1));
      }));
    """
    found = modules.run(body, tree["paths"])
    assert found == [tree["roots"][str(path["n"])] for path in tree["paths"]]
    assert all(len(b64decode(root)) == 32 for root in found)


NOT_ION = [
    *("", "1 2", "{a:1", "[1,,2]", "{a:1 b:2}", '"a', "'a", "(1", "{{AAA}}", "{{ é }}"),
    *("01", "1_", "_1a::", "0x", "1.2.3", "2026-02-30T", "2026-01-01T25:00Z", "2026-01"),
    *("null.thing", "$10", "{null:1}", '"\\q"', '"\\ud800"', '{{"\\u0041"}}', "1abc", "--1"),
    "[" * 200,
]


def test_what_is_not_ion_is_refused(modules: Modules) -> None:
    found = modules.run(HASHES, NOT_ION)
    read = [text for text, said in zip(NOT_ION, found, strict=True) if "SyntaxError: " not in said]
    assert read == []


def test_what_means_the_same_has_the_same_hash(modules: Modules) -> None:
    same = [
        ("{a:1,b:[true]}", "{ 'b' : [ true , ] , // said\n \"a\" : 0x1 }"),
        ('"ab"', "'''a''' /* and */ '''b'''"),
        ("12.50", "1250d-2"),
        ("2026-01-02T03:04:05.000Z", "2026-01-02T04:04:05.000+01:00"),
        ("a::b::1", "'a' :: b::0b1"),
        (r'{{"\\u"}}', r'{{"\x5cu"}}'),
    ]
    left, right = zip(*same, strict=True)
    one, other = modules.run(HASHES, list(left)), modules.run(HASHES, list(right))
    # The offset of a time is part of it.
    assert [a == b for a, b in zip(one, other, strict=True)] == [
        True,
        True,
        True,
        False,
        True,
        True,
    ]
    assert modules.run(HASHES, ["1.5"]) != modules.run(HASHES, ["1.50"])
