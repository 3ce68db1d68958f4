"""How far a command is, on standard error: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable
from typing import Final

BAR_CHARACTERS: Final = 30
BAR_INTERVAL_S: Final = 0.1
LINE_INTERVAL_S: Final = 10.0

Progress = Callable[[int, int], None]
"""Told how many are done, of how many."""


def bar(what: str) -> Progress:
    """Draws how many of `what` are done; the last time when all are."""
    is_terminal = sys.stderr.isatty()
    shown_s = 0.0 if is_terminal else time.monotonic()

    def draw(done: int, total: int) -> None:
        nonlocal shown_s
        now_s = time.monotonic()
        interval_s = BAR_INTERVAL_S if is_terminal else LINE_INTERVAL_S
        if now_s < shown_s + interval_s and (done < total or not is_terminal):
            return
        shown_s = now_s
        told = f"{done} of {total} {what}"
        if not is_terminal:
            print(told, file=sys.stderr, flush=True)
            return
        filled = BAR_CHARACTERS * done // max(total, 1)
        drawn = "#" * filled + "." * (BAR_CHARACTERS - filled)
        ending = "\n" if done == total else ""
        print(f"\r[{drawn}] {told}", end=ending, file=sys.stderr, flush=True)

    return draw
