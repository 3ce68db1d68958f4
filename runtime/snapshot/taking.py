"""Takes a snapshot in steps, any of which may be the last for now.

Every object depends on the request and the journal alone. So whoever goes on, even beside someone
who still works, puts the same bytes under the same keys.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.ads.shards import ledger_name
from runtime.ledger.exports.export import SETTLE_S, utc_now
from runtime.ledger.exports.objects import OBJECT_BYTES_MAX
from runtime.ledger.exports.selection import first_not_before
from runtime.ledger.storage.port import JournalStorage
from runtime.snapshot.chunks import CHUNK_BYTES_MAX, ChunkWriter, merged
from runtime.snapshot.exporting import RUN_BYTES_MAX, Exporting, OutOfTime
from runtime.snapshots import progress as kept
from runtime.snapshots.errors import SnapshotRefusedError
from runtime.snapshots.layout import JSON_TYPE, manifest_key, request_key, state_prefix
from runtime.snapshots.manifest import LedgerPart, Manifest, ObjectEntry, Request, Tip
from runtime.snapshots.progress import LedgerProgress, Progress
from runtime.snapshots.snapshots import AHEAD_MAX, Snapshots
from runtime.snapshots.store import SnapshotStore

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every block."""


def never() -> bool:
    """For who has all the time there is."""
    return False


