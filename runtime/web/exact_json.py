"""JSON whose numbers are exact both ways: never a binary float."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

import simplejson

from runtime.web.problem import BROKEN_JSON, ProblemError


def dumps(value: Any) -> str:
    """Compact JSON; Decimals are numbers with all of their digits."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON value, every number in it a Decimal."""

    value: Any
    repeated: Sequence[str]
    """Names that an object has more than once: readers of JSON disagree on which of them counts."""


def loads(text: str) -> Parsed:
    """The value; ProblemError for what is not JSON, NaN, Infinity and endless nesting included."""
    twice: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.extend(_repeated(pairs))
        return found

    try:
        value: Any = simplejson.loads(
            text, object_pairs_hook=members, parse_float=Decimal, parse_int=Decimal, allow_nan=False
        )
    except simplejson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ProblemError(BROKEN_JSON, f"The body is not JSON: {error.msg} at {place}.") from error
    except RecursionError as error:
        raise ProblemError(BROKEN_JSON, "The body is nested too deeply.") from error
    except DecimalException as error:
        raise ProblemError(BROKEN_JSON, "A number's exponent is out of all bounds.") from error
    return Parsed(value, twice)


def _repeated(pairs: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    return [name for name, _ in pairs if name in seen or seen.add(name)]
