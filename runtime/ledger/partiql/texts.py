"""Functions of text: their arguments are Ion values, ValueError for what they cannot take."""

from typing import Any

from amazon.ion.simple_types import IonPyInt, IonPyText

from runtime.ledger.partiql.comparisons import family
from runtime.ledger.partiql.values import integer_of, string, text_of


def text(value: Any) -> str:
    """The text of a string or symbol."""
    found = text_of(value)
    if found is None:
        raise ValueError(f"a text is needed, not a {family(value)}")
    return found


def integer(value: Any) -> int:
    """The int of an Ion int."""
    found = integer_of(value)
    if found is None:
        raise ValueError(f"an int is needed, not a {family(value)}")
    return found


def length(value: Any) -> IonPyInt:
    """How many Unicode code points."""
    return IonPyInt(len(text(value)))


def lower(value: Any) -> IonPyText:
    """The text in lower case."""
    return string(text(value).lower())


def upper(value: Any) -> IonPyText:
    """The text in upper case."""
    return string(text(value).upper())


def substring(value: Any, start: Any, count: Any = None) -> IonPyText:
    """`count` characters from the one numbered `start`, the first being 1; all when not given."""
    whole, first = text(value), integer(start)
    end = len(whole) + 1
    if count is not None:
        if integer(count) < 0:
            raise ValueError("the length must not be negative")
        end = min(end, first + integer(count))
    begin = max(first, 1)
    return string(whole[begin - 1 : max(end, begin) - 1])


def trim(value: Any, characters: Any = None) -> IonPyText:
    """The text without these characters (spaces) around it."""
    return string(text(value).strip(_characters(characters)))


def trim_leading(value: Any, characters: Any = None) -> IonPyText:
    """The text without these characters (spaces) before it."""
    return string(text(value).lstrip(_characters(characters)))


def trim_trailing(value: Any, characters: Any = None) -> IonPyText:
    """The text without these characters (spaces) after it."""
    return string(text(value).rstrip(_characters(characters)))


def _characters(value: Any) -> str:
    return " " if value is None else text(value)
