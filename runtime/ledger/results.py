"""Rows of a transaction's statements in pages, encoded as they come; long ones wait in a file."""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from runtime.ledger import ion
from runtime.ledger.budgets import Budgets

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
    sizes: "array[int]"
    is_last: bool = True


class Results:
    """The pages of one transaction's results after each one's first."""

    def __init__(self, budgets: Budgets | None = None) -> None:
        """Hold nothing; `budgets` bounds what those of all transactions hold."""
        budgets = budgets or Budgets()
        self._places: list[_Place] = []
        self._file: SpooledTemporaryFile[bytes] | None = None
        self._end = 0
        self._held = budgets.results.share()
        self._in_memory = budgets.results_in_memory.share()
        self._files = budgets.result_files.share()

    def collect(self, rows: Iterable[Any], go_on: Callable[[], None]) -> Page:
        """Take all rows of a result and give its first page.

        `go_on` is called before every further page; what it raises ends the statement.
        CapacityError when there is no room for a page. A statement that fails leaves none.
        """
        before, end = len(self._places), self._end
        try:
            first = self._collected(rows, go_on)
        except BaseException:
            self._go_back(before, end)
            raise
        return Page(first, _token(before) if len(self._places) > before else None)

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
        if self._file is None:
            return
        self._go_back(0, 0)
        self._file.close()
        self._file = None
        self._in_memory.release()
        self._files.release()

    def __del__(self) -> None:
        """Close the file of a session that nobody ended."""
        self.clear()

    def _collected(self, rows: Iterable[Any], go_on: Callable[[], None]) -> list[bytes]:
        """The first page of a result whose others are kept."""
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
        return self._put(first, before, values)

    def _put(self, first: list[bytes] | None, before: int, values: list[bytes]) -> list[bytes]:
        """Keep a page unless it is the result's first, which goes to the client; the first page."""
        if first is None:
            return values
        page = b"".join(values)
        self._held.hold(self._end + len(page))
        file = self._room_for(len(page))
        if len(self._places) > before:
            self._places[-1].is_last = False
        self._places.append(_Place(self._end, array("I", map(len, values))))
        file.seek(self._end)
        self._end += file.write(page)
        return first

    def _room_for(self, size: int) -> SpooledTemporaryFile[bytes]:
        """The file for one more page, in memory as long as there is room."""
        if self._file is None:
            # It stays open between requests; `clear` closes it.
            self._file = SpooledTemporaryFile()  # noqa: SIM115
        if not self._files.held and (
            self._end + size > MEMORY_BYTES_MAX or not self._in_memory.offer(size)
        ):
            self._files.hold(1)
            self._file.rollover()
            self._in_memory.release()
        return self._file

    def _go_back(self, places: int, end: int) -> None:
        """Forget the pages that came since."""
        del self._places[places:]
        self._end = end
        self._held.hold(end)


def _token(number: int) -> str:
    return f"{number:0{_TOKEN_DIGITS}d}"
