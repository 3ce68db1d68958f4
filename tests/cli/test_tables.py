"""Lists as tables: what has to be copied is whole at any width, and nothing is cut off."""

from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from cli.tables import show_table

IDS = ["20260102t030405-0a0b0c0d", "20260102t030406-1a1b1c1d"]
LONG = "a title of many words and Donaudampfschifffahrtsgesellschaftskapitaenswitwe"


def shown(width: int | None, *rows: list[str | Text]) -> str:
    """On a terminal of a width, or where there is none."""
    out = StringIO()
    terminal = width is not None
    # As the screen's own console is made; 80 is what rich takes where it cannot tell.
    console = Console(
        file=out, soft_wrap=True, force_terminal=terminal, width=width or 80, color_system=None
    )
    show_table(console, ("id", "title", "price"), rows, whole=("id",), right=("price",), title="T")
    return out.getvalue()


@pytest.mark.parametrize("width", [None, 20, 40, 80, 200])
def test_ids_are_whole_and_nothing_is_cut(width: int | None) -> None:
    text = shown(width, *([each, LONG, "1.00"] for each in IDS))
    assert all(each in text for each in IDS)
    assert "…" not in text
    titles = [line.split("│")[2].strip() for line in text.splitlines() if line.startswith("│")]
    assert "".join(titles).replace(" ", "") == LONG.replace(" ", "") * 2
    if width is None or width == 200:
        assert sum(LONG in line for line in text.splitlines()) == 2


def test_a_terminal_that_is_wide_enough_is_kept_to() -> None:
    lines = shown(60, *([each, LONG, "1.00"] for each in IDS)).splitlines()
    assert max(map(len, lines)) <= 60


def test_what_looks_like_markup_is_told_as_it_is() -> None:
    text = shown(200, ["[bold]id", "[/red] [link=x]", Text("\\x1b")], ["\x1b[31m", "a", "b"])
    for told in ("[bold]id", "[/red] [link=x]", "\\x1b[31m"):
        assert told in text
    assert "\x1b[31m" not in text


def test_a_table_without_rows_has_its_columns() -> None:
    assert "price" in shown(None)
