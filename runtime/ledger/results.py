"""Rows of a transaction's statements in pages, encoded as they come; long ones wait in a file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from runtime.ledger import ion

PAGE_VALUES_MAX: Final = 200
PAGE_BYTES_MAX: Final = 1024 * 1024
"""A page ends with the value that reaches this."""
MEMORY_BYTES_MAX: Final = 64 * 1024
"""Beyond these the pages of a transaction are kept in a temporary file."""
_TOKEN_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Page:
    """One page of one result."""

    values: list[bytes]
    """Rows as Ion binary."""
    next_token: str | None
    """Of the result's next page; None on its last."""


@dataclass(slots=True)
class _Place:
    """Where a page is in the file."""

    offset: int
    sizes: list[int]
    is_last: bool = True


class Results:
    """The pages of one transaction's results after each one's first."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._places: list[_Place] = []
        self._file: SpooledTemporaryFile[bytes] | None = None
        self._end = 0

    def collect(self, rows: Iterable[Any], go_on: Callable[[], None]) -> Page:
        """Take all rows of a result and give its first page.

        `go_on` is called before every further page; what it raises ends the statement.
        """
        first: list[bytes] | None = None
        before = len(self._places)
        values: list[bytes] = []
        size = 0
        for row in rows:
            if len(values) == PAGE_VALUES_MAX or size >= PAGE_BYTES_MAX:
                go_on()
                first = self._put(first, before, values)
                values, size = [], 0
            values.append(ion.encode(row))
            size += len(values[-1])
        first = self._put(first, before, values)
        more = len(self._places) > before
        return Page(first, _token(before) if more else None)

    def page(self, token: str) -> Page:
        """A page again; KeyError for a token of another transaction."""
        number = int(token) if token.isascii() and token.isdigit() else -1
        if self._file is None or not 0 <= number < len(self._places):
            raise KeyError(token)
        place = self._places[number]
        self._file.seek(place.offset)
        values = [self._file.read(size) for size in place.sizes]
        return Page(values, None if place.is_last else _token(number + 1))

    def clear(self) -> None:
        """Forget every page."""
        self._places.clear()
        self._end = 0
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, first: list[bytes] | None, before: int, values: list[bytes]) -> list[bytes]:
        """Keep a page unless it is the result's first, which goes to the client; the first page."""
        if first is None:
            return values
        if self._file is None:
            # It stays open between requests; `clear` closes it.
            self._file = SpooledTemporaryFile(MEMORY_BYTES_MAX)  # noqa: SIM115
        if len(self._places) > before:
            self._places[-1].is_last = False
        self._places.append(_Place(self._end, [len(value) for value in values]))
        self._file.seek(self._end)
        self._end += self._file.write(b"".join(values))
        return first


def _token(number: int) -> str:
    return f"{number:0{_TOKEN_DIGITS}d}"
