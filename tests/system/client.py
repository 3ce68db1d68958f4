"""A publisher's and a reader's view of the deployed APIs: plain HTTP and JSON."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import urllib3

REQUEST_TIMEOUT_S = 30
POLL_INTERVAL_S = 0.01
WRITES = ("POST", "PATCH", "DELETE")
REFUSED_STATUS = 400

AD: dict[str, Any] = {
    "adTitle": "awesome title",
    "adDescription": "awesome description",
    "price": 10,
    "currency": "€",
    "category": "awesome category",
    "tags": ["awesome", "category"],
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


class Api:
    """One client of the publisher's and the reader's API; safe to share between threads."""

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self.publisher = outputs["publisherApiEndpoint"]
        self.client = outputs["clientApiEndpoint"]
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=REQUEST_TIMEOUT_S)

    def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        response = self._pool.request(method, url, body=data, headers=sent)
        text = response.data.decode()
        parsed = json.loads(text, parse_float=Decimal) if text else None
        if method in WRITES and response.status >= REFUSED_STATUS:
            # Whoever counts failed writes, as benches do, wants to know why.
            log.warning("%s %s: %s %s", method, url, response.status, text)
        return Answer(response.status, response.headers, parsed)

    def ads(self, publisher: str, ad_id: str = "", **query: Any) -> str:
        tail = f"/{ad_id}" if ad_id else ""
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self.publisher}/publisher/{publisher}/ad{tail}{asked}"

    def create(self, publisher: str, ad: Any = None, **headers: str) -> Answer:
        return self.call("POST", self.ads(publisher), AD if ad is None else ad, headers)

    def change(self, publisher: str, ad_id: str, changes: Any, **headers: str) -> Answer:
        return self.call("PATCH", self.ads(publisher, ad_id), changes, headers)

    def delete(self, publisher: str, ad_id: str) -> Answer:
        return self.call("DELETE", self.ads(publisher, ad_id))

    def read(self, publisher: str, ad_id: str = "", **query: Any) -> Answer:
        return self.call("GET", self.ads(publisher, ad_id, **query))

    def search(self, **query: Any) -> Answer:
        return self.call("GET", f"{self.client}/?{urlencode(query)}")


def wait_until(
    holds: Callable[[], bool], timeout_s: float, poll_s: float = POLL_INTERVAL_S
) -> float:
    """Poll until the condition holds; how long it took, in seconds."""
    started = time.perf_counter()
    while not holds():
        waited = time.perf_counter() - started
        if waited > timeout_s:
            raise AssertionError(f"still not so after {waited:.1f} s")
        time.sleep(poll_s)
    return time.perf_counter() - started
