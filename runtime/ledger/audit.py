"""Holds a whole store to its journal: every block, revision and index entry.

The journal is verified first; what it verifies is the truth. From it follows everything else that a
store keeps, so that is made again, by the code that builds ledgers from exports, and compared.
Entries of an index that are too many are not looked for: they change no answer, since whoever reads
an index looks at the documents.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from runtime.ledger import ion, merkle
from runtime.ledger.block import NO_CATALOG
from runtime.ledger.catalog import SYSTEM_TABLE, Catalog
from runtime.ledger.errors import CorruptJournalError, LedgerError, VerificationError
from runtime.ledger.imports.chain import CheckedBlock, Link, is_ours
from runtime.ledger.imports.commits import Commits
from runtime.ledger.imports.entries import Entries
from runtime.ledger.imports.survey import Survey
from runtime.ledger.imports.tables import Tables
from runtime.ledger.published import published
from runtime.ledger.storage.port import (
    Commit,
    IndexEntry,
    JournalStorage,
    StoredBlock,
    StoredRevision,
)
from runtime.ledger.verify import Verified
from runtime.ledger.verify.chain import Chain, check_digest, check_imported, check_stored

FINDINGS_MAX: Final = 100
"""After so many an audit ends."""

Progress = Callable[[int, int], None]
"""Told how many blocks are audited, of how many."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a store that is not what its journal says."""

    what: str
    sequence_no: int | None = None
    """The block that it is about, or that it came with, if it is one."""


@dataclass(slots=True)
class Audit:
    """What an audit has looked at, and what it has found."""

    blocks: int = 0
    revisions: int = 0
    index_entries: int = 0
    digest: bytes = b""
    """The Merkle root over all block hashes: 32 bytes, empty for an empty journal."""
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def holds(self) -> bool:
        """Whether everything is as it should be."""
        return not self.findings


def audit(
    storage: JournalStorage, digest: bytes | None = None, progress: Progress | None = None
) -> Audit:
    """Look at everything in a store; `digest` is one that was saved of exactly these blocks.

    What cannot be read at all is a finding, too. Errors of the store itself are raised.
    """
    found = Audit()
    try:
        _Auditor(storage, found).run(digest, progress)
    except _EnoughError:
        pass
    except VerificationError as error:
        found.findings.append(Finding(f"the journal: {error}", error.sequence_no))
    except CorruptJournalError as error:
        found.findings.append(Finding(f"the store: {error}"))
    return found


class _EnoughError(Exception):
    """As much has been found as is to be told."""


class _Past:
    """The documents of a store as they were before a block."""

    def __init__(self, storage: JournalStorage) -> None:
        self.end = 0
        self._storage = storage

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        """The newest revision of every document that had one by then."""
        revisions = self._storage.revisions(table_id)
        for _, own in groupby(revisions, key=lambda revision: revision.document_id):
            before = [revision for revision in own if revision.sequence_no < self.end]
            if before:
                yield before[-1]


