"""A ledger: transactions over documents whose every change is a block of one hash chain."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runtime.ledger import merkle
from runtime.ledger.block_tree import BlockTree
from runtime.ledger.budgets import Budgets
from runtime.ledger.catalog import CatalogCache
from runtime.ledger.commits import Committer
from runtime.ledger.errors import ConflictError, HeadMovedError, StatementError
from runtime.ledger.identifiers import new_id
from runtime.ledger.index_key import index_key
from runtime.ledger.ion import IonValue
from runtime.ledger.large_values import LargeValues
from runtime.ledger.limits import LIMITS, Limits
from runtime.ledger.partiql.access import Table
from runtime.ledger.published import published, published_revision, sealer_of
from runtime.ledger.readback import read_back
from runtime.ledger.storage.port import JournalStorage, StoredBlock
from runtime.ledger.transaction import Transaction
from runtime.ledger.verify.shown import Sealer
from runtime.ledger.workspace import Workspace

if TYPE_CHECKING:
    from runtime.ledger.reading import PlainRevision


@dataclass(frozen=True, slots=True)
class Digest:
    """What proves a ledger's whole journal up to a block."""

    value: bytes
    """The Merkle root over the block hashes 0..sequence_no: 32 bytes."""
    strand_id: str
    sequence_no: int
    """The newest block it covers."""


def utc_now() -> datetime:
    """The wall clock's time."""
    return datetime.now(UTC)


