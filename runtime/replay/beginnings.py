"""Where a replay may begin instead of at block 0: the newest snapshot, where that is quicker."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from runtime.ads.revision import AdRevision
from runtime.ledger.errors import LedgerError
from runtime.replay.journals import NO_BLOCK, Journals
from runtime.replays.errors import UnusableSnapshotError
from runtime.replays.replay import Beginning
from runtime.snapshots import rows
from runtime.snapshots.errors import SnapshotError
from runtime.snapshots.manifest import Manifest
from runtime.snapshots.snapshots import Snapshots
from runtime.snapshots.store import SnapshotStore, checked

ROWS_A_BLOCK: Final = 8
"""Ads that are read from a snapshot in the time that a block takes; measured, and rounded down."""
OBJECT_BLOCKS: Final = 200
"""Blocks that are read in the time that it takes to get an object."""


class Beginnings:
    """Snapshots as replays use them. Methods raise UnusableSnapshotError."""

    def __init__(self, store: SnapshotStore, journals: Journals) -> None:
        """Read nothing yet."""
        self._store = store
        self._journals = journals
        self._manifests: dict[str, Manifest] = {}

    def find(self, until: str | None, heads: Sequence[int]) -> Beginning | None:
        """The newest snapshot up to a time, if it is quicker to begin with; None otherwise.

        `heads` are the last blocks by shard. UnusableSnapshotError where it is not of these
        journals, damaged, or cannot be read now.
        """
        moment = None if until is None else datetime.fromisoformat(until)
        with _told("the newest snapshot"):
            manifest = Snapshots(self._store).newest(moment)
        if manifest is None:
            return None
        self._check(manifest, heads)
        beginning = Beginning(
            manifest.snapshot_id,
            tuple(part.tip.sequence_no for part in manifest.ledgers),
            tuple(len(part.state) for part in manifest.ledgers),
        )
        ads = sum(part.ads + part.deleted for part in manifest.ledgers)
        cost = sum(beginning.objects) * OBJECT_BLOCKS + ads // ROWS_A_BLOCK
        return beginning if cost < sum(tip + 1 for tip in beginning.tips) else None

    def ads(self, snapshot_id: str, shard: int, object_no: int) -> list[AdRevision]:
        """The newest revisions, deletions too, that one object of a snapshot's state has."""
        with _told(f"snapshot {snapshot_id}"):
            entry = self._manifest(snapshot_id).ledgers[shard].state[object_no]
            return list(rows.revisions(entry.key, checked(self._store, entry)))

    def _manifest(self, snapshot_id: str) -> Manifest:
        if snapshot_id not in self._manifests:
            self._manifests = {snapshot_id: Snapshots(self._store).get(snapshot_id)}
        return self._manifests[snapshot_id]

    def _check(self, manifest: Manifest, heads: Sequence[int]) -> None:
        """Whether it is a snapshot of these journals: its last blocks are theirs."""
        name = f"snapshot {manifest.snapshot_id}"
        if len(manifest.ledgers) != len(heads):
            raise UnusableSnapshotError(
                f"{name} has {len(manifest.ledgers)} ledgers, there are {len(heads)}"
            )
        for shard, part in enumerate(manifest.ledgers):
            number = part.tip.sequence_no
            if number == NO_BLOCK:
                continue
            found = self._journals.block_hash(shard, number)
            if number > heads[shard] or found is None or found.hex() != part.tip.block_hash:
                raise UnusableSnapshotError(
                    f"{name} ends with a block {number} of shard {shard} that is not the journal's"
                )


@contextmanager
def _told(what: str) -> Generator[None]:
    """Failures of snapshots and of their bucket as failures of a replay."""
    try:
        yield
    except (SnapshotError, LedgerError) as error:
        raise UnusableSnapshotError(f"{what} cannot be read: {error}") from error
