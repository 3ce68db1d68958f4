"""A journal in one SQLite file: embedded, durable, shared by threads and by processes.

Write-ahead log with synchronous=FULL: one flush of the disk makes an append durable. Appends that
wait for one another share that flush, being written in one SQLite transaction, and each still has
an outcome of its own (group commit).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

from runtime.ledger import merkle
from runtime.ledger.errors import (
    CorruptJournalError,
    HeadMovedError,
    LedgerError,
    StorageError,
    UnavailableError,
)
from runtime.ledger.storage import peaks as joined_peaks
from runtime.ledger.storage import sqlite_rows
from runtime.ledger.storage.group_commit import GroupCommit, Waiting
from runtime.ledger.storage.port import (
    Commit,
    IndexEntry,
    Leaf,
    StoredBlock,
    StoredRevision,
)
from runtime.ledger.storage.sqlite_file import Execute, Row, SqliteFile

PAGE_ROWS_MAX: Final = 256
"""Rows read at a time; no read stays open between pages."""
PAGE_BYTES: Final = 512 * 1024
"""A page ends with the row whose Ion reaches this."""

_SEQUENCE_MAX: Final = (1 << 63) - 1
_BLOCK: Final = "SELECT sequence_no, block_hash, peaks, catalog_sequence_no, ion FROM block "
_LEAF: Final = "SELECT sequence_no, block_hash, peaks FROM block "
_REVISION: Final = "SELECT table_id, document_id, version, sequence_no, deleted, ion FROM revision "
_PLACE: Final = (
    "SELECT document_id, version, sequence_no FROM revision"
    " WHERE table_id = ? AND (document_id, version) IN "
)
_NEWEST: Final = _REVISION.replace("version", "MAX(version)")


class SqliteStorage:
    """One ledger's journal in a file of its own; see QueuingStorage."""

    queues_appends: Final = True

    def __init__(
        self, path: Path | str, *, open_file: Callable[[Path], SqliteFile] = SqliteFile
    ) -> None:
        """Open the journal, making the file when there is none; StorageError when it cannot be."""
        self._file = open_file(Path(path))
        self._appends = GroupCommit(self._write)
        self._newest_own: StoredBlock | None = None
        """What this process appended last, unless something has failed since."""

    def head(self) -> StoredBlock | None:
        """The newest block."""
        rows = self._file.read(_BLOCK + "ORDER BY sequence_no DESC LIMIT 1")
        return sqlite_rows.block(rows[0]) if rows else None

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        """Blocks first..last in order."""
        query = _BLOCK + "WHERE sequence_no BETWEEN ? AND ? ORDER BY sequence_no LIMIT ?"
        end = _SEQUENCE_MAX if last is None else last
        more = True
        while more:
            rows, more = self._file.page(PAGE_ROWS_MAX, PAGE_BYTES, query, first, end)
            yield from map(sqlite_rows.block, rows)
            if more:
                first = rows[-1][0] + 1

    def leaves(self, sequence_nos: Collection[int]) -> dict[int, Leaf]:
        """Hashes and peaks of these blocks, those that exist."""
        asked = ", ".join("?" * len(sequence_nos))
        rows = self._file.read(f"{_LEAF}WHERE sequence_no IN ({asked})", *sequence_nos)
        return {number: Leaf(hash_, joined_peaks.split(peaks)) for number, hash_, peaks in rows}

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        """The newest revision of a document."""
        query = _REVISION + "WHERE table_id = ? AND document_id = ? ORDER BY version DESC LIMIT 1"
        rows = self._file.read(query, table_id, document_id)
        return sqlite_rows.revision(rows[0]) if rows else None

    def revision(self, table_id: str, document_id: str, version: int) -> StoredRevision | None:
        """One version of a document."""
        query = _REVISION + "WHERE table_id = ? AND document_id = ? AND version = ?"
        rows = self._file.read(query, table_id, document_id, version)
        return sqlite_rows.revision(rows[0]) if rows else None

    def places(
        self, table_id: str, versions: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], int]:
        """The block of each of these versions, of those that there are."""
        if not versions:
            return {}
        rows = self._file.read(
            f"{_PLACE}(VALUES {', '.join(['(?, ?)'] * len(versions))})",
            table_id,
            *chain.from_iterable(versions),
        )
        return {(document_id, version): number for document_id, version, number in rows}

    def history(self, table_id: str, document_id: str, first: int = 0) -> Iterator[StoredRevision]:
        """The revisions of a document from version `first` on, oldest first, page by page."""
        query = _REVISION + (
            "WHERE table_id = ? AND document_id = ? AND version > ? ORDER BY version LIMIT ?"
        )
        return self._pages(
            query, (table_id, document_id, first - 1), lambda row: (*row[:2], row[2])
        )

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        """The newest revision of every document, by document id."""
        query = _NEWEST + (
            "WHERE table_id = ? AND document_id > ?"
            " GROUP BY document_id ORDER BY document_id LIMIT ?"
        )
        return self._pages(query, (table_id, ""), lambda row: row[:2])

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        """Every revision of every document, by document id, then version."""
        query = _REVISION + (
            "WHERE table_id = ? AND (document_id, version) > (?, ?)"
            " ORDER BY document_id, version LIMIT ?"
        )
        return self._pages(query, (table_id, "", -1), lambda row: row[:3])

    def lookup(self, index_id: str, key: bytes) -> tuple[IndexEntry, ...]:
        """Every entry under one key, by document id, then version."""
        rows = self._file.read(
            "SELECT document_id, version FROM index_entry WHERE index_id = ? AND key = ?"
            " ORDER BY document_id, version",
            index_id,
            key,
        )
        return tuple(IndexEntry(index_id, key, *row) for row in rows)

    def append(self, commit: Commit) -> None:
        """Add the block and what it brings, sharing the flush with appends that wait meanwhile.

        Blocks may be sealed one upon another before the first is durable: a block whose
        predecessor failed fails as well, since it is not built upon the head.
        """
        self._appends.append(commit)

    def close(self) -> None:
        """Close every connection; the journal must not be used afterwards."""
        self._file.close()

    def _pages(
        self, query: str, start: Sequence[Any], after: Callable[[Row], Sequence[Any]]
    ) -> Iterator[StoredRevision]:
        """Revisions page by page; `after` makes the next page's parameters from the last row."""
        more = True
        while more:
            rows, more = self._file.page(PAGE_ROWS_MAX, PAGE_BYTES, query, *start)
            yield from map(sqlite_rows.revision, rows)
            if more:
                start = after(rows[-1])

    def _write(self, group: Sequence[Waiting]) -> None:
        """Write the appends that fit upon the head, in one transaction.

        The head is read only where it may be another process's block. If there is one behind the
        newest of our own after all, it has the number of the first block here, which is refused.
        """
        known, self._newest_own = self._newest_own, None
        if known is not None and _follows(group[0].commit.block, known):
            try:
                self._write_upon(group, known)
            except UnavailableError:
                raise
            except StorageError:
                pass  # Perhaps it is not the head any more: it is read, and tells.
            else:
                return
        self._write_upon(group, None)

    def _write_upon(self, group: Sequence[Waiting], head: StoredBlock | None) -> None:
        """Write upon the head as it is known, or as it is read where it is not."""
        with self._file.transaction() as execute:
            if head is None:
                head = _sound_head(execute)
            outcomes, head = _written(execute, group, head)
        self._newest_own = head
        for waiting, error in outcomes:
            waiting.finish(error)
        if any(waiting.commit.redactions and error is None for waiting, error in outcomes):
            self._file.empty_log()


