"""Constants as written in a statement to Ion values."""

from decimal import Decimal
from typing import Any

from amazon.ion.simple_types import IonPyDecimal, IonPyInt, IonPyText

from runtime.ledger import ion as ions
from runtime.ledger.errors import IonError
from runtime.ledger.partiql.lexical import StatementText, Token

number_digits_max = 4_096
number_exponent_max = 1_000_000


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
    if len(exponent) > 8 or abs(int(exponent or 0)) > number_exponent_max:
        raise source.parser_error(token.at, f"an exponent is at most {number_exponent_max}")
    return IonPyDecimal(Decimal(token.text))


def ion(source: StatementText, token: Token) -> Any:
    """The one value of an Ion literal; ParseError when its text is not Ion or not one value."""
    text = _encodable(source, token)
    try:
        return ions.parse(text)
    except (IonError, RecursionError) as error:
        raise source.parser_error(token.at, f"this Ion literal is wrong: {error}") from error


def _encodable(source: StatementText, token: Token) -> str:
    try:
        token.text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise source.parser_error(token.at, "the text holds half of a character") from error
    return token.text
