"""How far an unfinished snapshot is, kept in the bucket so that anyone can go on with it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from runtime.snapshots import documents
from runtime.snapshots.layout import JSON_TYPE, progress_key
from runtime.snapshots.manifest import ObjectEntry, Tip, tip_of_plain
from runtime.snapshots.store import SnapshotStore, found

Run = tuple[ObjectEntry, ...]
"""Objects of revisions, one an ad, sorted by id through all of them."""


@dataclass(slots=True)
class LedgerProgress:
    """How far one ledger is; changed as work goes on."""

    ledger: str
    first: int
    last: int
    """The last block of the period; one less than `first` for a period without blocks."""
    tip: Tip
    """The newest block that is in the bucket."""
    revisions: int = 0
    journal: list[ObjectEntry] = field(default_factory=list[ObjectEntry])
    journal_manifest: str | None = None
    exported: bool = False
    """Whether the export has its final manifest, or needs none."""
    runs: list[Run] = field(default_factory=list[Run])
    """The ads that blocks have changed, a run for some blocks each."""
    state: list[ObjectEntry] = field(default_factory=list[ObjectEntry])
    after: str | None = None
    """The last ad that is in `state`."""
    ads: int = 0
    deleted: int = 0
    merged: bool = False
    """Whether `state` is whole."""


@dataclass(slots=True)
class Progress:
    """How far all ledgers are, by shard."""

    ledgers: list[LedgerProgress]

    @property
    def blocks(self) -> int:
        """Blocks of the period."""
        return sum(part.last - part.first + 1 for part in self.ledgers)

    @property
    def blocks_done(self) -> int:
        """Of those, the ones that are in the bucket."""
        return sum(part.tip.sequence_no - part.first + 1 for part in self.ledgers)


def save(store: SnapshotStore, snapshot_id: str, progress: Progress) -> None:
    """Keep it; what is lost by a crash afterwards is done once more, with the same result."""
    data = documents.written({"ledgers": [asdict(part) for part in progress.ledgers]})
    store.put(progress_key(snapshot_id), data, JSON_TYPE)


def load(store: SnapshotStore, snapshot_id: str) -> Progress | None:
    """What was kept; None where nothing was, and where it expired."""
    key = progress_key(snapshot_id)
    data = found(store, key)
    if data is None:
        return None
    document = documents.read(key, data)
    return Progress([_ledger(plain) for plain in document["ledgers"]])


def _ledger(plain: Any) -> LedgerProgress:
    members: dict[str, Any] = {
        **plain,
        "tip": tip_of_plain(plain["tip"]),
        "journal": _entries(plain["journal"]),
        "runs": [tuple(_entries(run)) for run in plain["runs"]],
        "state": _entries(plain["state"]),
    }
    return LedgerProgress(**members)


def _entries(plain: Any) -> list[ObjectEntry]:
    return [ObjectEntry(**entry) for entry in plain]
