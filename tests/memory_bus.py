"""EventBridge in memory: what PutEvents took, in order, with failures as told."""

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

BYTES_MAX = 256 * 1024
THROTTLED = ClientError(
    {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "PutEvents"
)
Fails = Callable[[int, Mapping[str, Any]], str | None]
"""Given the number of the call and an entry: the error code of the entry, None to take it."""


def never(_call: int, _entry: Mapping[str, Any]) -> str | None:
    return None


def size_bytes(entry: Mapping[str, Any]) -> int:
    """As EventBridge's documentation counts it."""
    return 14 + sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))


@dataclass
class MemoryBus:
    """Takes what PutEvents takes, within its limits; threads may share it."""

    fails: Fails = never
    taken: list[Mapping[str, Any]] = field(default_factory=list)
    calls: list[list[Mapping[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put_events(self, **arguments: Any) -> Mapping[str, Any]:
        entries = arguments["Entries"]
        assert 1 <= len(entries) <= 10
        assert sum(map(size_bytes, entries)) <= BYTES_MAX
        ads = [json.loads(entry["Detail"])["adId"] for entry in entries]
        assert len(set(ads)) == len(ads), "one entry in flight per ad"
        with self.lock:
            self.calls.append(entries)
            results = [self._take(len(self.calls), entry) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _take(self, call: int, entry: Mapping[str, Any]) -> dict[str, Any]:
        code = self.fails(call, entry)
        if code is not None:
            return {"ErrorCode": code, "ErrorMessage": "because"}
        self.taken.append(entry)
        return {"EventId": f"{len(self.taken):036d}"}

    @property
    def details(self) -> list[dict[str, Any]]:
        """The events taken, in the order of their being taken."""
        return [json.loads(entry["Detail"]) for entry in self.taken]

    def ids(self) -> list[str]:
        return [detail["id"] for detail in self.details]


class FailingBus(MemoryBus):
    """Down altogether at times, and otherwise failing in every way that EventBridge can."""

    def __init__(self, seed: int, *, up: int = 60, down: int = 25) -> None:
        """After `up` calls every one of the next `down` calls fails, and so on."""
        self.random = random.Random(seed)
        super().__init__(self._refusal)
        self.up, self.down = up, down
        self.asked = 0
        self.seen: dict[str, int] = {}

    def put_events(self, **arguments: Any) -> Mapping[str, Any]:
        with self.lock:
            self.asked += 1
            is_down = self.asked % (self.up + self.down) >= self.up
            kinds = ["down"] if is_down else ["", "", "", "", "throttled", "lost", "unanswered"]
            kind = self.random.choice(kinds)
            self.seen[kind] = self.seen.get(kind, 0) + 1
        if kind == "down":
            raise EndpointConnectionError(endpoint_url="bus")
        if kind == "throttled":
            raise THROTTLED
        if kind == "lost":
            raise ReadTimeoutError(endpoint_url="bus")
        answer = super().put_events(**arguments)
        if kind == "unanswered":  # Taken all the same.
            raise ReadTimeoutError(endpoint_url="bus")
        return answer

    def _refusal(self, _call: int, _entry: Mapping[str, Any]) -> str | None:
        refused = self.random.random() < 0.2
        self.seen["refused"] = self.seen.get("refused", 0) + refused
        return self.random.choice(["InternalFailure", "ThrottlingException"]) if refused else None
