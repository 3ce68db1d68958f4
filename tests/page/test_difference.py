"""Differences of texts and tags, and JSON whose numbers stay exact."""

import random
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

from tests.page.modules import Modules

TEXTS = 200
WORDS = ["steel", "frame", "a", "b", ",", " ", "  ", "\n", "😀", "é", "56", "-", "Ünïcode"]
PARTS = """
  const { textParts } = await load("difference");
  return given.map(([before, after]) => textParts(before, after));
"""


def pair(chance: random.Random) -> list[str]:
    """A text, and what became of it."""
    words = [chance.choice(WORDS) for _ in range(chance.randrange(40))]
    changed = [word for word in words if chance.random() < 0.8]
    for _ in range(chance.randrange(5)):
        changed.insert(chance.randrange(len(changed) + 1), chance.choice(WORDS))
    return ["".join(words), "".join(changed)]


def joined(parts: list[dict[str, str]], without: str) -> str:
    return "".join(part["text"] for part in parts if part["kind"] != without)


def test_parts_make_both_texts(tab: Page, url: str) -> None:
    chance = random.Random(5)
    pairs = [pair(chance) for _ in range(TEXTS)] + [["", ""], ["a", ""], ["", "a b"]]
    for (before, after), parts in zip(pairs, Modules(tab, url).run(PARTS, pairs), strict=True):
        assert (joined(parts, "new"), joined(parts, "gone")) == (before, after)
        kinds = [part["kind"] for part in parts]
        assert all(one != other for one, other in pairwise(kinds))
        assert (before == after) == (set(kinds) <= {"same"})


def test_only_the_words_that_changed_are_marked(tab: Page, url: str) -> None:
    [parts] = Modules(tab, url).run(PARTS, [["Road bike, steel frame", "Road bike, iron frame"]])
    assert [(part["kind"], part["text"]) for part in parts] == [
        ("same", "Road bike, "),
        ("gone", "steel"),
        ("new", "iron"),
        ("same", " frame"),
    ]


def test_texts_that_take_too_long_are_replaced_whole(tab: Page, url: str) -> None:
    before, after = " ".join(map(str, range(2000))), " ".join(map(str, range(2000, 4000)))
    [parts] = Modules(tab, url).run(PARTS, [[before, after]])
    assert (joined(parts, "new"), joined(parts, "gone")) == (before, after)


def test_tags_that_went_come_last(tab: Page, url: str) -> None:
    body = 'return (await load("difference")).tagParts(...given);'
    parts = Modules(tab, url).run(body, [["a", "b"], ["c", "b"]])
    assert [(part["kind"], part["text"]) for part in parts] == [
        ("new", "c"),
        ("same", "b"),
        ("gone", "a"),
    ]


def exact(tab: Page, url: str, text: str) -> Any:
    body = """
      const { parse } = await load("exact_json");
      return JSON.stringify(parse(given), (_, value) => value?.text ?? value);
    """
    return Modules(tab, url).run(body, text)


def test_numbers_keep_their_digits(tab: Page, url: str) -> None:
    text = '{"a":1.50,"b":[12345678901234567890,1e3,-7],"c":"1.50 \\" 2.0","d":null}'
    assert exact(tab, url, text) == (
        '{"a":"1.50","b":["12345678901234567890","1e3",-7],"c":"1.50 \\" 2.0","d":null}'
    )


def test_decimals_are_the_same_however_they_are_written(tab: Page, url: str) -> None:
    body = 'const { decimal } = await load("exact_json"); return given.map(decimal);'
    found = Modules(tab, url).run(
        body, ["1.50", "150E-2", "15.0e-1", "1.5", "-0.25", "1E+3", "1000"]
    )
    assert found[0] == found[1] == found[2] == "150d-2"
    assert len(set(found)) == 5
