"""`adledger replay` and `adledger snapshot`: the operators' API, every call signed."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.cloud import Cloud
from cli.errors import FailedError
from cli.http import Http
from cli.screen import Report, Screen, plain, told

POLL_S: Final = 1.0
LISTED_MAX: Final = 100
ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
GOOD: Final = "SUCCEEDED"
FINISHED: Final = "FINISHED"
REPLAYS, SNAPSHOTS = "replays", "snapshots"


class Operations:
    """What operators can do. Methods raise CliError."""

    def __init__(
        self, screen: Screen, cloud: Cloud, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._screen = screen
        self._http = Http(cloud.output("operationsApiEndpoint"), cloud.session)
        self._sleep = sleep

    def start_replay(self, request: Mapping[str, str], key: str | None, *, wait: bool) -> None:
        """Ask for a replay; with a key, however often, for one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        self._show_or_wait(
            self._http.call("POST", REPLAYS, body=dict(request), headers=headers), wait=wait
        )

    def read_replay(self, replay_id: str, *, wait: bool) -> None:
        """Show how far a replay is."""
        self._show_or_wait(self._http.call("GET", REPLAYS, replay_id), wait=wait)

    def change_replay(self, replay_id: str, what: str, *, wait: bool) -> None:
        """Cancel or resume a replay."""
        self._show_or_wait(self._http.call("POST", REPLAYS, replay_id, what), wait=wait)

    def list_replays(self) -> None:
        """Show the newest replays."""
        page = self._http.call("GET", REPLAYS, query={"limit": str(LISTED_MAX)})
        columns = ("replayId", "target", "scope", "status", "percent", "createdAt")
        self._screen.show(page["items"], lambda console: _list(console, page["items"], columns))

    def list_snapshots(self) -> None:
        """Show the newest snapshots."""
        page = self._http.call("GET", SNAPSHOTS, query={"limit": str(LISTED_MAX)})
        items: list[Mapping[str, Any]] = page["items"]
        columns = tuple(name for name in (items[0] if items else ()) if _is_short(items[0][name]))
        self._screen.show(items, lambda console: _list(console, items, columns))

    def read_snapshot(self, snapshot_id: str) -> None:
        """Show one snapshot."""
        self._show(self._http.call("GET", SNAPSHOTS, snapshot_id))

    def take_snapshot(self, key: str | None, *, wait: bool) -> None:
        """Ask for a snapshot now; with a key, however often, for one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        snapshot = self._http.call("POST", SNAPSHOTS, body={}, headers=headers)
        self._show(self._finished(snapshot) if wait else snapshot)

    def _finished(self, snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
        """The snapshot once it is finished; one that failed is tried again by itself."""
        with self._screen.progress() as report:
            while True:
                blocks = snapshot["blocks"]
                what = f"snapshot {snapshot['snapshotId']}"
                report(what, int(blocks["done"]), int(blocks["total"]))
                if snapshot["status"] == FINISHED:
                    return snapshot
                self._sleep(POLL_S)
                snapshot = self._http.call("GET", SNAPSHOTS, snapshot["snapshotId"])

    def _show_or_wait(self, replay: Mapping[str, Any], *, wait: bool) -> None:
        found = self._ended(replay) if wait else replay
        self._show(found)
        if wait and found["status"] != GOOD:
            faults = "; ".join(found["faults"][-1:]) or "no fault is told"
            raise FailedError(f"replay {found['replayId']} is {found['status']}: {faults}")

    def _ended(self, replay: Mapping[str, Any]) -> Mapping[str, Any]:
        """The replay once it has ended, looked at now and then."""
        with self._screen.progress() as report:
            while True:
                _report(replay, report)
                if replay["status"] in ENDED:
                    return replay
                self._sleep(POLL_S)
                replay = self._http.call("GET", REPLAYS, replay["replayId"])

    def _show(self, body: Mapping[str, Any]) -> None:
        self._screen.show(body, lambda console: _fields(console, body))


def _report(replay: Mapping[str, Any], report: Report) -> None:
    blocks = replay["counts"]["blocks"]
    report(f"replay {replay['replayId']}", int(blocks["done"]), int(blocks["total"]))


def _is_short(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _list(console: Console, items: list[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    table = Table()
    for column in columns:
        table.add_column(plain(column))
    for item in items:
        table.add_row(*(told(item.get(column)) for column in columns))
    console.print(table)


def _fields(console: Console, body: Mapping[str, Any]) -> None:
    width = max(map(len, body), default=0)
    for name, value in body.items():
        console.print(Text(plain(f"{name:<{width}}  ") + told(value)))
