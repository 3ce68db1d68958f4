"""The pattern language of filter criteria."""

import json
from typing import Any

import pytest

from local.event_sources.filters import PatternError, any_of

CASES: list[tuple[str, dict[str, Any], Any, bool]] = [
    ("exact string", {"a": ["x"]}, {"a": "x"}, True),
    ("another string", {"a": ["x"]}, {"a": "y"}, False),
    ("one of several", {"a": ["x", "y"]}, {"a": "y"}, True),
    ("exact number", {"a": [1]}, {"a": 1.0}, True),
    ("a number is no boolean", {"a": [1]}, {"a": True}, False),
    ("null", {"a": [None]}, {"a": None}, True),
    ("null is not absent", {"a": [None]}, {}, False),
    ("nested", {"a": {"b": {"c": ["x"]}}}, {"a": {"b": {"c": "x"}}}, True),
    ("nested in nothing", {"a": {"b": ["x"]}}, {"a": "x"}, False),
    ("every field must match", {"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
    ("an element of a list", {"a": ["x"]}, {"a": ["y", "x"]}, True),
    ("no element of an empty list", {"a": ["x"]}, {"a": []}, False),
    ("prefix", {"a": [{"prefix": "eu-"}]}, {"a": "eu-west"}, True),
    ("prefix of a number", {"a": [{"prefix": "1"}]}, {"a": 12}, False),
    ("suffix", {"a": [{"suffix": ".png"}]}, {"a": "x.png"}, True),
    ("ignoring case", {"a": [{"equals-ignore-case": "YES"}]}, {"a": "yes"}, True),
    ("exists", {"a": [{"exists": True}]}, {"a": None}, True),
    ("exists not", {"a": [{"exists": True}]}, {}, False),
    ("must not exist", {"a": [{"exists": False}]}, {}, True),
    ("must not exist and does", {"a": [{"exists": False}]}, {"a": 0}, False),
    ("anything but", {"a": [{"anything-but": ["x", "y"]}]}, {"a": "z"}, True),
    ("anything but this", {"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
    ("anything but a prefix", {"a": [{"anything-but": {"prefix": "x"}}]}, {"a": "xy"}, False),
    ("anything but needs something", {"a": [{"anything-but": "x"}]}, {}, False),
    ("in a range", {"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
    ("out of a range", {"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5.1}, False),
    ("text is no number", {"a": [{"numeric": [">", 0]}]}, {"a": "1"}, False),
    ("or", {"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "y"}, True),
    ("or neither", {"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "x"}, False),
    (
        "a block of the journal",
        {"dynamodb": {"NewImage": {"kind": {"S": ["block"]}}}},
        {"dynamodb": {"NewImage": {"kind": {"S": "block"}, "ion": {"B": "4AEA6g=="}}}},
        True,
    ),
]


@pytest.mark.parametrize(
    ("pattern", "document", "matches"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_pattern(pattern: dict[str, Any], document: Any, matches: bool) -> None:
    assert any_of([json.dumps(pattern)])(document) is matches


def test_one_of_several_patterns_is_enough() -> None:
    wanted = any_of(['{"a": ["x"]}', '{"a": ["y"]}'])
    assert wanted({"a": "y"})
    assert not wanted({"a": "z"})


def test_without_a_pattern_everything_is_wanted() -> None:
    assert any_of([])({})


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ({"a": [{"cidr": "10.0.0.0/8"}]}, "cidr"),
        ({"a": "x"}, "'a'"),
        ({"a": [{"numeric": ["~", 1]}]}, "numeric"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "exactly one"),
    ],
)
def test_what_is_not_understood_is_refused(pattern: dict[str, Any], named: str) -> None:
    with pytest.raises(PatternError, match=named):
        any_of([json.dumps(pattern)])
