"""A progress bar that is not there when there is nothing to wait for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from local.level import Progress as Report


@contextmanager
def bar() -> Iterator[Report]:
    """Something to report progress to; one line for each thing that is done."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as shown:

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done)

        yield report
