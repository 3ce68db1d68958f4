"""Verifies snapshots with nothing but the bucket, and names every object that is not as written.

Every object is held to the hash in its manifest, every manifest to its own and to the one in the
next. The journal is held to itself: each block's hashes, each block to the one before, from block
0 to the digest of each manifest. The ads are held to the journal, out of which they are made again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from runtime.ads.revision import AdRevision
from runtime.ledger.errors import LedgerError
from runtime.ledger.exports.errors import ExportError, UnreadableExportError
from runtime.ledger.exports.reader import ExportReader, ReadBlock
from runtime.ledger.imports.errors import DamagedExportError
from runtime.snapshot.blocks import Chain, ads_of
from runtime.snapshots import rows
from runtime.snapshots.errors import NoSuchSnapshotError, UnreadableSnapshotError
from runtime.snapshots.layout import JOURNAL, STATE, ids_until, is_snapshot_id, manifest_key
from runtime.snapshots.manifest import LedgerPart, Manifest, ObjectEntry, Request
from runtime.snapshots.store import CheckedObjects, SnapshotStore, checked, found

Report = Callable[[str], None]
"""Told the key of each object that was looked at."""


def _ignore(key: str) -> None:
    del key


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written."""

    snapshot_id: str
    key: str
    """The object that is damaged, missing, or one too many."""
    reason: str


@dataclass(slots=True)
class Verification:
    """What was looked at, and what is wrong with it."""

    snapshots: int = 0
    objects: int = 0
    blocks: int = 0
    ads: int = 0
    """Compared with the journal in the last snapshot."""
    digests: dict[str, str] = field(default_factory=dict[str, str])
    """By ledger, at the last snapshot, in hexadecimal digits; compare them with kept ones."""
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(slots=True)
class _LedgerState:
    """One ledger as the journal tells it so far; None once a block could not be followed."""

    chain: Chain | None = field(default_factory=Chain)
    lines: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By ad id, the SHA-256 of its newest revision's line."""


def verify(
    store: SnapshotStore,
    snapshot_id: str,
    *,
    digests: Mapping[str, str] | None = None,
    report: Report = _ignore,
) -> Verification:
    """Verify a snapshot and all that came before it; NoSuchSnapshotError without one.

    `digests` are digests, by ledger, that were kept elsewhere when the snapshot was taken: without
    them, a bucket that was made up from end to end verifies.
    """
    if not is_snapshot_id(snapshot_id) or found(store, manifest_key(snapshot_id)) is None:
        raise NoSuchSnapshotError(f"there is no finished snapshot {snapshot_id}")
    verifier = _Verifier(store, report)
    for each in ids_until(snapshot_id):
        verifier.look_at(each)
    return verifier.result(digests or {})


