"""Holds a whole store to its journal: every block, revision and index entry.

What the journal verifies is the truth, and `expected` tells what follows from it. Entries of an
index that are too many are not looked for: they change no answer, since whoever reads an index
looks at the documents.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from runtime.ledger import ion, merkle
from runtime.ledger.catalog import SYSTEM_TABLE
from runtime.ledger.errors import (
    CorruptJournalError,
    IonError,
    StorageError,
    VerificationError,
)
from runtime.ledger.expected import Expectation, ExpectedBlock, ExpectedEntry
from runtime.ledger.ion_form import check_form
from runtime.ledger.storage.port import JournalStorage, StoredBlock, StoredRevision
from runtime.ledger.verify import Verified
from runtime.ledger.verify.chain import check_digest

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
        _audit(storage, found, digest, progress)
    except _EnoughError:
        pass
    except VerificationError as error:
        found.findings.append(Finding(f"the journal: {error}", error.sequence_no))
    except CorruptJournalError as error:
        found.findings.append(Finding(f"the store: {error}"))
    except StorageError as error:
        # Whoever has been found damaged is not asked to try again.
        if not found.findings:
            raise
        found.findings.append(Finding(f"the store: {error}"))
    return found


def _audit(
    storage: JournalStorage, found: Audit, digest: bytes | None, progress: Progress | None
) -> None:
    head = storage.head()
    if head is None:
        return
    expectation, comparison = Expectation(storage), Comparison(storage, found)
    for stored, expected in expectation.blocks(head.sequence_no):
        comparison.block(stored, expected)
        if progress is not None:
            progress(stored.sequence_no + 1, head.sequence_no + 1)
    comparison.end(expectation.verified(), head, digest)


class _EnoughError(Exception):
    """As much has been found as is to be told."""


class Comparison:
    """A store that is held to what it should hold."""

    def __init__(self, storage: JournalStorage, found: Audit) -> None:
        """Note in `found` what is looked at, and what is not as it should be."""
        self._storage = storage
        self._found = found
        self._counts: dict[str, int] = {SYSTEM_TABLE.table_id: 0}

    def block(self, stored: StoredBlock, expected: ExpectedBlock) -> None:
        """Compare all that came with a block; the bytes of the block itself are verified before."""
        number, block = stored.sequence_no, expected.block
        if stored.block_hash != block.block_hash:
            self._note(f"the hash kept with block {number} is not its hash", number)
        if stored.peaks != block.peaks:
            self._note(f"the peaks kept with block {number} are not those of its journal", number)
        if stored.catalog_sequence_no != block.catalog_sequence_no:
            self._note(f"block {number} is kept with another newest definition of tables", number)
        for revision in expected.revisions:
            self._try(number, self._check_revision, revision)
        for entry in expected.entries:
            self._try(number, self._check_entry, entry, number)
        for row in expected.redacted:
            self._try(number, self._check_redacted, row, number)
        self._found.blocks += 1

    def end(self, verified: Verified, head: StoredBlock, digest: bytes | None) -> None:
        """Compare what can be told at the journal's end alone."""
        self._check_end(verified, head, digest)
        for table_id, count in self._counts.items():
            self._check_table(table_id, count)

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

    def _check_entry(self, expected: ExpectedEntry, number: int) -> None:
        self._found.index_entries += 1
        entry = expected.entry
        kept = self._storage.lookup(entry.index_id, entry.key)
        if not any(
            each == entry
            or (
                not expected.is_exact
                and each.document_id == entry.document_id
                and each.version < entry.version
            )
            for each in kept
        ):
            self._note(
                f"index {entry.index_id} lacks document {entry.document_id} as of version"
                f" {entry.version}",
                number,
            )

    def _check_redacted(self, row: Mapping[str, Any], number: int) -> None:
        document_id, version = str(row["documentId"]), int(row["version"])
        kept = self._storage.revision(str(row["tableId"]), document_id, version)
        if kept is None:
            return
        check_form(kept.ion)
        if "data" in ion.decode(kept.ion):
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

    def _try(self, number: int, check: Callable[..., None], *arguments: Any) -> None:
        """Do a check; what cannot be read is a finding about the block that it came with."""
        try:
            check(*arguments)
        except (CorruptJournalError, IonError) as error:
            self._note(str(error), number)

    def _note(self, what: str, sequence_no: int | None = None) -> None:
        self._found.findings.append(Finding(what, sequence_no))
        if len(self._found.findings) >= FINDINGS_MAX:
            raise _EnoughError
