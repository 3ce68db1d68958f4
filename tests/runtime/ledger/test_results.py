"""Results in pages: bounded by rows and bytes, held in a file, gone with their transaction."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger import ion
from runtime.ledger.errors import InvalidTransactionError
from runtime.ledger.results import PAGE_BYTES_MAX, PAGE_VALUES_MAX, Page, Results


def go_on() -> None:
    """Nothing is in the way."""


def pages(results: Results, first: Page) -> list[Page]:
    """A result's pages, followed by their tokens."""
    found = [first]
    while (token := found[-1].next_token) is not None:
        found.append(results.page(token))
    return found


def numbers(found: list[Page]) -> list[int]:
    return [int(ion.decode(value)) for page in found for value in page.values]


@given(st.lists(st.integers(0, 3 * PAGE_VALUES_MAX), max_size=4))
def test_every_row_comes_once_whatever_else_is_held(counts: list[int]) -> None:
    results = Results()
    firsts = [results.collect(iter(range(count)), go_on) for count in counts]
    for count, first in zip(counts, firsts, strict=True):
        found = pages(results, first)
        assert numbers(found) == list(range(count))
        assert len(found) == max(1, -(-count // PAGE_VALUES_MAX))
    results.clear()


def test_large_rows_make_short_pages() -> None:
    results = Results()
    rows = ["x" * (PAGE_BYTES_MAX // 3)] * 10
    found = pages(results, results.collect(iter(rows), go_on))
    assert [len(page.values) for page in found] == [3, 3, 3, 1]
    assert [ion.decode(value) for page in found for value in page.values] == rows
    results.clear()


def test_a_page_may_be_fetched_again() -> None:
    results = Results()
    first = results.collect(iter(range(3 * PAGE_VALUES_MAX)), go_on)
    assert first.next_token is not None
    again = [results.page(first.next_token) for _ in range(2)]
    assert again[0] == again[1]
    results.clear()


@pytest.mark.parametrize("token", ["", "9999", "-001", "none", "²²²²"])
def test_other_tokens_are_unknown(token: str) -> None:
    results = Results()
    with pytest.raises(KeyError):
        results.page(token)
    results.collect(iter(range(2 * PAGE_VALUES_MAX)), go_on)
    with pytest.raises(KeyError):
        results.page(token)
    results.clear()


def test_nothing_is_left_after_clearing() -> None:
    results = Results()
    first = results.collect(iter(range(2 * PAGE_VALUES_MAX)), go_on)
    results.clear()
    assert first.next_token is not None
    with pytest.raises(KeyError):
        results.page(first.next_token)
    assert numbers(pages(results, results.collect(iter(range(500)), go_on))) == list(range(500))
    results.clear()


def test_a_long_result_ends_when_its_transaction_does() -> None:
    taken: list[int] = []

    def rows() -> Iterator[int]:
        for number in range(10**6):
            taken.append(number)
            yield number

    def expired() -> None:
        raise InvalidTransactionError("Transaction has expired")

    results = Results()
    with pytest.raises(InvalidTransactionError):
        results.collect(rows(), expired)
    assert len(taken) <= PAGE_VALUES_MAX + 1
    results.clear()
