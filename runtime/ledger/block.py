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
from runtime.ledger.block_binary import put_together
from runtime.ledger.block_struct import block_struct, revision_structs
from runtime.ledger.draft import Change, Draft, Seal, StatementInfo
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.hashing import dot, hashed, ion_hash
from runtime.ledger.ion_binary import Hashed
from runtime.ledger.ion_bounds import DEPTH_MAX
from runtime.ledger.layout_hashes import header_hash, info_hash, metadata_hashes
from runtime.ledger.storage.port import Commit, StoredBlock, StoredRevision

NO_CATALOG: Final = -1
"""The catalog_sequence_no of a journal in which no block has changed a table."""


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
    data = draft.data
    if data is None:
        own = [change.data for change in draft.changes]
        data = [None if each is None else hashed(each, DEPTH_MAX) for each in own]
    sealed = _sealed(draft, data, head)
    encoded = put_together(draft, sealed, data)
    if encoded is None:
        structs = revision_structs(draft, sealed, data)
        block = ion.encode_sound(block_struct(draft, sealed, structs))
        encoded = block, [ion.encode_sound(each) for each in structs]
    number, peaks = sealed.sequence_no, () if head is None else head.peaks
    stored = StoredBlock(
        sequence_no=number,
        block_hash=sealed.block_hash,
        peaks=merkle.append(peaks, number, sealed.block_hash),
        catalog_sequence_no=_catalog_sequence_no(draft, head, number),
        ion=encoded[0],
    )
    changed = zip(draft.changes, encoded[1], strict=True)
    revisions = tuple(_stored(change, number, data) for change, data in changed)
    return Commit(stored, revisions, draft.index_entries)


def _sealed(draft: Draft, data: Sequence[Hashed | None], head: StoredBlock | None) -> Seal:
    """The hashes of the block that a draft becomes."""
    sequence_no = 0 if head is None else head.sequence_no + 1
    previous_hash = b"" if head is None else head.block_hash
    revisions = _revision_hashes(draft, data)
    info = info_hash(
        [(each.text, each.start_time, each.digest) for each in draft.statements],
        [(c.document_id, c.table_name, c.table_id, c.statements) for c in draft.changes],
    )
    entries = [
        header_hash(draft.strand_id, sequence_no, draft.transaction_id, draft.block_timestamp),
        merkle.root(revisions),
        b"" if draft.redaction_info is None else ion_hash(draft.redaction_info),
        info,
    ]
    entries_hash = merkle.root(entries)
    block_hash = dot(entries_hash, previous_hash)
    return Seal(sequence_no, revisions, entries, entries_hash, previous_hash, block_hash)


def _revision_hashes(draft: Draft, data: Sequence[Hashed | None]) -> list[bytes]:
    metadata = metadata_hashes(
        [(change.document_id, change.version) for change in draft.changes],
        draft.tx_time,
        draft.transaction_id,
    )
    return [
        own if each is None else dot(each.hash, own)
        for each, own in zip(data, metadata, strict=True)
    ]


def _catalog_sequence_no(draft: Draft, head: StoredBlock | None, sequence_no: int) -> int:
    if draft.changes_catalog:
        return sequence_no
    return NO_CATALOG if head is None else head.catalog_sequence_no


def _stored(change: Change, sequence_no: int, data: bytes) -> StoredRevision:
    return StoredRevision(
        table_id=change.table_id,
        document_id=change.document_id,
        version=change.version,
        sequence_no=sequence_no,
        deleted=change.data is None,
        ion=data,
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
