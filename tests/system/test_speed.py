"""How long a warm write takes and how soon it is seen."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contention import contention
from tests.system.client import AD, Api, wait_until

WRITES = 200
CLIENTS = 4
"""Who write and wait at a time."""
WARM_UP = 10
WRITE_P50_MAX_MS = 30
READ_VISIBLE_P99_MAX_S = 1.0
SEARCH_VISIBLE_P99_MAX_S = 1.5
VISIBLE_TIMEOUT_S = 10

pytestmark = [pytest.mark.system, pytest.mark.speed, pytest.mark.timeout(300)]


def quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def test_writes_are_quick(api: Api) -> None:
    ad_id = api.create("quick").body["adId"]
    for number in range(WARM_UP):
        api.create("quick")
        api.change("quick", ad_id, {"price": number + 1})
    slowdown = contention()
    posts = [timed(lambda: api.create("quick")) for _ in range(WRITES)]
    patches = [
        timed(lambda n=n: api.change("quick", ad_id, {"price": n + 100})) for n in range(WRITES)
    ]
    slowdown = max(slowdown, contention())
    print(
        f"POST p50 {quantile(posts, 50):.1f} ms, PATCH p50 {quantile(patches, 50):.1f} ms,"
        f" slowed {slowdown:.1f} times"
    )
    assert quantile(posts, 50) <= WRITE_P50_MAX_MS * slowdown
    assert quantile(patches, 50) <= WRITE_P50_MAX_MS * slowdown


def seen_after_s(api: Api, number: int) -> tuple[float, float]:
    """Create an ad; seconds until it is read, and until it is found by its title."""
    title = f"visible{number}x{time.time_ns()}"
    started = time.perf_counter()
    ad_id = api.create("soon", {**AD, "adTitle": title}).body["adId"]
    wait_until(lambda: api.read("soon", ad_id).status == 200, VISIBLE_TIMEOUT_S)
    read_s = time.perf_counter() - started
    wait_until(lambda: bool(api.search(q=title).body["items"]), VISIBLE_TIMEOUT_S)
    return read_s, time.perf_counter() - started


def test_writes_are_soon_visible(api: Api) -> None:
    slowdown = contention()
    with ThreadPoolExecutor(CLIENTS) as clients:
        seen = list(clients.map(lambda number: seen_after_s(api, number), range(WRITES)))
    reads, searches = ([each[which] for each in seen] for which in (0, 1))
    slowdown = max(slowdown, contention())
    print(f"GET p99 {quantile(reads, 99):.3f} s, search p99 {quantile(searches, 99):.3f} s")
    assert quantile(reads, 99) <= READ_VISIBLE_P99_MAX_S * slowdown
    assert quantile(searches, 99) <= SEARCH_VISIBLE_P99_MAX_S * slowdown
