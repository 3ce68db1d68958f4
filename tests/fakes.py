"""Stand-ins for ports: real implementations, kept in memory."""

import threading
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import groupby

from runtime.ledger.errors import HeadMovedError, StorageError
from runtime.ledger.storage.port import (
    Commit,
    IndexEntry,
    Leaf,
    Redaction,
    StoredBlock,
    StoredRevision,
)


class MemoryStorage:
    """A journal that lives as long as the object; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: list[StoredBlock] = []
        self._revisions: dict[tuple[str, str], list[StoredRevision]] = {}
        self._entries: dict[tuple[str, bytes], list[IndexEntry]] = {}

    def head(self) -> StoredBlock | None:
        with self._lock:
            return self._blocks[-1] if self._blocks else None

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        with self._lock:
            end = len(self._blocks) if last is None else last + 1
            return iter(self._blocks[first:end])

    def leaves(self, sequence_nos: Collection[int]) -> dict[int, Leaf]:
        with self._lock:
            return {
                number: Leaf(self._blocks[number].block_hash, self._blocks[number].peaks)
                for number in sequence_nos
                if 0 <= number < len(self._blocks)
            }

    def append(self, commit: Commit) -> None:
        with self._lock:
            if commit.block.sequence_no != len(self._blocks):
                raise HeadMovedError(
                    f"block {commit.block.sequence_no} is not the next one, {len(self._blocks)}"
                )
            for revision in commit.revisions:
                known = self._revisions.get((revision.table_id, revision.document_id), ())
                if any(revision.version == other.version for other in known):
                    raise StorageError(f"{revision.document_id} has version {revision.version}")
            for redaction in commit.redactions:
                self._redact(redaction)
            self._blocks.append(commit.block)
            for revision in commit.revisions:
                key = (revision.table_id, revision.document_id)
                self._revisions.setdefault(key, []).append(revision)
            for entry in commit.index_entries:
                self._entries.setdefault((entry.index_id, entry.key), []).append(entry)

    def _redact(self, redaction: Redaction) -> None:
        number, before = redaction.block.sequence_no, redaction.revision
        revisions = self._revisions[before.table_id, before.document_id]
        if self._blocks[number] != redaction.block or before not in revisions:
            raise HeadMovedError(f"block {number} has been rewritten meanwhile")
        self._blocks[number] = replace(redaction.block, ion=redaction.block_ion)
        position = revisions.index(before)
        revisions[position] = replace(before, ion=redaction.revision_ion)

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        with self._lock:
            revisions = self._revisions.get((table_id, document_id))
            return revisions[-1] if revisions else None

    def revision(self, table_id: str, document_id: str, version: int) -> StoredRevision | None:
        with self._lock:
            revisions = self._revisions.get((table_id, document_id), ())
            return next((found for found in revisions if found.version == version), None)

    def places(
        self, table_id: str, versions: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], int]:
        found = {version: self.revision(table_id, *version) for version in versions}
        return {version: one.sequence_no for version, one in found.items() if one is not None}

    def history(self, table_id: str, document_id: str, first: int = 0) -> Iterator[StoredRevision]:
        with self._lock:
            revisions = self._revisions.get((table_id, document_id), ())
            return iter([revision for revision in revisions if revision.version >= first])

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        grouped = groupby(self.revisions(table_id), key=lambda revision: revision.document_id)
        return (list(revisions)[-1] for _, revisions in grouped)

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        with self._lock:
            keys = sorted(key for key in self._revisions if key[0] == table_id)
            return iter([revision for key in keys for revision in self._revisions[key]])

    def lookup(self, index_id: str, key: bytes) -> tuple[IndexEntry, ...]:
        with self._lock:
            entries = self._entries.get((index_id, key), ())
            return tuple(sorted(entries, key=lambda entry: (entry.document_id, entry.version)))

    def close(self) -> None:
        pass
