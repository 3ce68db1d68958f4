"""Proofs of a real ledger, checked by the page's modules: what holds, and what never may."""

from base64 import b64decode
from copy import deepcopy
from typing import Any

import pytest
import simplejson
from playwright.sync_api import Page

from runtime.ledger.verify.arithmetic import path_length
from runtime.web.ad_bodies import changed_body, proof_body
from tests.page.modules import Modules
from tests.page.world import World

NEIGHBOURS = 6
CHECK = """
  const [{ check }, { parse }] = await Promise.all(["proof", "exact_json"].map(load));
  return Promise.all(given.map(async ({ proof, shown, kept }) => {
    const { isProven, steps, way } = await check(parse(proof), parse(shown), kept);
    return { isProven, hashes: way.length, states: steps.map(({ state }) => state),
             says: steps.map(({ says }) => says) };
  }));
"""
ALTERATIONS = [
    ("Road bike", "Road hike"),
    ("450.50", "450.51"),
    ("version:1", "version:2"),
    ("hash:{{", "hash:{{AAAA"),
    ("metadata:", "meta:"),
    ("tags:[", 'tags:["more",'),
    ("data:{", "data:{adTitle:null,"),
    ("{blockAddress", "a::{blockAddress"),
]


@pytest.fixture
def modules(tab: Page, url: str) -> Modules:
    return Modules(tab, url)


@pytest.fixture
def world() -> World:
    world = World()
    for _ in range(NEIGHBOURS):
        world.create("neighbour")
    world.lived()
    return world


def versions(world: World) -> list[tuple[Any, Any]]:
    """Proof and shown version of everything that happened to the last ad, as JSON's values."""
    publisher, ad_id = world.ids[-1]
    history = world.ads.versions(publisher, ad_id)
    found: list[tuple[Any, Any]] = []
    for revision in history:
        before = history[revision.version - 1] if revision.version else None
        proof = proof_body(world.ads.proof(publisher, ad_id, revision.version))
        found.append(deepcopy((dict(proof), dict(changed_body(revision, before)))))
    return found


def case(proof: Any, shown: Any, kept: str = "") -> dict[str, str]:
    texts = {"proof": proof, "shown": shown}
    return {name: simplejson.dumps(one, use_decimal=True) for name, one in texts.items()} | {
        "kept": kept
    }


def test_every_version_is_proven(modules: Modules, world: World) -> None:
    found = modules.run(CHECK, [case(*pair) for pair in versions(world)])
    assert [one["isProven"] for one in found] == [True] * 4
    for one, (proof, _) in zip(found, versions(world), strict=True):
        assert one["states"] == ["holds"] * 3 + ["unchecked"] * 3
        assert one["hashes"] == len(proof["proof"]) + 1


def test_what_is_not_checked_is_said(modules: Modules, world: World) -> None:
    proof, shown = versions(world)[0]
    [found] = modules.run(CHECK, [case(proof, shown)])
    assert "had from elsewhere" in found["says"][3]
    block, tip = proof["blockAddress"], proof["digestTipAddress"]
    where = (
        f"ledger ads-0, block {block['sequenceNo']} of strand {block['strandId']}, "
        f"a digest of the blocks up to {tip['sequenceNo']}."
    )
    assert f"no hash covers it: {where}" in found["says"][4]
    assert "all other blocks" in found["says"][5]


def test_a_digest_that_was_kept_is_compared(modules: Modules, world: World) -> None:
    proof, shown = versions(world)[1]
    other = proof["proof"][0]
    as_hex = b64decode(proof["digest"]).hex()
    kept = [proof["digest"], f" {as_hex} ", other, "no digest", " "]
    found = modules.run(CHECK, [case(proof, shown, one) for one in kept])
    assert [one["states"][3] for one in found] == ["holds", "holds", "fails", "fails", "unchecked"]
    assert [one["isProven"] for one in found] == [True, True, False, False, True]


