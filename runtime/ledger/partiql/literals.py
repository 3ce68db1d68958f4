"""Constants as written in a statement to Ion values."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from amazon.ion.simple_types import IonPyDecimal, IonPyDict, IonPyInt, IonPyList, IonPyText

from runtime.ledger import ion as ions
from runtime.ledger.errors import IonError
from runtime.ledger.partiql.lexical import StatementText, Token

number_digits_max = 4_096
number_exponent_max = 6_000
"""amazon.ion writes decimals beyond 10^6144 that it cannot read again, or fails in C."""


def string(source: StatementText, token: Token) -> IonPyText:
    """The Ion string of `'…'`; ParseError when it holds half of a character."""
    return IonPyText(_encodable(source, token))


def number(source: StatementText, token: Token) -> IonPyInt | IonPyDecimal:
    """An int, or a decimal of exactly the scale written; ParseError when it is out of bounds."""
    digits, _, exponent = token.text.lower().partition("e")
    if len(digits) > number_digits_max:
        raise source.parser_error(token.at, f"a number has at most {number_digits_max} digits")
    if digits.isdigit() and not exponent:
        return IonPyInt(digits)
    if len(exponent) > 8 or not is_bounded(value := IonPyDecimal(token.text)):
        raise source.parser_error(token.at, f"an exponent is at most {number_exponent_max}")
    return value


def is_bounded(value: Decimal) -> bool:
    """Whether a decimal is one that Ion can hold for certain."""
    return abs(value.adjusted()) <= number_exponent_max


def ion(source: StatementText, token: Token) -> Any:
    """The one value of an Ion literal; ParseError when its text is not Ion or not one value."""
    text = _encodable(source, token)
    try:
        value = ions.parse(text)
    except (IonError, RecursionError) as error:
        raise source.parser_error(token.at, f"this Ion literal is wrong: {error}") from error
    if not all(is_bounded(part) for part in _parts(value) if isinstance(part, IonPyDecimal)):
        raise source.parser_error(token.at, f"an exponent is at most {number_exponent_max}")
    return value


def _parts(value: Any) -> Iterator[Any]:
    waiting: list[Any] = [value]
    for part in waiting:
        yield part
        if isinstance(part, IonPyDict):
            waiting.extend(member for _, member in part.iteritems())
        elif isinstance(part, IonPyList):
            waiting.extend(part)


def _encodable(source: StatementText, token: Token) -> str:
    try:
        token.text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise source.parser_error(token.at, "the text holds half of a character") from error
    return token.text
