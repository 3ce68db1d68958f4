"""Backing up a ledger: its whole journal, as an export in Ion binary with a digest.

A later backup into the same place adds what is new. It first proves that the ledger is still the
one that was backed up, by digest and last block, and every new block is verified on its way. Only
what was redacted since is written again, under another key; what a backup no longer consists of is
removed. A manifest is written after some objects each, and last, so a backup that was killed is a
backup of fewer blocks, and the next one goes on from there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import takewhile
from typing import Any, Final

from runtime.ledger import ion, merkle
from runtime.ledger.backups import manifest
from runtime.ledger.backups.errors import BackupError
from runtime.ledger.backups.manifest import FORM, MANIFEST, BackedUp, Backup
from runtime.ledger.backups.place import Place
from runtime.ledger.backups.tip import Tip
from runtime.ledger.exports.destination import has
from runtime.ledger.exports.layout import with_slash
from runtime.ledger.exports.objects import OBJECT_BYTES_MAX, DataObject, data_objects
from runtime.ledger.exports.reader import FINAL, ExportReader, ReadBlock
from runtime.ledger.exports.selection import blocks_until, dated
from runtime.ledger.imports.chain import check
from runtime.ledger.storage.port import JournalStorage, StoredBlock

MANIFEST_EVERY_OBJECTS: Final = 64
"""So many objects of 4 MiB, at most, are written anew after a backup was killed."""

BLOCKS: Final = "blocks"
"""The folder of the objects, so that no export's are taken for a backup's."""

Progress = Callable[[int, int], None]
"""Told how many of the ledger's blocks are backed up, of how many."""


def _ignore(done: int, total: int) -> None:
    del done, total


def back_up(
    storage: JournalStorage,
    ledger: str,
    place: Place,
    prefix: str = "",
    progress: Progress = _ignore,
    object_bytes_max: int = OBJECT_BYTES_MAX,
) -> Backup:
    """Add all blocks that a journal has now to its backup, one backup at a time in a place.

    BackupError for a journal without blocks or with other blocks than those that are backed up;
    CorruptJournalError at the first block that is not what was sealed. What was backed up stays.
    """
    head = storage.head()
    if head is None:
        raise BackupError(f"ledger {ledger} has no block yet: there is nothing to back up")
    making = _Making(storage, ledger, place, prefix, head.sequence_no)
    blocks = takewhile(
        lambda block: block.stored.sequence_no <= head.sequence_no,
        blocks_until(storage, making.tip.sequence_no + 1),
    )
    for count, found in enumerate(data_objects(blocks, object_bytes_max), 1):
        making.add(found, progress)
        if count % MANIFEST_EVERY_OBJECTS == 0:
            making.write_manifest()
    backup = making.write_manifest()
    _remove_others(place, prefix, backup)
    return backup


