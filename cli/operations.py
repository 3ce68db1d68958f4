"""`adledger replay` and `adledger snapshot`: the operators' API, every call signed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.cloud import Cloud
from cli.errors import FailedError, PendingError
from cli.http import Http
from cli.screen import Screen, plain, told
from cli.tables import show_table

POLL_S: Final = 1.0
LISTED_MAX: Final = 100
GOOD: Final = "SUCCEEDED"
REPLAYS, SNAPSHOTS = "replays", "snapshots"
IDS: Final = ("replayId", "snapshotId", "previous")


@dataclass(frozen=True, slots=True)
class Noun:
    """Something that can be waited for."""

    name: str
    path: str
    key: str
    """The member that has its id."""
    ends: frozenset[str]
    """Statuses in which nothing of it is under way."""
    blocks: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """How many are done, of how many."""


REPLAY: Final = Noun(
    "replay",
    REPLAYS,
    "replayId",
    frozenset({GOOD, "FAILED", "CANCELLED"}),
    lambda found: found["counts"]["blocks"],
)
SNAPSHOT: Final = Noun(
    "snapshot", SNAPSHOTS, "snapshotId", frozenset({"FINISHED"}), lambda found: found["blocks"]
)


class Operations:
    """What operators can do. Methods raise CliError.

    What ends later is waited for `wait_s` seconds at most, and not at all with None.
    """

    def __init__(
        self,
        screen: Screen,
        cloud: Cloud,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen = screen
        self._http = Http(cloud.output("operationsApiEndpoint"), cloud.session)
        self._sleep = sleep
        self._clock = clock

    def start_replay(
        self, request: Mapping[str, str], key: str | None, *, wait_s: float | None
    ) -> None:
        """Ask for a replay; with a key, however often, for one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        self._show_or_wait(
            self._http.call("POST", REPLAYS, body=dict(request), headers=headers), wait_s=wait_s
        )

    def read_replay(self, replay_id: str, *, wait_s: float | None) -> None:
        """Show how far a replay is."""
        self._show_or_wait(self._http.call("GET", REPLAYS, replay_id), wait_s=wait_s)

    def change_replay(self, replay_id: str, what: str, *, wait_s: float | None) -> None:
        """Cancel or resume a replay."""
        self._show_or_wait(self._http.call("POST", REPLAYS, replay_id, what), wait_s=wait_s)

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

    def take_snapshot(self, key: str | None, *, wait_s: float | None) -> None:
        """Ask for a snapshot now; with a key, however often, for one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        snapshot = self._http.call("POST", SNAPSHOTS, body={}, headers=headers)
        if wait_s is not None:  # One that failed is tried again by itself.
            snapshot = self._waited_for(SNAPSHOT, snapshot, wait_s)
        self._show(snapshot)
        if wait_s is not None:
            _expect_end(SNAPSHOT, snapshot)

    def _show_or_wait(self, replay: Mapping[str, Any], *, wait_s: float | None) -> None:
        found = replay if wait_s is None else self._waited_for(REPLAY, replay, wait_s)
        self._show(found)
        if wait_s is None:
            return
        _expect_end(REPLAY, found)
        if found["status"] != GOOD:
            faults = "; ".join(found["faults"][-1:]) or "no fault is told"
            raise FailedError(f"replay {found['replayId']} is {found['status']}: {faults}")

    def _waited_for(self, noun: Noun, found: Mapping[str, Any], wait_s: float) -> Mapping[str, Any]:
        """It once it has ended, looked at now and then; as it is after so long otherwise."""
        until = self._clock() + wait_s
        with self._screen.progress() as report:
            while True:
                blocks = noun.blocks(found)
                report(f"{noun.name} {found[noun.key]}", int(blocks["done"]), int(blocks["total"]))
                left_s = until - self._clock()
                if found["status"] in noun.ends or left_s <= 0:
                    return found
                self._sleep(min(POLL_S, left_s))
                found = self._http.call("GET", noun.path, found[noun.key])

    def _show(self, body: Mapping[str, Any]) -> None:
        self._screen.show(body, lambda console: _fields(console, body))


def _expect_end(noun: Noun, found: Mapping[str, Any]) -> None:
    if found["status"] not in noun.ends:
        raise PendingError(
            f"{noun.name} {found[noun.key]} is still {found['status']} and goes on; "
            f"look again: adledger {noun.name} status {found[noun.key]}"
        )


def _is_short(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _list(console: Console, items: list[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    rows = [[told(item.get(column)) for column in columns] for item in items]
    show_table(console, columns, rows, whole=IDS)


def _fields(console: Console, body: Mapping[str, Any]) -> None:
    width = max(map(len, body), default=0)
    for name, value in body.items():
        console.print(Text(plain(f"{name:<{width}}  ") + told(value)))
