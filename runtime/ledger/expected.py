"""What a store should hold, told block by block from its verified journal.

The journal is verified first; what it verifies is the truth. From it follows everything else that a
store keeps, so that is made again, by the code that builds ledgers from exports.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from runtime.ledger import ion
from runtime.ledger.catalog import Catalog
from runtime.ledger.errors import CorruptJournalError, LedgerError
from runtime.ledger.imports.chain import CheckedBlock, Link, is_ours
from runtime.ledger.imports.commits import Commits
from runtime.ledger.imports.entries import DOCUMENTS_REMEMBERED_MAX, Entries
from runtime.ledger.imports.survey import Survey
from runtime.ledger.imports.tables import Tables
from runtime.ledger.published import published
from runtime.ledger.readback import read_back
from runtime.ledger.storage.port import (
    Commit,
    IndexEntry,
    JournalStorage,
    StoredBlock,
    StoredRevision,
)
from runtime.ledger.verify import Verified
from runtime.ledger.verify.chain import Chain, Check, check_imported, check_stored
from runtime.ledger.verify.place import Place


@dataclass(frozen=True, slots=True)
class ExpectedEntry:
    """An entry of an index."""

    entry: IndexEntry
    is_exact: bool
    """Whether the store has just this one; else an earlier version's may stand for it."""


@dataclass(frozen=True, slots=True)
class ExpectedBlock:
    """A block, and everything that came with it."""

    block: StoredBlock
    place: Place
    """Where it stands in its chain."""
    revisions: tuple[StoredRevision, ...]
    entries: tuple[ExpectedEntry, ...]
    redacted: tuple[Any, ...]
    """The rows that it redacted: Ion structs of tableId, documentId and version."""


class Expectation:
    """A journal that is read, verified and told of."""

    def __init__(self, storage: JournalStorage) -> None:
        """Look at the first block; where QLDB began the journal, at all of them."""
        self._storage = storage
        survey = Survey()
        first = next(iter(storage.blocks(0, 0)), None)
        self._ours = first is not None and _is_ours(first)
        if not self._ours:
            survey.look(published(stored) for stored in storage.blocks(0))
        self.check: Check = check_stored if self._ours else check_imported
        """Checks the bytes of one block at its place."""
        self._chain = Chain(self.check)
        self._past = _Past(storage)
        entries = Entries(self._past, survey, _nothing if self._ours else None)
        self._commits = Commits(None, Tables(Catalog(), survey), entries)
        self._documents = 0
        self._redacted: set[str] = set()

    def blocks(self, last: int) -> Iterator[tuple[StoredBlock, ExpectedBlock]]:
        """Each block as it is kept and as it should be; VerificationError where it is damaged."""
        for stored in self._storage.blocks(0, last):
            place = self._chain.place
            self._chain.add(stored.ion)
            self._past.end = stored.sequence_no
            end = self._chain.place
            link = Link(stored.sequence_no, end.strand_id, end.previous_hash, self._ours)
            shown = published(replace(stored, block_hash=link.block_hash))
            commit = self._commits.commit(CheckedBlock("the journal", shown, link))
            yield stored, self._expected(stored, place, commit)

    def verified(self) -> Verified:
        """What has been verified."""
        return self._chain.verified()

    def _expected(self, stored: StoredBlock, place: Place, commit: Commit) -> ExpectedBlock:
        struct: Any = ion.decode(stored.ion)
        own = {(r.table_id, r.document_id): r for r in _revisions(struct, stored.sequence_no)}
        hidden = [r for r in commit.revisions if (r.table_id, r.document_id) not in own]
        self._note(struct, [*own.values()])
        return ExpectedBlock(
            block=replace(commit.block, ion=stored.ion),
            place=place,
            revisions=(*own.values(), *hidden),
            entries=tuple(ExpectedEntry(e, self._is_exact(e)) for e in commit.index_entries),
            redacted=tuple(struct.get("redactionInfo", {}).get("revisions", ())),
        )

    def _note(self, struct: Any, revisions: list[StoredRevision]) -> None:
        """Where data are missing, it cannot be told any more which values were indexed before."""
        self._documents += sum(revision.version == 0 for revision in revisions)
        for each in struct.get("revisions", ()):
            if "dataHash" in each:
                self._redacted.add(str(each["metadata"]["id"]))

    def _is_exact(self, entry: IndexEntry) -> bool:
        return (
            self._ours
            and self._documents <= DOCUMENTS_REMEMBERED_MAX
            and entry.document_id not in self._redacted
        )


class _Past:
    """The documents of a store as they were before a block."""

    def __init__(self, storage: JournalStorage) -> None:
        self.end = 0
        self._storage = storage

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        """The newest revision of every document that had one by then.

        A row that is not whole is told of where it belongs; here its block stands for it.
        """
        revisions = self._storage.revisions(table_id)
        for _, own in groupby(revisions, key=lambda revision: revision.document_id):
            before = [revision for revision in own if revision.sequence_no < self.end]
            if before:
                yield from [before[-1]] if _is_whole(before[-1]) else self._committed(before[-1])

    def _committed(self, row: StoredRevision) -> Iterator[StoredRevision]:
        """What the block has that a row says it is of, if it has anything of the document."""
        for stored in self._storage.blocks(row.sequence_no, row.sequence_no):
            for revision in _revisions(ion.decode(stored.ion), stored.sequence_no):
                if revision.document_id == row.document_id:
                    yield revision


def _is_whole(revision: StoredRevision) -> bool:
    try:
        read_back(revision)
    except CorruptJournalError:
        return False
    return True


def _revisions(block: Any, number: int) -> Iterator[StoredRevision]:
    """The revisions that a block holds as a whole."""
    documents = block.get("transactionInfo", {}).get("documents", {})
    for revision in block.get("revisions", ()):
        if "metadata" in revision:
            document_id = str(revision["metadata"]["id"])
            yield StoredRevision(
                table_id=str(documents[document_id]["tableId"]),
                document_id=document_id,
                version=int(revision["metadata"]["version"]),
                sequence_no=number,
                deleted="data" not in revision and "dataHash" not in revision,
                ion=ion.encode_sound(revision),
            )


def _is_ours(first: StoredBlock) -> bool:
    try:
        return is_ours(published(first))
    except (LedgerError, KeyError, TypeError, ValueError, AttributeError):
        return True


def _nothing() -> None:
    pass
