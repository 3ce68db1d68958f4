"""What operators can do with snapshots: ask for one, and see those that there are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from runtime.snapshots import progress
from runtime.snapshots.manifest import Manifest, Request
from runtime.snapshots.order import Order
from runtime.snapshots.snapshots import Snapshots
from runtime.snapshots.store import SnapshotStore

PERCENT: Final = 100.0

Call = Callable[[bytes], None]
"""Has the function that takes snapshots called with this event."""


def utc_now() -> datetime:
    """The wall clock's time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot, finished or not."""

    request: Request
    manifest: Manifest | None
    blocks_done: int
    blocks: int
    """Of the period; 0 while it is not known."""

    @property
    def percent(self) -> float:
        """How much of its journal is in the bucket; under 100 until everything is."""
        if self.manifest is not None:
            return PERCENT
        return min(PERCENT - 1, PERCENT * self.blocks_done / self.blocks) if self.blocks else 0.0


class SnapshotService:
    """Snapshots of one bucket; errors are SnapshotError and those of the bucket."""

    def __init__(
        self, store: SnapshotStore, call: Call, now: Callable[[], datetime] = utc_now
    ) -> None:
        """Take the bucket and the way to the function that fills it."""
        self._store = store
        self._snapshots = Snapshots(store)
        self._call = call
        self._now = now

    def start(self, key: str | None = None) -> View:
        """Ask for a snapshot as of now; while one is under way go on with that one.

        With a key, for one snapshot however often; asking again goes on with it if need be.
        """
        now = self._now()
        request = None if key is None else self._snapshots.of_key(key)
        if request is None:
            request = self._snapshots.request(now, now)
            request = request if key is None else self._snapshots.keep_key(key, request)
        if not self._snapshots.is_finished(request):
            self._call(Order(request.end).payload())
        return self._view(request)

    def read(self, snapshot_id: str) -> View:
        """One snapshot; NoSuchSnapshotError where nobody asked for it."""
        return self._view(self._snapshots.asked_for(snapshot_id))

    def list(self, limit: int, before: str | None = None) -> tuple[list[View], str | None]:
        """A page of snapshots, newest first, and where the next page begins; None at the end."""
        newest = self._snapshots.newest_request()
        if newest is None:
            return [], None
        last = int(newest.snapshot_id)
        if before is not None:  # A number that no snapshot has yet is behind nothing.
            last = min(last, int(before) - 1)
        numbers = range(last, max(last - limit, 0), -1)
        views = [self.read(f"{number:06d}") for number in numbers]
        return views, f"{numbers[-1]:06d}" if numbers and numbers[-1] > 1 else None

    def _view(self, request: Request) -> View:
        manifest = self._snapshots.find(request.snapshot_id)
        if manifest is not None:
            blocks = sum(part.blocks for part in manifest.ledgers)
            return View(request, manifest, blocks, blocks)
        kept = progress.load(self._store, request.snapshot_id)
        if kept is None:
            return View(request, None, 0, 0)
        return View(request, None, kept.blocks_done, kept.blocks)
