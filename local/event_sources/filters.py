"""Filter criteria: the part of EventBridge's pattern language that event source mappings know."""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Pattern = Callable[[Any], bool]
"""Whether a document matches."""

_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_ABSENT = object()


class PatternError(ValueError):
    """A pattern that AWS would refuse, or an operator that is not known here."""


def compile_pattern(pattern: Mapping[str, Any]) -> Pattern:
    """A predicate from a pattern. Raises PatternError naming the part that cannot be understood."""
    tests = [_or(value) if key == "$or" else _field(key, value) for key, value in pattern.items()]
    return lambda document: all(test(document) for test in tests)


def any_of(patterns: Sequence[str]) -> Pattern:
    """Whether one of these patterns, in JSON, matches; without any, everything does."""
    if not patterns:
        return lambda _: True
    return _or([json.loads(pattern) for pattern in patterns])


def _or(alternatives: Sequence[Mapping[str, Any]]) -> Pattern:
    tests = [compile_pattern(alternative) for alternative in alternatives]
    return lambda document: any(test(document) for test in tests)


def _field(key: str, value: Any) -> Pattern:
    if isinstance(value, Mapping):
        inner = compile_pattern(value)
        return lambda document: inner(_get(document, key, {}))
    if not isinstance(value, list):
        raise PatternError(f"the pattern of {key!r} must be a list or an object, not {value!r}")
    tests = [_rule(rule) for rule in value]
    return lambda document: _any_value(tests, _get(document, key, _ABSENT))


def _get(document: Any, key: str, default: Any) -> Any:
    return document.get(key, default) if isinstance(document, Mapping) else default


def _any_value(tests: Sequence[Pattern], value: Any) -> bool:
    """A list in a document matches when one of its elements does."""
    values = value if isinstance(value, list) and value else [value]
    return any(test(each) for test in tests for each in values)


def _rule(rule: Any) -> Pattern:
    if not isinstance(rule, Mapping):
        return lambda value: _equal(value, rule)
    if len(rule) != 1:
        raise PatternError(f"{json.dumps(rule)} must name exactly one operator")
    ((name, operand),) = rule.items()
    if name not in _OPERATORS:
        raise PatternError(f"the operator {name!r} is not known; known are {sorted(_OPERATORS)}")
    return _OPERATORS[name](operand)


def _equal(value: Any, wanted: Any) -> bool:
    """1 is not true: Python thinks otherwise."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _exists(wanted: bool) -> Pattern:
    return lambda value: (value is not _ABSENT) == wanted


def _prefix(prefix: str) -> Pattern:
    return lambda value: isinstance(value, str) and value.startswith(prefix)


def _suffix(suffix: str) -> Pattern:
    return lambda value: isinstance(value, str) and value.endswith(suffix)


def _ignoring_case(wanted: str) -> Pattern:
    return lambda value: isinstance(value, str) and value.casefold() == wanted.casefold()


def _anything_but(unwanted: Any) -> Pattern:
    rules = unwanted if isinstance(unwanted, list) else [unwanted]
    tests = [_rule(rule) for rule in rules]
    return lambda value: value is not _ABSENT and not any(test(value) for test in tests)


def _numeric(conditions: Sequence[Any]) -> Pattern:
    if len(conditions) % 2 or not all(sign in _COMPARISONS for sign in conditions[::2]):
        raise PatternError(f"numeric wants pairs of a sign and a number, not {conditions!r}")
    pairs = [
        (_COMPARISONS[sign], number)
        for sign, number in zip(conditions[::2], conditions[1::2], strict=True)
    ]
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(compare(value, number) for compare, number in pairs)
    )


_OPERATORS: dict[str, Callable[[Any], Pattern]] = {
    "exists": _exists,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
}