class _Auditor:
    def __init__(self, storage: JournalStorage, found: Audit) -> None:
        self._storage = storage
        self._found = found
        self._past = _Past(storage)
        self._counts: dict[str, int] = {SYSTEM_TABLE.table_id: 0}
        self._catalog_sequence_no = NO_CATALOG

    def run(self, digest: bytes | None, progress: Progress | None) -> None:
        head = self._storage.head()
        if head is None:
            return
        survey = Survey()
        first = next(iter(self._storage.blocks(0, 0)), None)
        ours = first is not None and _is_ours(first)
        if not ours:
            survey.look(published(stored) for stored in self._storage.blocks(0))
        chain = Chain(check_stored if ours else check_imported)
        entries = Entries(self._past, survey, _nothing if ours else None)
        commits = Commits(None, Tables(Catalog(), survey), entries)
        for stored in self._storage.blocks(0, head.sequence_no):
            chain.add(stored.ion)
            self._past.end = stored.sequence_no
            link = Link(stored.sequence_no, chain.place.strand_id, chain.place.previous_hash, ours)
            shown = published(replace(stored, block_hash=link.block_hash))
            checked = CheckedBlock("the journal", shown, link)
            self._compare(stored, commits.commit(checked), chain)
            self._found.blocks += 1
            if progress is not None:
                progress(stored.sequence_no + 1, head.sequence_no + 1)
        verified = chain.verified()
        self._check_end(verified, head, digest)
        for table_id, count in self._counts.items():
            self._check_table(table_id, count)

    def _compare(self, stored: StoredBlock, commit: Commit, chain: Chain) -> None:
        number = stored.sequence_no
        expected = commit.block
        if stored.block_hash != chain.place.previous_hash:
            self._note(f"the hash kept with block {number} is not its hash", number)
        if stored.peaks != expected.peaks:
            self._note(f"the peaks kept with block {number} are not those of its journal", number)
        if stored.catalog_sequence_no != expected.catalog_sequence_no:
            self._note(f"block {number} is kept with another newest definition of tables", number)
        block = ion.decode(stored.ion)
        shown = {(r.table_id, r.document_id): r for r in _shown_revisions(block, number)}
        hidden = (r for r in commit.revisions if (r.table_id, r.document_id) not in shown)
        for revision in (*shown.values(), *hidden):
            self._check_revision(revision)
        for entry in commit.index_entries:
            self._check_entry(entry, number)
        for row in block.get("redactionInfo", {}).get("revisions", ()):
            self._check_redacted(row, number)

    def _check_revision(self, expected: StoredRevision) -> None:
        self._found.revisions += 1
        table_id, document_id = expected.table_id, expected.document_id
        self._counts[table_id] = self._counts.get(table_id, 0) + 1
        kept = self._storage.revision(table_id, document_id, expected.version)
        if kept != expected:
            state = "is missing" if kept is None else "is not what its block holds"
            self._note(
                f"version {expected.version} of document {document_id} of table {table_id} {state}",
                expected.sequence_no,
            )

    def _check_entry(self, expected: IndexEntry, number: int) -> None:
        self._found.index_entries += 1
        kept = self._storage.lookup(expected.index_id, expected.key)
        if not any(
            entry.document_id == expected.document_id and entry.version <= expected.version
            for entry in kept
        ):
            self._note(
                f"index {expected.index_id} lacks document {expected.document_id} as of version"
                f" {expected.version}",
                number,
            )

    def _check_redacted(self, row: Mapping[str, Any], number: int) -> None:
        document_id, version = str(row["documentId"]), int(row["version"])
        kept = self._storage.revision(str(row["tableId"]), document_id, version)
        if kept is not None and "data" in ion.decode(kept.ion):
            self._note(
                f"version {version} of document {document_id} still has the data that block"
                f" {number} redacted",
                number,
            )

    def _check_end(self, verified: Verified, head: StoredBlock, digest: bytes | None) -> None:
        if verified.blocks != head.sequence_no + 1:
            self._note(f"block {verified.blocks} is missing", verified.blocks)
        self._found.digest = verified.digest
        if merkle.fold(head.peaks) != verified.digest:
            self._note("the peaks kept with the newest block do not make its digest")
        check_digest(verified, digest)

    def _check_table(self, table_id: str, count: int) -> None:
        """The store tells of as many revisions as the journal has, the newest of each as such."""
        newest = self._storage.documents(table_id)
        kept = 0
        for document_id, own in groupby(
            self._storage.revisions(table_id), key=lambda revision: revision.document_id
        ):
            revisions = list(own)
            kept += len(revisions)
            if next(newest, None) != revisions[-1]:
                self._note(f"table {table_id} tells another newest version of {document_id}")
                return
        if kept != count or next(newest, None) is not None:
            self._note(f"table {table_id} tells {kept} revisions, its journal has {count}")

    def _note(self, what: str, sequence_no: int | None = None) -> None:
        self._found.findings.append(Finding(what, sequence_no))
        if len(self._found.findings) >= FINDINGS_MAX:
            raise _EnoughError


def _shown_revisions(block: Any, number: int) -> Iterator[StoredRevision]:
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
