"""What one invocation does: go on with the snapshot that is under way, or begin the next.

A snapshot may take longer than Lambda lets a function run. Then the invocation ends with its
progress kept, and calls the function anew. What fails altogether is tried again by Lambda, told by
the failure queue, and gone on with at the next schedule or the next request.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from runtime.snapshot.exporting import OutOfTime
from runtime.snapshot.taking import Taking
from runtime.snapshots.errors import SnapshotRefusedError
from runtime.snapshots.manifest import Manifest
from runtime.snapshots.order import Order
from runtime.snapshots.snapshots import Snapshots, milliseconds

INVOCATIONS_MAX: Final = 15
"""One less than after which Lambda takes a function that calls itself for a mistake."""
SNAPSHOTS_MAX: Final = 2
"""In one go: one that is unfinished, and the one that is asked for."""

CallAgain = Callable[[bytes], None]
"""Has the function called with this payload."""


class SnapshotWorker:
    """Takes snapshots as orders come."""

    def __init__(self, snapshots: Snapshots, taking: Taking) -> None:
        """Both are of the same bucket."""
        self._snapshots = snapshots
        self._taking = taking

    def work(
        self, order: Order, now: datetime, out_of_time: OutOfTime, call_again: CallAgain
    ) -> Manifest | None:
        """The snapshot that was asked for; None when it goes on in another invocation."""
        manifest = None
        for _ in range(SNAPSHOTS_MAX):
            request = self._snapshots.request(order.end, now)
            manifest = self._taking.take(request, out_of_time)
            if manifest is None:
                self._go_on(order, request.snapshot_id, call_again)
                return None
            if manifest.end >= milliseconds(order.end):
                break
        return manifest

    def _go_on(self, order: Order, snapshot_id: str, call_again: CallAgain) -> None:
        if order.invocation >= INVOCATIONS_MAX:
            raise SnapshotRefusedError(
                f"snapshot {snapshot_id} is unfinished after {INVOCATIONS_MAX} invocations: ask"
                " for a snapshot again to go on with it"
            )
        call_again(Order(order.end, order.invocation + 1).payload())
