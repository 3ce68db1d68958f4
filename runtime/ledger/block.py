"""Blocks and revisions in QLDB's published layout, and sealing a transaction into a block.

A block's `entriesHashList` has the four members seen in QLDB's data blocks. QLDB publishes what
members 1 and 3 are; 0 and 2 are internal to it, and this is our choice:

    0   ih({blockAddress, transactionId, blockTimestamp}), so that no field of a block is unhashed
    1   the Merkle root of the revisions' hashes; empty without revisions
    2   ih(redactionInfo) in a block that asked for a redaction; otherwise empty
    3   ih(transactionInfo)

where ih is the Ion hash. `entriesHash` is the Merkle root of the list, `blockHash` is
dot(entriesHash, previousBlockHash), and the first block's `previousBlockHash` is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from runtime.ledger import ion, merkle
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.hashing import dot, ion_hashes
from runtime.ledger.storage.port import Commit, IndexEntry, StoredBlock, StoredRevision

NO_CATALOG: Final = -1
"""The catalog_sequence_no of a journal in which no block has changed a table."""


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
    """An Ion struct; None when the document is deleted."""
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


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of one document as its block holds it."""

    table_id: str
    table_name: str
    document_id: str
    version: int
    tx_time: datetime
    tx_id: str
    hash: bytes
    data: Any
    """An Ion struct; None when the document was deleted or the revision redacted."""
    data_hash: bytes | None
    """The Ion hash of the data, when that was redacted."""


@dataclass(frozen=True, slots=True)
class Block:
    """One committed transaction."""

    strand_id: str
    sequence_no: int
    transaction_id: str
    block_timestamp: datetime
    block_hash: bytes
    entries_hash: bytes
    previous_block_hash: bytes
    entries_hash_list: tuple[bytes, ...]
    statements: tuple[StatementInfo, ...]
    redaction_info: Any
    revisions: tuple[Revision, ...]
    """Those that are shown: an imported block may tell only the hash of a system revision."""

    @classmethod
    def from_ion(cls, data: bytes) -> "Block":
        """Read a block; CorruptJournalError when the bytes are not one. Hashes are not checked.

        It may have been sealed by QLDB, whose system blocks can be without transactionInfo.
        """
        try:
            return _block(ion.decode(data))
        except (IonError, KeyError, TypeError, AttributeError) as error:
            raise CorruptJournalError(
                f"{len(data)} bytes of the journal are not a block ({error!r}): verify the journal"
            ) from error


def seal(draft: Draft, head: StoredBlock | None) -> Commit:
    """Hash a transaction into the block that follows `head` (None: the journal's first)."""
    sequence_no = 0 if head is None else head.sequence_no + 1
    previous_hash = b"" if head is None else head.block_hash
    block = _header(draft, sequence_no)
    transaction_info = _transaction_info(draft)
    metadata = _metadata(draft)
    data = [change.data for change in draft.changes if change.data is not None]
    header_hash, info_hash, redaction_hash, *hashes = ion_hashes(
        [block, transaction_info, draft.redaction_info, *metadata, *data]
    )
    revisions = _revisions(draft, block["blockAddress"], metadata, hashes)
    entries = [
        header_hash,
        merkle.root([revision["hash"] for revision in revisions]),
        b"" if draft.redaction_info is None else redaction_hash,
        info_hash,
    ]
    entries_hash = merkle.root(entries)
    block_hash = dot(entries_hash, previous_hash)
    block["blockHash"] = block_hash
    block["entriesHash"] = entries_hash
    block["previousBlockHash"] = previous_hash
    block["entriesHashList"] = entries
    block["transactionInfo"] = transaction_info
    if draft.redaction_info is not None:
        block["redactionInfo"] = draft.redaction_info
    if revisions:
        block["revisions"] = revisions
    stored = StoredBlock(
        sequence_no=sequence_no,
        block_hash=block_hash,
        peaks=merkle.append(() if head is None else head.peaks, sequence_no, block_hash),
        catalog_sequence_no=_catalog_sequence_no(draft, head, sequence_no),
        ion=ion.encode_sound(block),
    )
    changed = zip(draft.changes, revisions, strict=True)
    return Commit(
        stored,
        tuple(_stored(change, sequence_no, revision) for change, revision in changed),
        draft.index_entries,
    )


