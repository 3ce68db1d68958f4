"""Blocks and revisions in QLDB's published layout, as they are read back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError, IonError


@dataclass(frozen=True, slots=True)
class StatementInfo:
    """One statement of a transaction, as its block records it."""

    text: str
    """As it was sent, with its question marks; parameters are not recorded."""
    start_time: datetime
    digest: bytes


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

    @classmethod
    def from_ion(cls, data: bytes) -> "Block":
        """Read a block; CorruptJournalError when the bytes are not one. Hashes are not checked."""
        try:
            return _block(ion.decode(data))
        except (IonError, KeyError, TypeError, AttributeError) as error:
            raise CorruptJournalError(
                f"{len(data)} bytes of the journal are not a block ({error!r}): verify the journal"
            ) from error


def _block(struct: Any) -> Block:
    info = struct["transactionInfo"]
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
            for s in info["statements"]
        ),
        redaction_info=struct.get("redactionInfo"),
        revisions=tuple(_revision(r, documents) for r in struct.get("revisions", ())),
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
