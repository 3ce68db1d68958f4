"""What the function that takes snapshots is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runtime.snapshots.documents import time_text
from runtime.snapshots.errors import SnapshotRefusedError


@dataclass(frozen=True, slots=True)
class Order:
    """One invocation's work."""

    end: datetime
    """Every block sealed before this moment is to be in the snapshots."""
    invocation: int = 1
    """1 for the first, one more for each that goes on."""

    def payload(self) -> bytes:
        """As an event."""
        return json.dumps({"end": time_text(self.end), "invocation": self.invocation}).encode()


def order_of(event: Mapping[str, Any], now: datetime) -> Order:
    """The order in an event: its end, or now where it has none.

    The embedded cloud leaves the scheduler's placeholder for the time as it is. That means now.
    """
    text = event.get("end") or ""
    try:
        if not text or text.startswith("<"):
            return Order(now)
        end = datetime.fromisoformat(text)
        return Order(
            end if end.tzinfo else end.replace(tzinfo=UTC), int(event.get("invocation", 1))
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise SnapshotRefusedError(f"{dict(event)} does not order a snapshot: {error}") from error
