"""`adledger snapshot restore`: a snapshot into fresh stores, with nothing else than its objects."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.cloud import Cloud
from cli.errors import FailedError, UnreachableError, UsageError
from cli.screen import Report, Screen, plain
from runtime.ads.revision import AdRevision
from runtime.journal.projection import Failure
from runtime.ledger import merkle
from runtime.ledger.errors import LedgerError, UnavailableError
from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.imports.importer import Imported
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import StoredBlock
from runtime.snapshot.restore import restore_journal, restore_states
from runtime.snapshots.errors import SnapshotError
from runtime.snapshots.manifest import LedgerPart, Manifest
from runtime.snapshots.snapshots import Snapshots
from runtime.snapshots.store import SnapshotStore
from runtime.state.bulk import BulkWriter

NO_BLOCK: Final = -1


@dataclass(frozen=True, slots=True)
class Restoring:
    """What to restore from where to where."""

    snapshot_id: str
    folder: Path | None = None
    """A copy of the bucket; None for a bucket."""
    bucket: str | None = None
    """None for the one among the outputs."""
    journal_table: str | None = None
    """Where the ledgers are built; it has to be there. None builds none."""
    state_table: str | None = None
    """Where the ads are put as they were; it has to be there. None puts none."""


def restore(screen: Screen, cloud: Cloud, what: Restoring) -> None:
    """Build the ledgers and bring the states level; restoring again goes on where it was ended.

    A journal that has later blocks already is left as it is and told as not restored: FailedError.
    """
    if what.journal_table is None and what.state_table is None:
        raise UsageError("say where to: --journal-table, --state-table, or both")
    store = _store(cloud, what)
    with _told(what.snapshot_id), screen.progress() as report:
        manifest = Snapshots(store).get(what.snapshot_id)
        ledgers = _journals(store, cloud, manifest, what.journal_table, report)
        ads = _states(store, cloud, manifest, what.state_table, report)
    restored = {"snapshotId": what.snapshot_id, "ledgers": ledgers, "ads": ads}
    screen.show(restored, lambda console: _show(console, restored))
    if beyond := [each["ledger"] for each in ledgers if each["head"] > each["tip"]]:
        raise FailedError(
            f"of {', '.join(beyond)} nothing was restored: the journal in {what.journal_table} "
            f"already has all blocks of snapshot {what.snapshot_id}, and later ones; "
            "to have it as it was then, restore into an empty table"
        )


def _store(cloud: Cloud, what: Restoring) -> SnapshotStore:
    if what.folder is not None:
        if not what.folder.is_dir():
            raise UsageError(f"{what.folder} is not a folder")
        return FolderDestination(what.folder)
    return S3Destination(cloud.client("s3"), what.bucket or cloud.output("snapshotBucketName"))


def _journals(
    store: SnapshotStore, cloud: Cloud, manifest: Manifest, table: str | None, report: Report
) -> list[Mapping[str, Any]]:
    if table is None:
        return []
    client = cloud.client("dynamodb")
    found: list[Mapping[str, Any]] = []
    for shard, part in enumerate(manifest.ledgers):
        report(f"build {part.ledger}", shard, len(manifest.ledgers))
        journal = DynamoDbStorage(client, table, part.ledger)
        imported = restore_journal(store, manifest.snapshot_id, shard, journal)
        found.append(_restored(part, imported, journal.head()))
        report(f"build {part.ledger}", shard + 1, len(manifest.ledgers))
    return found


def _restored(
    part: LedgerPart, imported: Imported | None, head: StoredBlock | None
) -> Mapping[str, Any]:
    """What became of one ledger: the snapshot's last block, and the journal's as it is now."""
    return {
        "ledger": part.ledger,
        "tip": part.tip.sequence_no,
        "blocksAdded": 0 if imported is None else imported.blocks_added,
        "head": NO_BLOCK if head is None else head.sequence_no,
        "digest": "" if head is None else merkle.fold(head.peaks).hex(),
    }


def _states(
    store: SnapshotStore, cloud: Cloud, manifest: Manifest, table: str | None, report: Report
) -> int | None:
    """How many ads the table was given, deleted ones too; None where none is asked for."""
    if table is None:
        return None
    writer = BulkWriter(cloud.client("dynamodb"), table)
    total = sum(part.ads + part.deleted for part in manifest.ledgers)
    done = 0

    def project(revisions: Sequence[AdRevision]) -> Mapping[str, Failure]:
        nonlocal done
        written = writer.put_all(revisions)
        done += len(revisions)
        report("put ads", done, total)
        refused = {ad: Failure(why, lasting=True) for ad, why in written.refused.items()}
        left = {ad: Failure(why, lasting=False) for ad, why in written.unavailable.items()}
        return refused | left

    return restore_states(store, manifest.snapshot_id, project)


@contextmanager
def _told(snapshot_id: str) -> Iterator[None]:
    try:
        yield
    except (UnavailableError, DestinationUnavailableError) as error:
        raise UnreachableError(
            f"a store of snapshot {snapshot_id} is not reached: {error}"
        ) from error
    except (SnapshotError, LedgerError) as error:
        raise FailedError(f"snapshot {snapshot_id} is not restored: {error}") from error


def _show(console: Console, restored: Mapping[str, Any]) -> None:
    for each in restored["ledgers"]:
        console.print(_outcome(each))
        console.print(Text(f"  digest at block {each['head']}: {each['digest']}"))
    if restored["ads"] is not None:
        console.print(Text(f"✓ {restored['ads']} ads", style="green"))


def _outcome(ledger: Mapping[str, Any]) -> Text:
    name, tip, added = plain(ledger["ledger"]), ledger["tip"], ledger["blocksAdded"]
    if ledger["head"] > tip:
        told = f"the snapshot ends at block {tip}, the journal already at {ledger['head']}"
        return Text(f"✗ {name}: nothing restored: {told}", style="red")
    if tip == NO_BLOCK:
        return Text(f"✓ {name}: the snapshot has no block of it", style="green")
    if not added:
        return Text(f"✓ {name}: all blocks up to {tip} were there already", style="green")
    return Text(f"✓ {name}: {added} blocks added, restored up to block {tip}", style="green")
