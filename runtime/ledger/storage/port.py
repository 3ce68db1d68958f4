"""The port between the ledger and its store: append a block if the head is unmoved, and read."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

LEAVES_MAX: Final = 256
"""More than a proof in any tree asks for at a time."""
VERSIONS_MAX: Final = 100
"""Versions of documents whose places are asked for at a time."""


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """One committed transaction, as bytes the store does not look into."""

    sequence_no: int
    block_hash: bytes
    """32 bytes."""
    peaks: tuple[bytes, ...]
    """Merkle peaks over the hashes of blocks 0..sequence_no, tallest first; folded: the digest."""
    catalog_sequence_no: int
    """The newest block, up to this one, that changed a table or an index."""
    ion: bytes
    """The block as an Ion binary struct in QLDB's layout, revisions included."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a proof needs of a block that it is not about."""

    block_hash: bytes
    """32 bytes."""
    peaks: tuple[bytes, ...]
    """As those of a StoredBlock."""


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """One version of one document."""

    table_id: str
    document_id: str
    version: int
    sequence_no: int
    deleted: bool
    ion: bytes
    """The revision as an Ion struct: blockAddress, hash, data (absent when deleted), metadata."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """From this version on, the document has had this value in the indexed field.

    Entries are never removed: a reader looks at the document again.
    """

    index_id: str
    key: bytes
    """Ion hash of the indexed value, 32 bytes."""
    document_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """The Ion of one revision, and of its block, once its data are replaced by their hash."""

    block: StoredBlock
    """As it is stored until then."""
    block_ion: bytes
    revision: StoredRevision
    """As it is stored until then."""
    revision_ion: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction adds, all of it or nothing."""

    block: StoredBlock
    revisions: tuple[StoredRevision, ...] = ()
    index_entries: tuple[IndexEntry, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    """What it rewrites: nothing else in a journal ever changes."""


class JournalStorage(Protocol):
    """One ledger's journal.

    Every read sees every append that was acknowledged before it began. A commit is seen as a whole:
    once `head` has given a block or any read a revision of it, later reads see all it brought.
    """

    def head(self) -> StoredBlock | None:
        """The newest block; None for a ledger without any. One round trip."""
        ...

    def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
        """Blocks first..last, both included, in order, to the head where last is None."""
        ...

    def leaves(self, sequence_nos: Collection[int]) -> Mapping[int, Leaf]:
        """Hashes and peaks of these blocks, those that exist; at most LEAVES_MAX at a time.

        One round trip for each run of neighbours at most.
        """
        ...

    def append(self, commit: Commit) -> None:
        """Add the block and what it brings, durably, in one round trip.

        Raises HeadMovedError when a block with that sequence number is there already, or what is
        to be redacted has changed meanwhile; UnavailableError when the outcome is unknown.
        """
        ...

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        """The newest revision of a document, a deletion included. One round trip."""
        ...

    def revision(self, table_id: str, document_id: str, version: int) -> StoredRevision | None:
        """One version of a document; None when there is no such version. One round trip."""
        ...

    def places(
        self, table_id: str, versions: Collection[tuple[str, int]]
    ) -> Mapping[tuple[str, int], int]:
        """The block of each of these versions of documents, of those that there are.

        By document id and version; at most VERSIONS_MAX at a time. One round trip.
        """
        ...

    def history(self, table_id: str, document_id: str, first: int = 0) -> Iterator[StoredRevision]:
        """The revisions of a document from version `first` on, oldest first, read as needed."""
        ...

    def documents(self, table_id: str) -> Iterator[StoredRevision]:
        """The newest revision of every document of a table, deletions included, by document id."""
        ...

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        """Every revision of every document of a table, by document id, then version."""
        ...

    def lookup(self, index_id: str, key: bytes) -> tuple[IndexEntry, ...]:
        """Every entry of an index under one key, by document id, then version."""
        ...

    def close(self) -> None:
        """Release what is held open."""
        ...


@runtime_checkable
class QueuingStorage(JournalStorage, Protocol):
    """A store that also takes a block before the one it is built upon is acknowledged.

    Appends that wait meanwhile share what makes them durable. A block whose predecessor failed
    fails with HeadMovedError, so that the journal has no gap.
    """

    @property
    def queues_appends(self) -> bool:
        """Always true; a store that cannot do it has no such member."""
        ...


@runtime_checkable
class StepwiseStorage(JournalStorage, Protocol):
    """A store whose single write is bounded, and which can take a commit in several."""

    def append_in_steps(self, commit: Commit) -> None:
        """As append, for a commit that is too large for it and a ledger that nobody else uses.

        What the commit brings is written first, the block at last; when that was ended between,
        doing it again goes on.
        """
        ...
