"""The port to the bucket that snapshots are kept in."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.errors import DestinationError, NoSuchObjectError
from runtime.snapshots.errors import UnreadableSnapshotError
from runtime.snapshots.manifest import ObjectEntry


class SnapshotStore(Destination, Protocol):
    """A bucket or a folder."""

    def put_new(self, key: str, data: bytes, content_type: str) -> bool:
        """Write an object unless there is one under this key; False where there is."""
        ...


def checked(store: Destination, entry: ObjectEntry) -> bytes:
    """An object's contents; UnreadableSnapshotError unless they are as they were written."""
    try:
        data = store.get(entry.key)
    except NoSuchObjectError as error:
        raise UnreadableSnapshotError(entry.key, "it is missing") from error
    fault = entry.fault(data)
    if fault is not None:
        raise UnreadableSnapshotError(entry.key, fault)
    return data


def found(store: Destination, key: str) -> bytes | None:
    """An object's contents; None where there is no such object."""
    try:
        return store.get(key)
    except NoSuchObjectError:
        return None


class CheckedObjects:
    """A bucket of which these objects alone can be read, each held to its hash; a Destination."""

    def __init__(self, store: Destination, entries: Iterable[ObjectEntry]) -> None:
        """Read nothing yet."""
        self._store = store
        self._entries = {entry.key: entry for entry in entries}
        self.seen: set[str] = set()
        """The keys of those that were as written."""

    def get(self, key: str) -> bytes:
        """An object's contents; UnreadableSnapshotError unless they are as they were written."""
        if key not in self._entries:
            raise UnreadableSnapshotError(key, "it is not one of the snapshot's objects")
        data = checked(self._store, self._entries[key])
        self.seen.add(key)
        return data

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys of these objects."""
        yield from sorted(key for key in self._entries if key.startswith(prefix))

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Nothing can be written here."""
        del data, content_type
        raise DestinationError(f"object {key} of a snapshot is not to be written")
