"""Sorted revisions cut into objects, and several such runs merged into one.

So that memory does not grow with the number of ads: of each run one object is held at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import Final

from runtime.ads.revision import AdRevision
from runtime.ledger.exports.destination import Destination
from runtime.snapshots import rows
from runtime.snapshots.layout import LINES_TYPE, chunk_key
from runtime.snapshots.manifest import ObjectEntry
from runtime.snapshots.progress import Run
from runtime.snapshots.store import checked

CHUNK_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of one object; an ad is smaller by far."""


class ChunkWriter:
    """Cuts sorted revisions into objects; where it cuts depends on the revisions alone."""

    def __init__(
        self,
        store: Destination,
        prefix: str,
        written: Iterable[ObjectEntry] = (),
        bytes_max: int = CHUNK_BYTES_MAX,
    ) -> None:
        """Go on behind the objects that are written already."""
        self._store = store
        self._prefix = prefix
        self._bytes_max = bytes_max
        self._lines: list[bytes] = []
        self._bytes = 0
        self.entries = list(written)

    def add(self, revision: AdRevision) -> bool:
        """Take the next revision; whether objects before it were ended, so that it begins one."""
        line = rows.line(revision)
        ended = bool(self._lines) and self._bytes + len(line) > self._bytes_max
        if ended:
            self.end()
        self._lines.append(line)
        self._bytes += len(line)
        return ended

    def end(self) -> None:
        """Write what is not written yet."""
        if not self._lines:
            return
        key = chunk_key(self._prefix, len(self.entries))
        data = b"".join(self._lines)
        self._store.put(key, data, LINES_TYPE)
        self.entries.append(ObjectEntry.of(key, data))
        self._lines, self._bytes = [], 0


def write_run(store: Destination, prefix: str, newest: Iterable[AdRevision]) -> Run:
    """Write revisions, one an ad, in any order."""
    writer = ChunkWriter(store, prefix)
    for revision in sorted(newest, key=_ad_id):
        writer.add(revision)
    writer.end()
    return tuple(writer.entries)


def merged(
    store: Destination, runs: Sequence[Run], after: str | None = None
) -> Iterator[AdRevision]:
    """The newest revision of every ad of these runs, sorted by id, those up to `after` left out.

    UnreadableSnapshotError where an object is not as it was written.
    """
    streams = [_read(store, run, after) for run in runs]
    for _, group in groupby(merge(*streams, key=_ad_id), key=_ad_id):
        yield max(group, key=_version)


def _read(store: Destination, run: Run, after: str | None) -> Iterator[AdRevision]:
    for entry in run:
        for revision in rows.revisions(entry.key, checked(store, entry)):
            if after is None or revision.ad_id > after:
                yield revision


def _ad_id(revision: AdRevision) -> str:
    return revision.ad_id


def _version(revision: AdRevision) -> int:
    return revision.version