def _written(
    execute: Execute, group: Sequence[Waiting], head: StoredBlock | None
) -> tuple[list[tuple[Waiting, LedgerError | None]], StoredBlock | None]:
    """What becomes of each append, those left out that wait for another, and the head then."""
    outcomes: list[tuple[Waiting, LedgerError | None]] = []
    fitting: list[Commit] = []
    for waiting in group:
        commit = waiting.commit
        block = commit.block
        next_no = 0 if head is None else head.sequence_no + 1
        if block.sequence_no > next_no and waiting.waits_for_predecessor():
            continue
        if block.sequence_no != next_no or not _is_upon(block, head):
            outcomes.append((waiting, HeadMovedError(_moved(block, next_no))))
            continue
        if not sqlite_rows.redact(execute, commit.redactions):
            outcomes.append((waiting, HeadMovedError(_rewritten(block))))
            continue
        fitting.append(commit)
        outcomes.append((waiting, None))
        head = block
    sqlite_rows.insert(execute, fitting)
    return outcomes, head


def _sound_head(execute: Execute) -> StoredBlock | None:
    """The newest block; CorruptJournalError where nothing should be built upon it."""
    rows = execute(_BLOCK + "ORDER BY sequence_no DESC LIMIT 1").fetchall()
    if not rows:
        return None
    head = sqlite_rows.block(rows[0])
    before = execute(f"{_LEAF}WHERE sequence_no = ?", (head.sequence_no - 1,)).fetchone()
    peaks = () if before is None else joined_peaks.split(before[2])
    if not merkle.is_upon(head.peaks, head.sequence_no, head.block_hash, peaks):
        raise CorruptJournalError(
            f"the peaks or the hash kept with the head, block {head.sequence_no}, are damaged, or"
            " those of the block before: verify the journal and restore it from a backup"
        )
    return head


def _follows(block: StoredBlock, head: StoredBlock) -> bool:
    return block.sequence_no == head.sequence_no + 1 and _is_upon(block, head)


def _is_upon(block: StoredBlock, head: StoredBlock | None) -> bool:
    """Whether a block was sealed upon this head and not upon another with the same number."""
    before = () if head is None else head.peaks
    try:
        return merkle.append(before, block.sequence_no, block.block_hash) == block.peaks
    except ValueError as error:
        raise CorruptJournalError(
            f"the peaks kept with the head, before block {block.sequence_no}, are damaged: {error};"
            " verify the journal"
        ) from error


def _moved(block: StoredBlock, next_no: int) -> str:
    return (
        f"block {block.sequence_no} is not built upon the head, the next block is {next_no}:"
        " read the head and seal again"
    )


def _rewritten(block: StoredBlock) -> str:
    return (
        f"what block {block.sequence_no} is to redact has been rewritten meanwhile: read it again"
    )
