"""Ledgers and projections built from snapshots, with nothing but the bucket."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from runtime.ads.revision import AdRevision
from runtime.journal.projection import Projection
from runtime.ledger import ion
from runtime.ledger.exports.reader import ExportReader
from runtime.ledger.imports.importer import Imported, import_journal
from runtime.ledger.storage.port import JournalStorage
from runtime.snapshot.blocks import ads_of
from runtime.snapshots.errors import SnapshotRefusedError, UnprojectedError
from runtime.snapshots.manifest import LedgerPart, Manifest
from runtime.snapshots.snapshots import Snapshots
from runtime.snapshots.store import CheckedObjects, SnapshotStore

BATCH_ADS_MAX: Final = 500
"""Ads given to a projection at a time."""
FAILURES_TOLD_MAX: Final = 5


def restore_journal(
    store: SnapshotStore, snapshot_id: str, shard: int, journal: JournalStorage
) -> Imported | None:
    """Build one ledger, from its first block to the snapshot's tip, in a store nobody else uses.

    The store is empty, or holds what an earlier restoration left; that goes on. One that goes on
    beyond the tip stays as it is. Every object, every hash and, up to the tip, the digest are
    checked. None for a ledger that had no block yet. Raises UnreadableSnapshotError,
    DamagedExportError, ImportRefusedError, OtherLedgerError.
    """
    imported, added = None, 0
    for manifest in Snapshots(store).chain(snapshot_id):
        part = _part(manifest, shard)
        if part.journal_manifest is None:
            continue
        reader = ExportReader(CheckedObjects(store, part.journal), part.journal_manifest)
        head = journal.head()
        beyond = head is not None and head.sequence_no > part.tip.sequence_no
        digest = None if beyond else bytes.fromhex(part.tip.digest)
        imported = import_journal(reader, journal, digest=digest)
        added += imported.blocks_added
    return imported and replace(imported, blocks_added=added)


def restore_states(store: SnapshotStore, snapshot_id: str, projection: Projection) -> int:
    """Bring a projection level with a snapshot; how many ads it was given, deleted ones too.

    The projection may be in use and ahead of the snapshot: versions decide. UnprojectedError when
    it did not take an ad.
    """
    snapshots = Snapshots(store)
    manifest = snapshots.get(snapshot_id)
    return sum(
        project(snapshots.revisions(manifest, shard), projection)
        for shard in range(len(manifest.ledgers))
    )


def project(revisions: Iterable[AdRevision], projection: Projection) -> int:
    """Give revisions to a projection batch by batch; how many. UnprojectedError for a failure."""
    count = 0
    for batch in _batches(revisions):
        failures = projection(batch)
        if failures:
            told = [f"{ad_id}: {failures[ad_id].reason}" for ad_id in failures]
            raise UnprojectedError(
                f"{len(failures)} ads were not restored, try again: "
                + "; ".join(told[:FAILURES_TOLD_MAX])
            )
        count += len(batch)
    return count


def delta(journal: JournalStorage, manifest: Manifest, shard: int) -> Iterator[AdRevision]:
    """The revisions of ads that a journal has beyond a snapshot, in the journal's order."""
    for stored in journal.blocks(_part(manifest, shard).tip.sequence_no + 1):
        yield from ads_of(ion.decode(stored.ion))


def _part(manifest: Manifest, shard: int) -> LedgerPart:
    if not 0 <= shard < len(manifest.ledgers):
        raise SnapshotRefusedError(
            f"snapshot {manifest.snapshot_id} has the shards 0 to {len(manifest.ledgers) - 1}"
        )
    return manifest.ledgers[shard]


def _batches(revisions: Iterable[AdRevision]) -> Iterator[Sequence[AdRevision]]:
    iterator = iter(revisions)
    while batch := list(islice(iterator, BATCH_ADS_MAX)):
        yield batch
