"""Lists as tables, at any width of a terminal and without one."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cli.screen import plain

BROKEN_MIN: Final = 8
"""Characters of a line of what is broken; on a terminal that is narrower still the lines go on."""
UNLIMITED: Final = 10_000
"""Characters of a line where nobody looks at a terminal, whose own width is not told then."""


def show_table(
    console: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    whole: Collection[str] = (),
    right: Collection[str] = (),
    title: str | None = None,
    styles: Sequence[str] = (),
) -> None:
    """Show rows of texts, each with its style if there are any.

    Columns that are `whole` are never broken, so that what is in them can be copied; others are
    broken where the terminal is too narrow, and nothing is ever cut off.
    """
    texts = [[_text(cell) for cell in row] for row in rows]
    heading = None if title is None else Text(plain(title))
    table = Table(title=heading, title_justify="left")
    for position, name in enumerate(columns):
        longest = max((row[position].cell_len for row in texts), default=0)
        table.add_column(
            Text(plain(name)),
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name in whole,
            min_width=longest if name in whole else min(longest, BROKEN_MIN),
        )
    for position, row in enumerate(texts):
        table.add_row(*row, style=styles[position] if styles else None)
    room = console.width if console.is_terminal else UNLIMITED
    wanted = Measurement.get(console, console.options.update(max_width=room), table).maximum
    least = sum(column.min_width or 0 for column in table.columns) + 3 * len(columns) + 1
    table.width = max(wanted, least)  # Wider than the terminal rather than without something.
    console.print(table)


def _text(cell: str | Text) -> Text:
    """As it is: what looks like markup is none."""
    return Text(plain(cell)) if isinstance(cell, str) else cell
