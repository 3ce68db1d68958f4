"""Plays a publisher and a reader: every call as curl, its answer, and the lag until it is seen."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import simplejson
import urllib3
from rich.console import Console

from local.errors import ProcessError

AD: dict[str, Any] = {
    "adTitle": "awesome title",
    "adDescription": "awesome description",
    "price": 10,
    "currency": "€",
    "category": "awesome category",
    "tags": ["awesome", "category"],
}
VISIBLE_S_MAX = 30.0
POLL_S = 0.005
CALL_S_MAX = 30.0
OK, GONE = 200, 404


class Player:
    """Calls the APIs and shows what comes back."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._http = urllib3.PoolManager(retries=False, timeout=CALL_S_MAX)
        self._answered_at = 0.0

    def call(self, what: str, method: str, url: str, body: Any = None) -> Any:
        """Show one call and its answer; the answer's JSON."""
        data = "" if body is None else simplejson.dumps(body, ensure_ascii=False)
        started = time.perf_counter()
        status, answer = self._send(method, url, data)
        self._answered_at = time.perf_counter()
        took_ms = (self._answered_at - started) * 1000
        self._console.print(f"\n[bold]{what}[/] [dim]{status} in {took_ms:.0f} ms[/]")
        flags = f" -X {method}" if method != "GET" else ""
        sent = f" \\\n  -H 'Content-Type: application/json' -d '{data}'" if data else ""
        self._console.print(f"[dim]$[/] curl -s{flags} '{url}'{sent}", markup=True)
        if answer is not None:
            text = simplejson.dumps(answer, ensure_ascii=False, indent=2)
            self._console.print(text, markup=False)
        return answer

    def until(self, what: str, url: str, seen: Callable[[int, Any], bool]) -> None:
        """Wait until a GET shows the last write; say how long after its answer that was."""
        while not seen(*self._send("GET", url, "")):
            if time.perf_counter() - self._answered_at > VISIBLE_S_MAX:
                raise ProcessError(f"{what} is not visible at {url}; look at `make logs`")
            time.sleep(POLL_S)
        lag_ms = (time.perf_counter() - self._answered_at) * 1000
        self._console.print(f"[green]✓[/] {what} [dim]after {lag_ms:.0f} ms[/]")

    def _send(self, method: str, url: str, data: str) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"} if data else {}
        answer = self._http.request(
            method, url, body=data.encode() if data else None, headers=headers
        )
        parsed = simplejson.loads(answer.data, use_decimal=True) if answer.data else None
        return answer.status, parsed


def play(console: Console, outputs: Mapping[str, str]) -> None:
    """Create, read, change, list, search and delete one ad. Raises ProcessError when one fails."""
    player, word = Player(console), f"demo{uuid4().hex[:8]}"
    ads = f"{outputs['publisherApiEndpoint']}/publisher/{word}/ad"
    search = f"{outputs['clientApiEndpoint']}/?q={word}"
    title = f"{AD['adTitle']} {word}"
    created = player.call("Create an ad", "POST", ads, {**AD, "adTitle": title})
    ad = f"{ads}/{created['adId']}"
    player.until("it is in the state table", ad, lambda status, _: status == OK)
    player.until("it is found by search", search, lambda _, found: found["total"] == 1)
    player.call("Change its price", "PATCH", ad, {"price": 150})
    player.until("the change is in the state table", ad, lambda _, seen: seen["version"] == 1)
    player.until(
        "the change is found by search",
        search,
        lambda _, found: [item["price"] for item in found["items"]] == [150],
    )
    player.call("All ads of the publisher", "GET", ads)
    player.call("This ad", "GET", ad)
    player.call("This ad with its versions", "GET", f"{ad}?versions=true")
    player.call("Search", "GET", search)
    player.call("Delete it", "DELETE", ad)
    player.until("it is gone from the state table", ad, lambda status, _: status == GONE)
    player.until("it is gone from search", search, lambda _, found: found["total"] == 0)
    player.call("Its versions stay in the ledger", "GET", f"{ad}?versions=true")