class Ledger:
    """One journal and its transactions; threads may share it, processes may share its storage.

    A transaction remembers what it read. At its commit the blocks that came meanwhile are compared
    with that; if none touches it, the next block is appended, provided it still is the next.
    """

    def __init__(
        self,
        storage: JournalStorage,
        *,
        name: str,
        new_document_id: Callable[[], str] = new_id,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        limits: Limits = LIMITS,
        large_values: LargeValues | None = None,
        budgets: Budgets | None = None,
        keep_tags: Callable[[str, Mapping[str, str]], None] | None = None,
    ) -> None:
        """Read nothing yet. `new_document_id` draws the ids of inserted documents.

        `large_values` bounds how many threads hold such at a time, of other ledgers too;
        `budgets` what all transactions hold, likewise. `keep_tags` is given the tags of a table by
        its id before the table is made durable, and none when it was not made after all.
        """
        self.name = name
        self._storage = storage
        self._new_document_id = new_document_id
        self._now = now
        self._monotonic = monotonic
        self._limits = limits
        self._large_values = large_values or LargeValues()
        self._budgets = budgets or Budgets()
        self._keep_tags = keep_tags
        self._catalogs = CatalogCache(storage)
        self._committer = Committer(storage, self._catalogs, limits, now, monotonic)
        self._tree = BlockTree(storage)
        self._sealer: Sealer | None = None

    def begin(self) -> Transaction:
        """Start a transaction; the store is first asked when a statement reads."""
        transaction_id = new_id()

        def workspace() -> Workspace:
            return Workspace(
                self._storage,
                self._catalogs,
                self._limits,
                self._now,
                transaction_id,
                self._new_document_id,
                self._large_values,
                self._budgets.decoded.share(),
            )

        return Transaction(
            workspace,
            self._commit,
            self._limits,
            self._now,
            self._monotonic,
            self._budgets.uncommitted.share(),
        )

    def _commit(self, transaction: Transaction) -> int | None:
        tags = transaction.workspace.table_tags
        if self._keep_tags is None or not tags:
            return self._committer.commit(transaction)
        for table_id, each in tags.items():
            self._keep_tags(table_id, each)
        try:
            return self._committer.commit(transaction)
        except (ConflictError, HeadMovedError):
            for table_id in tags:
                self._keep_tags(table_id, {})
            raise

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[StoredBlock]:
        """Blocks first..last, both included, in order; to the head where last is None."""
        return self._storage.blocks(first, last)

    def revisions(self, first: int = 0, last: int | None = None) -> "Iterator[PlainRevision]":
        """What blocks first..last changed, in order, as plain Python values."""
        # Its patterns take 15 ms to compile, which a function's cold start is spared.
        from runtime.ledger.reading import plain_revisions

        return plain_revisions(self._storage.blocks(first, last))

    def history(self, table_name: str, document_id: str, first: int = 0) -> Iterator[IonValue]:
        """Committed revisions of a document from version `first` on, oldest first, as Ion structs.

        They are read as they are asked for, outside of any transaction; none where the table is
        unknown.
        """
        table = self._table(table_name)
        if table is not None:
            for stored in self._storage.history(table.table_id, document_id, first):
                yield read_back(stored, self._catalogs.strand)

    def version(
        self, table_name: str, document_id: str, version: int | None = None
    ) -> IonValue | None:
        """One committed revision of a document, the newest by default, as an Ion struct.

        One round trip, outside of any transaction; None where there is no such revision.
        """
        table = self._table(table_name)
        if table is None:
            return None
        if version is None:
            stored = self._storage.current(table.table_id, document_id)
        else:
            stored = self._storage.revision(table.table_id, document_id, version)
        return None if stored is None else read_back(stored, self._catalogs.strand)

    def having(self, table_name: str, field: str, value: IonValue) -> Sequence[str] | None:
        """The ids, sorted, of all documents that ever had this value in an indexed field.

        Deleted documents are among them. None where the field has no index.
        """
        table = self._table(table_name, field)
        indexes = () if table is None else table.indexes
        index = next((index for index in indexes if index.field == field), None)
        if index is None:
            return None
        key = index_key(value)
        entries = () if key is None else self._storage.lookup(index.index_id, key)
        return sorted({entry.document_id for entry in entries})

    def documents(self, table_name: str) -> Iterator[str]:
        """The ids of all documents that a table ever had, read as they are asked for."""
        table = self._table(table_name)
        if table is not None:
            for stored in self._storage.documents(table.table_id):
                yield stored.document_id

    def digest(self, at: int | None = None) -> Digest:
        """The digest of the journal up to block `at`, or of all of it, in two reads.

        StatementError when there is no such block; CorruptJournalError when what is kept for it
        does not follow from the block before.
        """
        block = self._storage.head() if at is None else self._block(at)
        if block is None:
            raise StatementError(f"ledger {self.name} has no block yet, so it has no digest")
        strand_id = self._committer.strand_id(block)
        self._tree.check_peaks(block)
        return Digest(merkle.fold(block.peaks), strand_id, block.sequence_no)

    def block(
        self, sequence_no: int, tip: int | None = None
    ) -> tuple[IonValue, list[bytes] | None]:
        """A block as it is shown and, with a digest's tip, what proves it: hashes from its own up.

        StatementError when there is no such block or it is behind the tip.
        """
        stored = self._block(sequence_no)
        return published(stored, self._began_by()), self._path(stored, tip)

    def revision(
        self, sequence_no: int, document_id: str, tip: int | None = None
    ) -> tuple[IonValue, list[bytes] | None]:
        """A document's revision out of a block and, with a digest's tip, what proves it.

        StatementError when there is no such revision to show or its block is behind the tip.
        """
        stored = self._block(sequence_no)
        shown, steps = published_revision(stored, document_id, self._began_by())
        path = self._path(stored, tip)
        return shown, None if path is None else [*steps, *path]

    def consistency(self, old_tip: int, new_tip: int) -> list[bytes]:
        """The hashes that prove that up to `new_tip` blocks were only appended after `old_tip`.

        StatementError when there are no such blocks or the new tip is before the old one.
        """
        self._check_tip(old_tip, new_tip)
        return self._tree.consistency(old_tip + 1, new_tip + 1)

    def _table(self, name: str, indexed_by: str | None = None) -> Table | None:
        """An active table; the store is asked only where what is known of it is not enough."""
        kept = self._catalogs.newest
        table = None if kept is None else kept.active(name)
        if table is not None and (
            indexed_by is None or any(index.field == indexed_by for index in table.indexes)
        ):
            return table
        return self._catalogs.at(self._storage.head()).active(name)

    def _block(self, sequence_no: int) -> StoredBlock:
        if sequence_no >= 0:
            for stored in self._storage.blocks(sequence_no, sequence_no):
                return stored
        raise StatementError(f"ledger {self.name} has no block {sequence_no}")

    def _began_by(self) -> Sealer:
        """Who sealed the journal's first block, which is read once."""
        if self._sealer is None:
            self._sealer = sealer_of(self._block(0))
        return self._sealer

    def _path(self, stored: StoredBlock, tip: int | None) -> list[bytes] | None:
        if tip is None:
            return None
        self._check_tip(stored.sequence_no, tip)
        return self._tree.path(stored.block_hash, stored.sequence_no, tip + 1)

    def _check_tip(self, sequence_no: int, tip: int) -> None:
        if not 0 <= sequence_no <= tip:
            raise StatementError(
                f"the digest of the blocks up to {tip} says nothing of block {sequence_no}"
            )
        if not self._tree.has(tip):
            raise StatementError(f"ledger {self.name} has no block {tip}")
