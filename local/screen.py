"""What the commands show."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from local.home import Home
from local.stack import Stack

LINES_SHOWN = 20
FOLLOW_S = 0.3
CURLS = """\
curl -s -X POST '{publisher}/publisher/42/ad' -H 'Content-Type: application/json' -d '{{
  "adTitle": "awesome title", "adDescription": "awesome description", "price": 10,
  "currency": "€", "category": "awesome category", "tags": ["awesome", "category"]}}'
curl -s '{publisher}/publisher/42/ad'
curl -s '{publisher}/publisher/42/ad/AD_ID?versions=true'
curl -s '{client}/?q=awesome'"""


def stepwise(console: Console) -> Callable[[str], None]:
    """Shows each step with the time since the first."""
    started = time.monotonic()

    def report(step: str) -> None:
        console.print(f"[green]✓[/] {step} [dim]({time.monotonic() - started:.1f} s)[/]")

    return report


def show_endpoints(console: Console, outputs: Mapping[str, Any], home: Home, page: str) -> None:
    """Where to send requests, where the page is, and requests to paste."""
    console.print()
    width = max(map(len, outputs))
    for name, value in sorted(outputs.items()):
        console.print(f"  {name:<{width}}  {value}")
    console.print(f"\n[dim]The same as JSON: {home.outputs}[/]")
    console.print(f"\nA page to look at it all: [bold]{page}[/]\n\nTry:\n")
    calls = CURLS.format(
        publisher=outputs["publisherApiEndpoint"], client=outputs["clientApiEndpoint"]
    )
    console.print(calls, markup=False)


def show_status(console: Console, stack: Stack) -> int:
    """Say what runs; 0 when everything does."""
    status = stack.status()
    for name, alive in status.items():
        console.print(f"{'[green]up[/]  ' if alive else '[red]down[/]'}  {name}")
    if any(status.values()) and not all(status.values()):
        dead = [name for name, alive in status.items() if not alive]
        console.print(f"\n{', '.join(dead)} died: look at `make logs`, then run `make up` again")
    return 0 if all(status.values()) else 1


def show_logs(console: Console, stack: Stack, *, follow: bool) -> None:
    """The end of every process's log and of every function's."""
    for path in sorted(stack.home.logs.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines()[-LINES_SHOWN:]:
            console.print(f"[cyan]{path.stem}[/] ", end="")
            console.print(line, markup=False)
    if stack.status()["cloud"]:
        for name, line in _function_lines(stack.client("logs")):
            console.print(f"[magenta]{name}[/] ", end="")
            console.print(line, markup=False)
    if follow:
        _follow(console, sorted(stack.home.logs.glob("*.log")))


def _function_lines(logs: Any) -> Iterator[tuple[str, str]]:
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        events = logs.filter_log_events(logGroupName=name)["events"]
        for event in events[-LINES_SHOWN:]:
            yield name, event["message"].rstrip()


def _follow(console: Console, paths: list[Path]) -> None:
    """Show what is appended, until interrupted."""
    places = {path: path.stat().st_size for path in paths}
    while True:
        for path, place in places.items():
            with path.open(errors="replace") as log:
                log.seek(place)
                for line in log:
                    console.print(f"[cyan]{path.stem}[/] ", end="")
                    console.print(line.rstrip(), markup=False)
                places[path] = log.tell()
        time.sleep(FOLLOW_S)