def test_an_altered_revision_is_not_proven(modules: Modules, world: World) -> None:
    proof, shown = versions(world)[1]
    whole = proof["revision"]["ion"]
    cases: list[dict[str, str]] = []
    for old, new in ALTERATIONS:
        assert old in whole
        altered = proof | {"revision": {"ion": whole.replace(old, new, 1)}}
        cases.append(case(altered, shown))
    for found in modules.run(CHECK, cases):
        assert not found["isProven"]
        assert found["states"][:3] == ["fails"] * 3


def test_a_shown_version_that_says_something_else_is_not_proven(
    modules: Modules, world: World
) -> None:
    proof, shown = versions(world)[1]
    altered = {
        "price": 450.6,
        "adTitle": "Another",
        "tags": ["steel", "bicycle"],
        "txTime": "2026-01-01T00:00:00.000Z",
        "version": 2,
        "publisherId": "43",
        "more": 1,
    }
    cases = [case(proof, shown | {name: value}) for name, value in altered.items()]
    missing = {name: value for name, value in shown.items() if name != "category"}
    for found in modules.run(CHECK, [*cases, case(proof, missing)]):
        assert not found["isProven"]
        assert found["states"][:3] == ["holds", "fails", "holds"]
    [found] = modules.run(CHECK, cases[:1])
    assert "price is 450.6, 450.50 was hashed" in found["says"][1]


def test_a_deletion_cannot_be_passed_off_as_a_version(modules: Modules, world: World) -> None:
    (_, alive), (deletion, ended) = versions(world)[2:]
    mixed = [case(deletion, alive), case(versions(world)[2][0], ended)]
    assert [one["states"][1] for one in modules.run(CHECK, mixed)] == ["fails", "fails"]


def altered_proofs(proof: Any) -> list[Any]:
    """Everything beside the revision altered, one at a time."""
    other = proof["proof"][0] if proof["digest"] != proof["proof"][0] else proof["proof"][1]
    reversed_path = {"proof": proof["proof"][::-1]}
    address, tip = proof["blockAddress"], proof["digestTipAddress"]
    return [
        proof | {"digest": other},
        proof | {"proof": proof["proof"][1:]},
        proof | {"proof": proof["proof"][:-1]},
        proof | {"proof": [*proof["proof"], other]},
        proof | reversed_path,
        proof | {"proof": [proof["proof"][0][:-4], *proof["proof"][1:]]},
        proof | {"blockAddress": address | {"sequenceNo": address["sequenceNo"] + 1}},
        proof | {"blockAddress": address | {"strandId": "another"}},
        proof | {"digestTipAddress": tip | {"sequenceNo": 0}},
        proof | {"digestTipAddress": tip | {"sequenceNo": 10**9}},
        proof | {"digestTipAddress": tip | {"strandId": "another"}},
        proof | {"proof": [other] * 1001},
        {**proof, "proof": None},
        {**proof, "blockAddress": None},
        {**proof, "digest": None},
    ]


def test_a_path_has_the_length_that_its_place_gives_it(modules: Modules) -> None:
    places = [(at, size) for size in range(1, 40) for at in range(size)]
    places += [(10**9, 2**31), (2**40 - 1, 2**40), (2**40, 2**40 + 1)]
    body = """const { pathLength } = await load("merkle");
      return given.map(([at, size]) => pathLength(at, size));"""
    assert modules.run(body, places) == [path_length(at, size) for at, size in places]


def test_an_altered_path_is_not_proven(modules: Modules, world: World) -> None:
    proof, shown = versions(world)[1]
    cases = [case(altered, shown) for altered in altered_proofs(proof)]
    for found in modules.run(CHECK, cases):
        assert not found["isProven"]
        assert found["states"][:3] == ["holds", "holds", "fails"]


def test_what_is_no_proof_is_told_from_one(modules: Modules, world: World) -> None:
    _, shown = versions(world)[0]
    nothing = [
        {},
        None,
        [],
        {"revision": {}},
        {"revision": {"ion": "{}"}},
        {"revision": {"ion": 1}},
    ]
    for found in modules.run(CHECK, [case(one, shown) for one in nothing]):
        assert not found["isProven"]