class _Verifier:
    """Looks at one snapshot after the other, oldest first."""

    def __init__(self, store: SnapshotStore, report: Report) -> None:
        self._store = store
        self._report = report
        self._states: dict[str, _LedgerState] = {}
        self._done = Verification()
        self._at = ""
        self._lost = False
        """Whether a manifest could not be read, after which no journal can be followed."""

    def result(self, digests: Mapping[str, str]) -> Verification:
        """What was found, kept digests compared."""
        for ledger, kept in digests.items():
            told = self._done.digests.get(ledger, "none")
            if told != kept:
                self._fault(
                    manifest_key(self._at),
                    f"the digest of ledger {ledger} is {told}, not the one that was kept, {kept}:"
                    " its journal was made up, or is of another time",
                )
        return self._done

    def look_at(self, snapshot_id: str) -> None:
        """Verify one snapshot against those before it."""
        before, self._at = self._at, snapshot_id
        key = manifest_key(snapshot_id)
        self._done.snapshots += 1
        try:
            manifest = Manifest.from_bytes(key, self._get(key))
        except UnreadableSnapshotError as error:
            self._fault(key, error.reason)
            self._lost = True
            return
        self._check_request(manifest, before)
        self._check_strays(manifest)
        self._done.ads = 0
        for part in manifest.ledgers:
            self._look_at_ledger(part)
        self._done.digests = {part.ledger: part.tip.digest for part in manifest.ledgers}

    def _check_request(self, manifest: Manifest, before: str) -> None:
        entry, previous = manifest.request_object, manifest.previous_manifest
        key = manifest_key(self._at)
        if (
            self._check(entry)
            and Request.from_bytes(entry.key, self._store.get(entry.key)) != manifest.request
        ):
            self._fault(key, f"it does not answer its request, {entry.key}")
        if manifest.request.previous != (before or None) or (previous is None) != (not before):
            self._fault(key, f"it does not follow snapshot {before or 'none'}")
        elif previous is not None:
            self._check(previous)

    def _check_strays(self, manifest: Manifest) -> None:
        """Nothing is among the objects that the manifest does not tell of."""
        told = {entry.key for entry in manifest.objects()}
        for prefix in (JOURNAL, STATE):
            for key in self._store.keys(f"{prefix}{self._at}/"):
                if key not in told:
                    self._fault(key, "it is not one of the snapshot's objects")

    def _look_at_ledger(self, part: LedgerPart) -> None:
        state = self._states.setdefault(part.ledger, _LedgerState())
        if self._lost:
            state.chain = None
        objects = CheckedObjects(self._store, (*part.journal, *part.state))
        if state.chain is not None:
            state.chain = self._followed(part, state.chain, state.lines, objects)
        if state.chain is not None:
            self._compare(part, state.lines, objects)
        for entry in (*part.journal, *part.state):
            if entry.key not in objects.seen:
                self._check(entry)
            else:
                self._note(entry.key)

    def _followed(
        self, part: LedgerPart, chain: Chain, lines: dict[str, bytes], objects: CheckedObjects
    ) -> Chain | None:
        """The chain after the period's blocks; None where they do not follow it."""
        key = manifest_key(self._at)
        try:
            for block in _blocks(part, chain, objects):
                chain = chain.joined(block)
                self._done.blocks += 1
                for revision in ads_of(block.struct):
                    lines[revision.ad_id] = sha256(rows.line(revision)).digest()
        except (UnreadableSnapshotError, UnreadableExportError, DamagedExportError) as error:
            self._fault(error.key, getattr(error, "reason", str(error)))
            return None
        except LedgerError as error:
            self._fault(key, f"the journal of ledger {part.ledger} cannot be followed: {error}")
            return None
        if chain.tip != part.tip:
            self._fault(key, f"the journal of ledger {part.ledger} has another tip or digest")
            return None
        return chain

    def _compare(
        self, part: LedgerPart, lines: Mapping[str, bytes], objects: CheckedObjects
    ) -> None:
        """The ads are those that the journal makes."""
        before, count, deleted = "", 0, 0
        try:
            for entry in part.state:
                for revision in rows.revisions(entry.key, objects.get(entry.key)):
                    _check_ad(entry.key, before, revision, lines)
                    before = revision.ad_id
                    count, deleted = count + 1, deleted + revision.deleted
        except UnreadableSnapshotError as error:
            self._fault(error.key, error.reason)
            return
        if (count, part.ads, part.deleted) != (len(lines), count - deleted, deleted):
            self._fault(
                manifest_key(self._at),
                f"ledger {part.ledger} has {len(lines)} ads, {count} of them are in its state",
            )
        self._done.ads += count

    def _check(self, entry: ObjectEntry) -> bool:
        self._note(entry.key)
        try:
            checked(self._store, entry)
        except UnreadableSnapshotError as error:
            self._fault(entry.key, error.reason)
            return False
        return True

    def _get(self, key: str) -> bytes:
        self._note(key)
        data = found(self._store, key)
        if data is None:
            raise UnreadableSnapshotError(key, "it is missing")
        return data

    def _note(self, key: str) -> None:
        self._done.objects += 1
        self._report(key)

    def _fault(self, key: str, reason: str) -> None:
        if all(fault.key != key for fault in self._done.faults):
            self._done.faults.append(Fault(self._at, key, reason))


def _check_ad(key: str, before: str, revision: AdRevision, lines: Mapping[str, bytes]) -> None:
    """An ad comes behind the one before, and is as the journal makes it."""
    known = lines.get(revision.ad_id)
    if revision.ad_id <= before or known != sha256(rows.line(revision)).digest():
        raise UnreadableSnapshotError(key, f"ad {revision.ad_id} is not as the journal makes it")


def _blocks(part: LedgerPart, chain: Chain, objects: CheckedObjects) -> Iterator[ReadBlock]:
    """The period's blocks, which begin behind the chain, out of just the objects it names."""
    first = 0 if chain.link is None else chain.link.sequence_no + 1
    if part.first != first:
        raise ExportError(f"it begins with block {part.first}, not {first}")
    if part.journal_manifest is None:
        if part.journal:
            raise ExportError("it has objects and no manifest")
        return
    reader = ExportReader(objects, part.journal_manifest)
    if [key for key, _ in reader.objects] != [entry.key for entry in part.journal[1:-1]]:
        raise UnreadableSnapshotError(part.journal_manifest, "it names other objects")
    if not reader.objects or reader.objects[0][1].first != first:
        raise UnreadableSnapshotError(part.journal_manifest, f"it has no block {first}")
    objects.get(part.journal[0].key)
    yield from reader.blocks()
