"""What is wrong with an input, field by field, in words for the person who sent it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

FAULTS_MAX = 100
"""Named in one answer; what is beyond is counted."""
FIELD_CHARACTERS_MAX = 100

WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "string_type": "must be text",
    "string_unicode": "must be well-formed Unicode, without lone surrogates",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "list_type": "must be a list",
    "too_long": "must have at most {max_length} members",
    "bool_type": "must be true or false",
    "model_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "is_instance_of": "must be a number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong: the field (dotted where it is inside another) and why."""

    field: str
    message: str


def explain(error: ValidationError) -> list[Fault]:
    """Every fault of a refused input, in the order of its fields."""
    details = error.errors(include_url=False, include_input=False)
    return bounded(Fault(_field(d["loc"]), _message(d["type"], d)) for d in details)


def bounded(faults: Iterable[Fault]) -> list[Fault]:
    """At most FAULTS_MAX faults, the last one saying how many more there are."""
    named = list(dict.fromkeys(faults))
    if len(named) <= FAULTS_MAX:
        return named
    more = len(named) - FAULTS_MAX
    return [*named[:FAULTS_MAX], Fault("", f"and {more} more faults")]


def printable(text: str) -> str:
    """Text from outside, short and encodable, so that it can be named in an answer."""
    short = text if len(text) <= FIELD_CHARACTERS_MAX else text[:FIELD_CHARACTERS_MAX] + "…"
    return short.encode("utf-8", "backslashreplace").decode()


def _field(location: tuple[int | str, ...]) -> str:
    return printable(".".join(str(part) for part in location))


def _message(kind: str, detail: Any) -> str:
    context = detail.get("ctx", {})
    return WORDS[kind].format(**context) if kind in WORDS else str(detail["msg"])
