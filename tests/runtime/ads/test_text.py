"""That the published patterns say what the checks do."""

import re

from hypothesis import given
from hypothesis import strategies as st

from runtime.ads.currency import ISO_4217, SYMBOL_PATTERN, currency
from runtime.ads.text import BODY_PATTERN, LINE_PATTERN, body, line

TEXTS = st.text(max_size=8) | st.text(st.sampled_from(" \n\t\r\x00\x7f\x85\u2003a€"), max_size=6)


def accepts(check: object, text: str) -> bool:
    try:
        return check(text) == text  # type: ignore[operator]
    except ValueError:
        return False


@given(TEXTS)
def test_the_pattern_of_a_line(text: str) -> None:
    assert bool(re.fullmatch(LINE_PATTERN, text)) == accepts(line, text)


@given(TEXTS)
def test_the_pattern_of_a_description(text: str) -> None:
    assert bool(re.fullmatch(BODY_PATTERN, text)) == accepts(body, text)


@given(st.from_regex(SYMBOL_PATTERN, fullmatch=True) | st.sampled_from(sorted(ISO_4217)))
def test_every_published_currency_is_accepted(text: str) -> None:
    assert accepts(currency, text)


def test_there_are_as_many_codes_as_one_expects() -> None:
    assert 170 < len(ISO_4217) < 190
    assert all(re.fullmatch("[A-Z]{3}", code) for code in ISO_4217)