class Taking:
    """Takes snapshots of all shards."""

    def __init__(
        self,
        store: SnapshotStore,
        journals: Sequence[JournalStorage],
        ledger_prefix: str,
        *,
        bucket: str = "",
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        run_bytes_max: int = RUN_BYTES_MAX,
        object_bytes_max: int = OBJECT_BYTES_MAX,
        chunk_bytes_max: int = CHUNK_BYTES_MAX,
    ) -> None:
        """Take the journals in the order of their shards; `bucket` is told in manifests."""
        self._store = store
        self._snapshots = Snapshots(store)
        self._journals = journals
        self._names = [ledger_name(ledger_prefix, shard) for shard in range(len(journals))]
        self._bucket = bucket
        self._now = now
        self._sleep = sleep
        self._run_bytes_max = run_bytes_max
        self._object_bytes_max = object_bytes_max
        self._chunk_bytes_max = chunk_bytes_max

    def take(self, request: Request, out_of_time: OutOfTime = never) -> Manifest | None:
        """Go on with a snapshot until it is finished; None when time is over before.

        Raises SnapshotRefusedError when the journals do not go on from the snapshot before,
        CorruptJournalError at a block that is not what was sealed, DestinationError.
        """
        finished = self._snapshots.find(request.snapshot_id)
        if finished is not None:
            return finished
        previous = None if request.previous is None else self._snapshots.get(request.previous)
        progress = kept.load(self._store, request.snapshot_id)
        if progress is None:
            progress = self._begin(request, previous)
            self._save(request, progress)
        for shard in range(len(self._journals)):
            if not self._take_ledger(request, previous, progress, shard, out_of_time):
                self._save(request, progress)
                return None
        return self._finish(request, progress)

    def _begin(self, request: Request, previous: Manifest | None) -> Progress:
        """Find which blocks are in the period, once all that are sealed in it are durable."""
        before = [Tip()] * len(self._names) if previous is None else _tips(previous, self._names)
        settled_at = request.end + timedelta(seconds=SETTLE_S)
        delay = settled_at - self._now()
        if delay > AHEAD_MAX + timedelta(seconds=SETTLE_S):
            raise SnapshotRefusedError(f"{request.end.isoformat()} is yet to come")
        self._sleep(max(0.0, delay.total_seconds()))
        return Progress(
            [
                self._begin_ledger(request, shard, tip)
                for shard, tip in zip(range(len(self._names)), before, strict=True)
            ]
        )

    def _begin_ledger(self, request: Request, shard: int, before: Tip) -> LedgerProgress:
        journal, name = self._journals[shard], self._names[shard]
        if before.sequence_no >= 0:
            known = next(journal.blocks(before.sequence_no, before.sequence_no), None)
            if known is None or known.block_hash.hex() != before.block_hash:
                raise SnapshotRefusedError(
                    f"ledger {name} is not the one that was snapshotted: its block"
                    f" {before.sequence_no} is another; use a bucket of its own for it"
                )
        last = max(first_not_before(journal, request.end) - 1, before.sequence_no)
        return LedgerProgress(name, before.sequence_no + 1, last, before)

    def _take_ledger(
        self,
        request: Request,
        previous: Manifest | None,
        progress: Progress,
        shard: int,
        out_of_time: OutOfTime,
    ) -> bool:
        """Go on with one ledger; whether it is whole."""
        part = progress.ledgers[shard]

        def save() -> None:
            self._save(request, progress)

        if not part.exported:
            exporting = Exporting(
                self._store,
                self._journals[shard],
                request,
                part,
                bucket=self._bucket,
                start=BEGINNING if previous is None else previous.end,
                run_bytes_max=self._run_bytes_max,
                object_bytes_max=self._object_bytes_max,
            )
            part.exported = exporting.run(out_of_time, save)
        if part.exported and not part.merged:
            base = () if previous is None else previous.ledgers[shard].state
            runs = [base, *part.runs]
            part.merged = self._merge(request, part, runs, out_of_time, save)
        return part.merged

    def _merge(
        self,
        request: Request,
        part: LedgerProgress,
        runs: list[tuple[ObjectEntry, ...]],
        out_of_time: OutOfTime,
        save: Callable[[], None],
    ) -> bool:
        """Write every ad as of the end, from the snapshot before and what has changed since."""
        prefix = state_prefix(request.snapshot_id, part.ledger)
        writer = ChunkWriter(self._store, prefix, part.state, self._chunk_bytes_max)
        ads, deleted, after = part.ads, part.deleted, part.after
        for revision in merged(self._store, runs, part.after):
            if writer.add(revision):
                part.state = writer.entries
                part.ads, part.deleted, part.after = ads, deleted, after
                save()
                if out_of_time():
                    return False
            ads, deleted = ads + (not revision.deleted), deleted + revision.deleted
            after = revision.ad_id
        writer.end()
        part.state, part.ads, part.deleted, part.after = writer.entries, ads, deleted, after
        return True

    def _finish(self, request: Request, progress: Progress) -> Manifest:
        """Write the manifest, from which moment on there is a snapshot."""
        before = None if request.previous is None else manifest_key(request.previous)
        key = request_key(request.snapshot_id)
        manifest = Manifest(
            request,
            ObjectEntry.of(key, self._store.get(key)),
            None if before is None else ObjectEntry.of(before, self._store.get(before)),
            tuple(map(_part, progress.ledgers)),
        )
        self._store.put(manifest_key(request.snapshot_id), manifest.to_bytes(), JSON_TYPE)
        return manifest

    def _save(self, request: Request, progress: Progress) -> None:
        kept.save(self._store, request.snapshot_id, progress)


def _tips(previous: Manifest, names: list[str]) -> list[Tip]:
    """Where the snapshot before has ended."""
    known = [part.ledger for part in previous.ledgers]
    if known != names:
        raise SnapshotRefusedError(
            f"snapshot {previous.snapshot_id} is of the ledgers {', '.join(known)}, not of"
            f" {', '.join(names)}: use a bucket of their own for them"
        )
    return [part.tip for part in previous.ledgers]


def _part(progress: LedgerProgress) -> LedgerPart:
    return LedgerPart(
        ledger=progress.ledger,
        first=progress.first,
        tip=progress.tip,
        revisions=progress.revisions,
        ads=progress.ads,
        deleted=progress.deleted,
        journal_manifest=progress.journal_manifest,
        journal=tuple(progress.journal),
        state=tuple(progress.state),
    )
