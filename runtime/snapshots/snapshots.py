"""The snapshots in a bucket: asked for one after the other, and read by whoever restores them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from runtime.ads.revision import AdRevision
from runtime.snapshots import documents, rows
from runtime.snapshots.errors import (
    NoSuchSnapshotError,
    SnapshotRefusedError,
    UnreadableSnapshotError,
)
from runtime.snapshots.layout import (
    JSON_TYPE,
    MANIFESTS,
    REQUESTS,
    caller_key,
    id_of,
    ids_until,
    is_snapshot_id,
    manifest_key,
    next_id,
    request_key,
)
from runtime.snapshots.manifest import Manifest, Request
from runtime.snapshots.store import SnapshotStore, checked, found

REQUEST_ATTEMPTS_MAX: Final = 5
"""How often another request may come first."""
AHEAD_MAX: Final = timedelta(seconds=5)
"""How far a snapshot's end may lie in the future, since clocks differ."""


class Snapshots:
    """Finds snapshots, and takes requests for new ones; one is under way at a time."""

    def __init__(self, store: SnapshotStore) -> None:
        """Take the bucket; nothing is read yet."""
        self._store = store

    def request(self, end: datetime, now: datetime) -> Request:
        """The request whose snapshot has every block sealed before `end`, made if there is none.

        While an earlier snapshot is unfinished that one's request: it has to end first.
        SnapshotRefusedError for an end that is not over yet.
        """
        end = milliseconds(end)
        if end > now + AHEAD_MAX:
            raise SnapshotRefusedError(f"{end.isoformat()} is yet to come: ask for it afterwards")
        for _ in range(REQUEST_ATTEMPTS_MAX):
            newest = self.newest_request()
            if newest is not None and (newest.end >= end or not self.is_finished(newest)):
                return newest
            previous = None if newest is None else newest.snapshot_id
            fresh = Request(next_id(previous), end, previous)
            if self._store.put_new(request_key(fresh.snapshot_id), fresh.to_bytes(), JSON_TYPE):
                return fresh
        raise SnapshotRefusedError("others keep asking for snapshots at this moment: try again")

    def of_key(self, key: str) -> Request | None:
        """What was asked for with a caller's key, finished or not; None where nothing was."""
        name = caller_key(key)
        data = found(self._store, name)
        return None if data is None else self.asked_for(documents.read(name, data)["snapshotId"])

    def keep_key(self, key: str, request: Request) -> Request:
        """Have a caller's key stand for a request; for an earlier one where it does already."""
        data = documents.written({"snapshotId": request.snapshot_id})
        if self._store.put_new(caller_key(key), data, JSON_TYPE):
            return request
        return self.of_key(key) or request

    def newest_request(self) -> Request | None:
        """What was asked for last, finished or not."""
        key = _last(self._store.keys(REQUESTS))
        return None if key is None else self.asked_for(id_of(key))

    def is_finished(self, request: Request) -> bool:
        """Whether the snapshot is there."""
        return found(self._store, manifest_key(request.snapshot_id)) is not None

    def asked_for(self, snapshot_id: str) -> Request:
        """The request of a snapshot, finished or not; NoSuchSnapshotError without one."""
        key = request_key(snapshot_id)
        data = found(self._store, key) if is_snapshot_id(snapshot_id) else None
        if data is None:
            raise NoSuchSnapshotError(f"nobody has asked for a snapshot {snapshot_id}")
        return Request.from_bytes(key, data)

    def finished(self) -> list[Manifest]:
        """Every finished snapshot, oldest first."""
        return [self._manifest(key) for key in self._store.keys(MANIFESTS)]

    def get(self, snapshot_id: str) -> Manifest:
        """A finished snapshot; NoSuchSnapshotError where there is none."""
        manifest = self.find(snapshot_id)
        if manifest is None:
            raise NoSuchSnapshotError(f"there is no finished snapshot {snapshot_id}")
        return manifest

    def find(self, snapshot_id: str) -> Manifest | None:
        """A finished snapshot, if it is there."""
        if not is_snapshot_id(snapshot_id):
            return None
        key = manifest_key(snapshot_id)
        data = found(self._store, key)
        return None if data is None else Manifest.from_bytes(key, data)

    def newest(self, until: datetime | None = None) -> Manifest | None:
        """The newest finished snapshot, none of whose blocks was sealed at `until` or later."""
        for key in reversed(list(self._store.keys(MANIFESTS))):
            manifest = self._manifest(key)
            if until is None or manifest.end <= until:
                return manifest
        return None

    def chain(self, snapshot_id: str) -> list[Manifest]:
        """Every snapshot up to this one, which together have the whole journal.

        UnreadableSnapshotError where one is missing or is not the one that the next follows.
        """
        self.get(snapshot_id)
        manifests = [self.get(each) for each in ids_until(snapshot_id)]
        for manifest in manifests[1:]:
            if manifest.previous_manifest is None:
                key = manifest_key(manifest.snapshot_id)
                raise UnreadableSnapshotError(key, "it does not say which snapshot it follows")
            checked(self._store, manifest.previous_manifest)
        return manifests

    def revisions(
        self, manifest: Manifest, shard: int, after: str | None = None
    ) -> Iterator[AdRevision]:
        """The newest revision of every ad of a shard as of the end, deletions too, sorted by id.

        From the first ad behind `after` on. Every object is checked against the manifest; each is
        read when its turn comes, so they need not all fit into memory.
        """
        for entry in manifest.ledgers[shard].state:
            for revision in rows.revisions(entry.key, checked(self._store, entry)):
                if after is None or revision.ad_id > after:
                    yield revision

    def _manifest(self, key: str) -> Manifest:
        return self.get(id_of(key))


def _last(keys: Iterator[str]) -> str | None:
    return max(keys, default=None)


def milliseconds(moment: datetime) -> datetime:
    """The moment in UTC, to the millisecond, as journals have theirs."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