class _Making:
    """A backup that grows."""

    def __init__(
        self, storage: JournalStorage, ledger: str, place: Place, prefix: str, last: int
    ) -> None:
        self.tip = Tip()
        self._storage = storage
        self._ledger = ledger
        self._place = place
        self._prefix = prefix
        self._blocks = with_slash(prefix) + BLOCKS
        self._last = last
        self._objects: list[BackedUp] = []
        self._redacted: set[int] = set()
        if has(place, with_slash(prefix) + MANIFEST):
            kept = manifest.read(place, prefix)
            self.tip = _continued(kept, ledger, storage, place, prefix)
            self._objects = [*kept.objects]

    def add(self, found: DataObject, progress: Progress) -> None:
        """Verify and write the blocks of one object."""
        key, content = found.key(self._blocks, FORM), found.content(FORM)
        for block in _read(key, content, found.blocks):
            self.tip.follow(block)
            self._redacted.update(_redacted_by(block.struct))
            progress(self.tip.sequence_no + 1, self._last + 1)
        self._place.put(key, content, FORM.content_type)
        self._objects.append(BackedUp(key, sha256(content).digest()))

    def write_manifest(self) -> Backup:
        """Make what there is the newest backup, without the data that it asked to redact."""
        for number in sorted(self._redacted):
            self._rewrite(number)
        self._redacted.clear()
        if self.tip.link is None:
            raise BackupError(f"ledger {self._ledger} has lost its blocks while they were read")
        link = self.tip.link
        backup = Backup(
            self._ledger, link.strand_id, link.sequence_no, self.tip.digest, (*self._objects,)
        )
        manifest.write(self._place, self._prefix, backup)
        return backup

    def _rewrite(self, number: int) -> None:
        """Write the object that has a block again, under another key, if it has changed."""
        for position, kept in enumerate(self._objects):
            if kept.blocks.first <= number <= kept.blocks.last:
                anew = self._anew(kept)
                self._objects[position] = anew

    def _anew(self, kept: BackedUp) -> BackedUp:
        blocks = [dated(b) for b in self._storage.blocks(kept.blocks.first, kept.blocks.last)]
        [found] = data_objects(blocks, sum(len(block.stored.ion) for block in blocks))
        content = found.content(FORM)
        if sha256(content).digest() == kept.hash:
            return kept
        before = ion.stream(self._place.get(kept.key))
        for block, old in zip(_read(kept.key, content, found.blocks), before, strict=True):
            check(block, None)
            if _beside_revisions(block.struct) != _beside_revisions(old):
                raise BackupError(
                    f"block {block.sequence_no} of ledger {self._ledger} is not the one that is"
                    " backed up: verify both"
                )
        key = found.key(f"{self._blocks}/redacted-{self.tip.sequence_no}", FORM)
        self._place.put(key, content, FORM.content_type)
        return BackedUp(key, sha256(content).digest())


def _continued(
    kept: Backup, ledger: str, storage: JournalStorage, place: Place, prefix: str
) -> Tip:
    """The end of a backup, once it is known to be one of this ledger."""
    stored = next(iter(storage.blocks(kept.sequence_no, kept.sequence_no)), None)
    reader = ExportReader(place, kept.listing(prefix))
    [newest] = reader.blocks(kept.sequence_no)
    link = check(newest, None).link
    if (
        kept.ledger != ledger
        or stored is None
        or merkle.fold(stored.peaks) != kept.digest
        or stored.block_hash != link.block_hash
    ):
        raise BackupError(
            f"{with_slash(prefix)}{MANIFEST} is of a ledger {kept.ledger} whose block"
            f" {kept.sequence_no} ledger {ledger} does not have: back up into another place"
        )
    return Tip(link, stored.peaks)


def _read(key: str, content: bytes, blocks: Iterable[StoredBlock]) -> Iterator[ReadBlock]:
    for struct, stored in zip(ion.stream(content), blocks, strict=True):
        yield ReadBlock(key, struct, stored.sequence_no, exact=True)


def _redacted_by(struct: Any) -> Iterator[int]:
    """The blocks of which this one redacted revisions."""
    for row in struct.get("redactionInfo", {}).get("revisions", ()):
        # Of QLDB's blocks only the hash is known to be right, not that each row has an address.
        address = row.get("blockAddress")
        if address is not None:
            yield int(address["sequenceNo"])


def _beside_revisions(struct: Any) -> bytes:
    """All of a block but what a redaction changes, hashes included."""
    rest = {name: value for name, value in struct.items() if name != "revisions"}
    return ion.encode(rest)


def _remove_others(place: Place, prefix: str, backup: Backup) -> None:
    """Remove what backups before, or such as were killed, have left and this one does not need."""
    kept = {backup.listing(prefix), *(each.key for each in backup.objects)}
    start = re.escape(with_slash(prefix))
    listing = re.compile(rf"{start}{backup.ledger}-\d+\.{backup.strand_id}{re.escape(FINAL)}")
    blocks = re.compile(rf"{start}{BLOCKS}/(redacted-\d+/)?[\d/]+{backup.strand_id}\.\d+-\d+\.ion")
    for key in list(place.keys(with_slash(prefix))):
        if key not in kept and (listing.fullmatch(key) or blocks.fullmatch(key)):
            place.remove(key)
