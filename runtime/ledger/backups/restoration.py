"""Restoring a ledger from a backup: as a whole, to a block or to a moment, verified beforehand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import takewhile
from typing import Final

from runtime.ledger.backups import manifest
from runtime.ledger.backups.errors import BackupError, DamagedBackupError
from runtime.ledger.backups.manifest import Backup
from runtime.ledger.backups.tip import Tip
from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.layout import DataKey
from runtime.ledger.exports.reader import ExportReader, ReadBlock
from runtime.ledger.imports.importer import Imported, import_journal
from runtime.ledger.storage.port import JournalStorage

Progress = Callable[[int, int], None]
"""Told how many blocks are done, of how many."""


def _ignore(done: int, total: int) -> None:
    del done, total


@dataclass(frozen=True, slots=True)
class Known:
    """A digest that somebody kept."""

    digest: bytes
    sequence_no: int | None = None
    """The newest block it covers; None for the backup's newest."""


@dataclass(frozen=True, slots=True)
class Goal:
    """How far a ledger is restored: as a whole unless something is given."""

    sequence_no: int | None = None
    """The newest block of the restored ledger."""
    moment: datetime | None = None
    """With a time zone; blocks sealed later, and all after the first such, are left out."""


WHOLE: Final = Goal()


@dataclass(frozen=True, slots=True)
class VerifiedBackup:
    """A backup of which every block and every byte has been checked."""

    backup: Backup
    prefix: str
    sequence_no: int
    """The newest block to be restored."""
    digest: bytes
    """Of the blocks up to it."""


def verify(
    place: Destination,
    prefix: str = "",
    goal: Goal = WHOLE,
    known: Known | None = None,
    progress: Progress = _ignore,
) -> VerifiedBackup:
    """Check all of the newest backup, and find the block to restore to.

    BackupError where there is none or it has no such block, DamagedBackupError where it, or the
    digest that was kept, is another. DamagedExportError names the first block or revision, and
    UnreadableExportError the first object, that is not what was backed up.
    """
    backup = manifest.read(place, prefix)
    for wanted in (goal.sequence_no, None if known is None else known.sequence_no):
        if wanted is not None and not 0 <= wanted <= backup.sequence_no:
            raise BackupError(f"the backup has blocks 0 to {backup.sequence_no}, not {wanted}")
    held = _Held(place, backup)
    passage = _Passage(goal, known, backup)
    for block in ExportReader(held, backup.listing(prefix)).blocks():
        passage.follow(block)
        progress(block.sequence_no + 1, backup.sequence_no + 1)
    held.check()
    return passage.verified(prefix)


def restore(
    verified: VerifiedBackup,
    place: Destination,
    storage: JournalStorage,
    progress: Progress = _ignore,
) -> Imported:
    """Build the ledger in an empty store that nobody uses, or go on where that was ended.

    BackupError when the store has more blocks; errors of imports when it has others.
    """
    last = verified.sequence_no
    head = storage.head()
    if head is not None and head.sequence_no > last:
        raise BackupError(
            f"the store has blocks up to {head.sequence_no}, beyond block {last}: restore into an"
            " empty one"
        )
    held = _Held(place, verified.backup, at_once=True)
    return import_journal(
        _Until(held, verified.backup.listing(verified.prefix), last),
        storage,
        digest=verified.digest,
        report=lambda number, end: progress(number + 1, end + 1),
    )


class _Passage:
    """The blocks of a backup while they pass."""

    def __init__(self, goal: Goal, known: Known | None, backup: Backup) -> None:
        self._goal = goal
        self._known = known
        self._backup = backup
        self._tip = Tip()
        self._is_over = False
        self._end = (-1, b"")

    def follow(self, block: ReadBlock) -> None:
        tip, goal = self._tip, self._goal
        if tip.link is None and block.sequence_no != 0:
            raise DamagedBackupError(f"the backup begins with block {block.sequence_no}, not 0")
        tip.follow(block)
        self._is_over = (
            self._is_over
            or (goal.sequence_no is not None and block.sequence_no > goal.sequence_no)
            or (goal.moment is not None and block.struct["blockTimestamp"] > goal.moment)
        )
        if not self._is_over:
            self._end = tip.sequence_no, tip.digest
        if self._known is not None and self._known.sequence_no == tip.sequence_no:
            self._hold(self._known)

    def verified(self, prefix: str) -> VerifiedBackup:
        backup, link = self._backup, self._tip.link
        found = None if link is None else (link.strand_id, link.sequence_no, self._tip.digest)
        if found != (backup.strand_id, backup.sequence_no, backup.digest):
            raise DamagedBackupError(
                f"the blocks of the backup are {found}, its manifest says"
                f" {(backup.strand_id, backup.sequence_no, backup.digest)}"
            )
        if self._known is not None and self._known.sequence_no is None:
            self._hold(self._known)
        if self._end[0] < 0:
            raise BackupError(f"no block had been sealed at {self._goal.moment}")
        return VerifiedBackup(backup, prefix, *self._end)

    def _hold(self, known: Known) -> None:
        if known.digest != self._tip.digest:
            raise DamagedBackupError(
                f"the digest of the backup's blocks up to {self._tip.sequence_no} is"
                f" {self._tip.digest.hex()}, not the one that was kept, {known.digest.hex()}: it is"
                " another ledger's, or it was rewritten"
            )


class _Held:
    """A destination whose objects are held to the hashes in the manifest."""

    def __init__(self, place: Destination, backup: Backup, *, at_once: bool = False) -> None:
        self._place = place
        self._hashes = {each.key: each.hash for each in backup.objects}
        self._at_once = at_once
        self._damaged: list[str] = []
        self.put = place.put
        self.keys = place.keys

    def get(self, key: str) -> bytes:
        data = self._place.get(key)
        if sha256(data).digest() != self._hashes.get(key, sha256(data).digest()):
            # What is wrong with its blocks, if they tell, says more.
            self._damaged.append(key)
            if self._at_once:
                self.check()
        return data

    def check(self) -> None:
        if self._damaged:
            raise DamagedBackupError(
                f"object {self._damaged[0]} is not what was backed up: its hash is another"
            )


class _Until(ExportReader):
    """An export that ends with an earlier block."""

    def __init__(self, place: Destination, manifest_key: str, last: int) -> None:
        super().__init__(place, manifest_key)
        self._last = last

    @property
    def objects(self) -> list[tuple[str, DataKey]]:
        """Those that are needed."""
        return [
            (key, DataKey(named.strand_id, named.first, min(named.last, self._last)))
            for key, named in super().objects
            if named.first <= self._last
        ]

    def blocks(self, first: int = 0) -> Iterator[ReadBlock]:
        """Blocks from number `first` to the last that is wanted."""
        return takewhile(lambda block: block.sequence_no <= self._last, super().blocks(first))
