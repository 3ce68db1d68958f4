"""How much of Ion text may be given to the reader, which changes some numbers or never returns."""

import re
from collections.abc import Iterator
from typing import Final

from runtime.ledger.errors import IonError
from runtime.ledger.ion_bounds import FRACTION_DIGITS_MAX, check_number

_NUMBER: Final = re.compile(r"\$[0-9]{7,}|[0-9_.]{12,}")
_QUOTED_OR_NUMBER: Final = re.compile(
    r"""'''(?:\\.|[^\\])*?'''|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/"""
    r"""|(?<![\w$])(?P<symbol_id>\$[0-9]{7,})|:[0-9]{2}\.(?P<fraction>[0-9]{10,})"""
    r"""|(?<![\w$])(?P<digits>[0-9][0-9_]{34,}(?:\.[0-9_]*)?|[0-9][0-9_.]{34,})"""
    r"""(?:(?P<float>[eE])|[dD](?P<exponent>[+-]?[0-9]{1,9}))?""",
    re.DOTALL,
)
"""Numbers that the text reader changes, or never returns from, but not within quotes."""


def check_numbers(source: str) -> None:
    """Raise IonError when a number in Ion text would not come back."""
    for _, fault in _faults(source):
        raise fault


def sound_text(data: bytes) -> tuple[str, IonError | None]:
    """The text up to the first byte that the reader must not see, and what is wrong there."""
    try:
        source, fault = data.decode(), None
    except UnicodeDecodeError as error:
        source = data[: error.start].decode()
        fault = IonError(f"not Ion: byte {error.start} is not UTF-8")
    for start, number_fault in _faults(source):
        source, fault = source[:start], number_fault
        break
    return source, fault


def _faults(source: str) -> Iterator[tuple[int, IonError]]:
    """Where the numbers are that would not come back, and why."""
    if _NUMBER.search(source) is None:
        return
    for token in _QUOTED_OR_NUMBER.finditer(source):
        try:
            _check(token)
        except IonError as error:
            yield token.start(), error


def _check(token: re.Match[str]) -> None:
    if token["symbol_id"]:
        raise IonError(f"not Ion: {token['symbol_id']} is the number of no symbol")
    if token["fraction"]:
        raise IonError(
            f"a timestamp with {len(token['fraction'])} digits behind the second's point:"
            f" {FRACTION_DIGITS_MAX} can be stored"
        )
    if token["digits"] and not token["float"]:
        check_number(token["digits"], token["exponent"])
