"""A transaction that is ready to be sealed into a block, and what seals it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.ledger.hashing import Hashed
from runtime.ledger.storage.port import IndexEntry


@dataclass(frozen=True, slots=True)
class StatementInfo:
    """One statement of a transaction, as its block records it."""

    text: str
    """As it was sent, with its question marks; parameters are not recorded."""
    start_time: datetime
    digest: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction makes of one document."""

    table_id: str
    table_name: str
    document_id: str
    version: int
    data: Any
    """An Ion struct, perhaps Encoded; None when the document is deleted."""
    statements: tuple[int, ...]
    """Indexes of the statements that changed it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction that is ready to be sealed into a block."""

    strand_id: str
    transaction_id: str
    statements: Sequence[StatementInfo]
    changes: Sequence[Change]
    tx_time: datetime
    block_timestamp: datetime
    index_entries: tuple[IndexEntry, ...] = ()
    redaction_info: Any = None
    """An Ion struct {revisions: [{blockAddress, tableId, documentId, version}]}, or None."""
    changes_catalog: bool = False
    """Whether a table or an index is among the changes."""
    data: Sequence[Hashed | None] | None = None
    """Of each change the data as they were hashed, None for a deletion; None: not yet hashed."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A block's number and its hashes, 32 bytes each or empty."""

    sequence_no: int
    revisions: Sequence[bytes]
    """Of each of the draft's changes."""
    entries: Sequence[bytes]
    entries_hash: bytes
    previous_block_hash: bytes
    block_hash: bytes
