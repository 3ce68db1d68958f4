"""What a plan may ask of the transaction it runs in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Index:
    """An index on one top-level field of a table."""

    index_id: str
    field: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the transaction sees it."""

    table_id: str
    name: str
    active: bool
    indexes: tuple[Index, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The newest revision of a document that is not deleted, own uncommitted changes included.

    `revision` is the committed view: an Ion struct of blockAddress, hash, data, metadata; for a
    change of this same transaction blockAddress and hash are absent.
    """

    document_id: str
    data: Any
    revision: Any


class Access(Protocol):
    """Reads enter the transaction's read set; writes stay private until it commits."""

    @property
    def transaction_id(self) -> str:
        """The id of the transaction: what TXID() gives."""
        ...

    def table(self, name: str) -> Table:
        """An active table by its exact name; StatementError when there is none."""
        ...

    def by_document_id(self, table: Table, document_ids: Iterable[str]) -> Iterator[Document]:
        """The documents with these ids, those that exist."""
        ...

    def by_index(self, table: Table, index: Index, values: Iterable[Any]) -> Iterator[Document]:
        """The documents whose indexed field equals one of these Ion values."""
        ...

    def scan(self, table: Table) -> Iterator[Document]:
        """Every document of the table."""
        ...

    def history(
        self,
        table: str,
        start: datetime | None,
        end: datetime | None,
        document_ids: Iterable[str] | None,
    ) -> Iterator[Any]:
        """Committed revisions (Ion structs, deletions included) active between two times.

        Both times are included. `table` is a name or a table id; `document_ids` narrows to these
        documents, None means all.
        """
        ...

    def user_tables(self) -> Iterator[Any]:
        """The rows of information_schema.user_tables."""
        ...

    def insert(self, table: Table, data: Any) -> str:
        """Add a document; its new id. StatementError when it is not a struct."""
        ...

    def check_open(self) -> None:
        """Raise what ends the statement, when the transaction has become too old meanwhile."""
        ...

    def check_changes(self, documents: int) -> None:
        """LimitExceededError when so many documents are too many to be changed at once."""
        ...

    def replace(self, table: Table, document_id: str, data: Any) -> None:
        """Give a document new contents."""
        ...

    def delete(self, table: Table, document_id: str) -> None:
        """Delete a document; its id is never used again."""
        ...

    def create_table(self, name: str, tags: Mapping[str, str]) -> str:
        """The new table's id; whoever keeps tags keeps these with it."""
        ...

    def drop_table(self, name: str) -> str:
        """The dropped table's id."""
        ...

    def undrop_table(self, table_id: str) -> str:
        """The id of the table that is active again."""
        ...

    def create_index(self, table: Table, field: str) -> str:
        """The table's id."""
        ...

    def drop_index(self, table: Table, index_id: str) -> str:
        """The table's id."""
        ...

    def redact_revision(self, block_address: Any, table_id: str, document_id: str) -> Any:
        """The row {blockAddress, tableId, documentId, version} of the revision to be redacted."""
        ...
