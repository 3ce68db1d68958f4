"""What commands show: tables for people, JSON for scripts, progress for who waits."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

import simplejson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Report = Callable[[str, int, int], None]
"""Told what is being done, how far, and how far it goes."""


class Screen:
    """Results go to `out`; progress and errors to `err`, so that they never mix with JSON."""

    def __init__(
        self, *, as_json: bool, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._out = out or sys.stdout
        self.console = Console(file=self._out, highlight=False, soft_wrap=True)
        self._errors = Console(file=err or sys.stderr, highlight=False, soft_wrap=True)

    def show(self, value: Any, render: Callable[[Console], None]) -> None:
        """The value as indented JSON, or what `render` makes of it."""
        if self.as_json:
            self._out.write(dumps(value, indent=2) + "\n")
        else:
            render(self.console)
        self._out.flush()

    def line(self, value: Any, render: Callable[[Console], None]) -> None:
        """One of many values as they come: JSON on one line, or what `render` makes of it."""
        if self.as_json:
            self._out.write(dumps(value) + "\n")
        else:
            render(self.console)
        self._out.flush()

    def error(self, error: Exception) -> None:
        """Why a command ends."""
        self._errors.print(Text.assemble(("✗ ", "red"), plain(str(error))))

    def note(self, text: str) -> None:
        """Something to know besides the result."""
        self._errors.print(Text(plain(text), style="dim"))

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """Bars that vanish in the end; nothing at all where nobody looks."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        tasks: dict[str, TaskID] = {}
        hidden = not self._errors.is_terminal
        with Progress(*columns, console=self._errors, transient=True, disable=hidden) as shown:

            def report(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = shown.add_task(what, total=total)
                shown.update(tasks[what], completed=done, total=total)

            yield report


def dumps(value: Any, indent: int | None = None) -> str:
    """JSON whose numbers are exact."""
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False, indent=indent)


def plain(text: str) -> str:
    """The text with whatever could steer a terminal written as an escape."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def told(value: Any) -> str:
    """A field's value on one line."""
    text = value if isinstance(value, str) else dumps(value)
    return plain(text).replace("\n", "\\n")


def changes_text(changes: Mapping[str, Any], *, created: bool) -> Text:
    """What a version changed, a line each; of a creation the new values alone."""
    lines = Text()
    for name, (old, new) in changes.items():
        if lines:
            lines.append("\n")
        lines.append(f"{name}: ", style="bold")
        if not created:
            lines.append(told(old), style="red")
            lines.append(" → ")
        lines.append("gone" if new is None else told(new), style="green")
    return lines
