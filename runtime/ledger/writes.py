"""What a transaction is about to write: at most one revision of each document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runtime.ledger.contents import key_of
from runtime.ledger.errors import LimitExceededError
from runtime.ledger.hashing import Hashed
from runtime.ledger.limits import Limits
from runtime.ledger.partiql.access import Table
from runtime.ledger.storage.port import IndexEntry

_REVISION_OVERHEAD_BYTES = 256
"""What a revision's hash, address and metadata add to its data, rounded up."""


@dataclass(frozen=True, slots=True)
class Write:
    """A document's next revision."""

    table: Table
    document_id: str
    version: int
    before: Any
    """The data of the version it follows, perhaps Encoded; None for a new document."""
    data: Any
    """Perhaps Encoded; None when the document is deleted."""
    hashed: Hashed | None
    """The data as Ion, when they were written; None for a deletion."""
    statements: tuple[int, ...]
    """Which statements of the transaction changed the document."""

    @property
    def size_bytes(self) -> int:
        """Bytes of the document as Ion binary; 0 for a deletion."""
        return 0 if self.hashed is None else len(self.hashed.ion)


class Writes:
    """The newest intention for each document, in order of first touch."""

    def __init__(self, limits: Limits) -> None:
        """Nothing is to be written."""
        self._limits = limits
        self._by_document: dict[tuple[str, str], Write] = {}
        self.size_bytes = 0
        """Of what is to be written, as the limit of a transaction counts them."""

    def __len__(self) -> int:
        """How many documents are to be written."""
        return len(self._by_document)

    def __iter__(self) -> Iterator[Write]:
        """Every write, in order of first touch."""
        return iter(self._by_document.values())

    def get(self, table_id: str, document_id: str) -> Write | None:
        """What is to become of a document, if anything."""
        return self._by_document.get((table_id, document_id))

    def of_table(self, table_id: str) -> list[Write]:
        """The writes of one table."""
        return [write for write in self if write.table.table_id == table_id]

    def checkpoint(self) -> dict[tuple[str, str], Write]:
        """A state to which `restore` can go back."""
        return self._by_document.copy()

    def restore(self, checkpoint: dict[tuple[str, str], Write]) -> None:
        """Forget what was put since."""
        self._by_document = checkpoint
        self.size_bytes = sum(map(_counted_bytes, self))

    def put(self, write: Write) -> None:
        """Add or follow up a write; LimitExceededError when it is too much."""
        limits = self._limits
        if write.size_bytes > limits.document_bytes_max:
            raise LimitExceededError(
                f"document {write.document_id} of table {write.table.name} is"
                f" {write.size_bytes} bytes of Ion; the limit is {limits.document_bytes_max}"
            )
        key = (write.table.table_id, write.document_id)
        earlier = self._by_document.get(key)
        if earlier is None and len(self) >= limits.transaction_documents_max:
            raise LimitExceededError(
                f"the transaction would write more than {limits.transaction_documents_max}"
                " documents: commit and go on in another"
            )
        size = self.size_bytes + _counted_bytes(write) - _counted_bytes(earlier)
        if size > limits.transaction_bytes_max:
            raise LimitExceededError(
                f"the transaction would write {size} bytes; the limit is"
                f" {limits.transaction_bytes_max}: commit and go on in another"
            )
        self._by_document[key] = write
        self.size_bytes = size

    def forget(self, write: Write) -> None:
        """Drop the write of a document that was both made and deleted here: it never was."""
        del self._by_document[(write.table.table_id, write.document_id)]
        self.size_bytes -= _counted_bytes(write)


def _counted_bytes(write: Write | None) -> int:
    return 0 if write is None else write.size_bytes + _REVISION_OVERHEAD_BYTES


def index_entries(write: Write, table: Table) -> Iterator[IndexEntry]:
    """The entries a write adds: one for each indexed field whose value it changes.

    `table` is the definition as it is when the transaction commits.
    """
    if write.data is None:
        return
    for index in table.indexes:
        key = key_of(write.data, index.field)
        if key is None:
            continue
        if write.before is not None and key_of(write.before, index.field) == key:
            continue
        yield IndexEntry(index.index_id, key, write.document_id, write.version)