def _header(draft: Draft, sequence_no: int) -> dict[str, Any]:
    return {
        "blockAddress": {"strandId": draft.strand_id, "sequenceNo": sequence_no},
        "transactionId": draft.transaction_id,
        "blockTimestamp": ion.timestamp(draft.block_timestamp),
    }


def _transaction_info(draft: Draft) -> dict[str, Any]:
    info: dict[str, Any] = {
        "statements": [
            {
                "statement": statement.text,
                "startTime": ion.timestamp(statement.start_time),
                "statementDigest": statement.digest,
            }
            for statement in draft.statements
        ]
    }
    if draft.changes:
        info["documents"] = {
            change.document_id: {
                "tableName": change.table_name,
                "tableId": change.table_id,
                "statements": list(change.statements),
            }
            for change in draft.changes
        }
    return info


def _metadata(draft: Draft) -> list[dict[str, Any]]:
    tx_time = ion.timestamp(draft.tx_time)
    return [
        {
            "id": change.document_id,
            "version": change.version,
            "txTime": tx_time,
            "txId": draft.transaction_id,
        }
        for change in draft.changes
    ]


def _revisions(
    draft: Draft,
    address: dict[str, Any],
    metadata: list[dict[str, Any]],
    hashes: list[bytes],
) -> list[dict[str, Any]]:
    """The revisions' structs; `hashes` are those of all metadata, then of all data there is."""
    data_hashes = iter(hashes[len(metadata) :])
    revisions: list[dict[str, Any]] = []
    for change, its_metadata, metadata_hash in zip(draft.changes, metadata, hashes, strict=False):
        revision: dict[str, Any] = {"blockAddress": address, "hash": metadata_hash}
        if change.data is not None:
            revision["hash"] = dot(next(data_hashes), metadata_hash)
            revision["data"] = change.data
        revision["metadata"] = its_metadata
        revisions.append(revision)
    return revisions


def _catalog_sequence_no(draft: Draft, head: StoredBlock | None, sequence_no: int) -> int:
    if draft.changes_catalog:
        return sequence_no
    return NO_CATALOG if head is None else head.catalog_sequence_no


def _stored(change: Change, sequence_no: int, revision: dict[str, Any]) -> StoredRevision:
    return StoredRevision(
        table_id=change.table_id,
        document_id=change.document_id,
        version=change.version,
        sequence_no=sequence_no,
        deleted=change.data is None,
        ion=ion.encode_sound(revision),
    )


def _block(struct: Any) -> Block:
    info = struct.get("transactionInfo", {})
    documents = info.get("documents", {})
    address = struct["blockAddress"]
    return Block(
        strand_id=str(address["strandId"]),
        sequence_no=int(address["sequenceNo"]),
        transaction_id=str(struct["transactionId"]),
        block_timestamp=struct["blockTimestamp"],
        block_hash=bytes(struct["blockHash"]),
        entries_hash=bytes(struct["entriesHash"]),
        previous_block_hash=bytes(struct["previousBlockHash"]),
        entries_hash_list=tuple(map(bytes, struct["entriesHashList"])),
        statements=tuple(
            StatementInfo(str(s["statement"]), s["startTime"], bytes(s["statementDigest"]))
            for s in info.get("statements", ())
        ),
        redaction_info=struct.get("redactionInfo"),
        revisions=tuple(
            _revision(r, documents) for r in struct.get("revisions", ()) if "metadata" in r
        ),
    )


def _revision(struct: Any, documents: Any) -> Revision:
    metadata = struct["metadata"]
    document_id = str(metadata["id"])
    table = documents[document_id]
    redacted = struct.get("dataHash")
    return Revision(
        table_id=str(table["tableId"]),
        table_name=str(table["tableName"]),
        document_id=document_id,
        version=int(metadata["version"]),
        tx_time=metadata["txTime"],
        tx_id=str(metadata["txId"]),
        hash=bytes(struct["hash"]),
        data=struct.get("data"),
        data_hash=None if redacted is None else bytes(redacted),
    )
