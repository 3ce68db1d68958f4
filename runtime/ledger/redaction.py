"""Redacting a revision: its data is replaced by their hash, which all other hashes are made of.

It is the one rewrite that a journal knows. The block that asks for it and the rewritten block and
revision are one commit, so there is no moment at which only one of them is there.
"""

from typing import Any

from amazon.ion.simple_types import IonPyDict

from runtime.ledger import ion
from runtime.ledger.block import Block
from runtime.ledger.catalog import SYSTEM_TABLE
from runtime.ledger.errors import CorruptJournalError, StatementError
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.ion_form import check_form
from runtime.ledger.storage.port import JournalStorage, Redaction, StoredBlock, StoredRevision


def requested(
    storage: JournalStorage, block_address: Any, table_id: str, document_id: str
) -> IonPyDict:
    """The row {blockAddress, tableId, documentId, version} of the revision to be redacted.

    StatementError when there is no such revision, or it may not be redacted.
    """
    place = f"document {document_id} of table {table_id} at {ion.text(block_address)}"
    number, block = _addressed(storage, block_address)
    revisions = () if block is None else block.revisions
    wanted = (table_id, document_id)
    revision = next((r for r in revisions if (r.table_id, r.document_id) == wanted), None)
    if revision is None or table_id == SYSTEM_TABLE.table_id:
        raise StatementError(f"there is no revision of {place}")
    if revision.data_hash is not None:
        raise StatementError(f"the revision of {place} is redacted already")
    if revision.data is None:
        raise StatementError(f"the revision of {place} is a deletion: it has no data to redact")
    current = storage.current(table_id, document_id)
    if current is None or current.version <= revision.version:
        raise StatementError(
            f"the revision of {place} is active: change or delete the document first"
        )
    return ion.decode(
        ion.encode(
            {
                "blockAddress": {"strandId": block_address["strandId"], "sequenceNo": number},
                "tableId": table_id,
                "documentId": document_id,
                "version": revision.version,
            }
        )
    )


def rewritten(storage: JournalStorage, row: Any) -> Redaction:
    """What becomes of the block and the revision that a row of `requested` names."""
    number, version = int(row["blockAddress"]["sequenceNo"]), int(row["version"])
    table_id, document_id = str(row["tableId"]), str(row["documentId"])
    block = next(iter(storage.blocks(number, number)), None)
    revision = storage.revision(table_id, document_id, version)
    if block is None or revision is None:
        raise CorruptJournalError(
            f"version {version} of document {document_id} of table {table_id}, which is to be"
            f" redacted, or its block {number} is missing: verify the journal"
        )
    return Redaction(
        block=block,
        block_ion=_without_data(block, document_id),
        revision=revision,
        revision_ion=_redacted_revision(revision),
    )


def redacted(revision: Any) -> IonPyDict:
    """A revision, an Ion struct, with the hash of its data in their place.

    CorruptJournalError when the data are not those that were committed.
    """
    shown = IonPyDict()
    for name, value in revision.items():
        shown.add_item(*(("dataHash", ion_hash(value)) if name == "data" else (name, value)))
    if "dataHash" in shown and (
        dot(shown["dataHash"], ion_hash(shown["metadata"])) != shown["hash"]
    ):
        raise CorruptJournalError(
            f"version {shown['metadata']['version']} of document {shown['metadata']['id']} is not"
            " what was committed: verify the journal and restore it from a backup"
        )
    return shown


def _addressed(storage: JournalStorage, address: Any) -> tuple[int, Block | None]:
    """The number of the block that an address names, and the block if it is there."""
    number, strand_id = address.get("sequenceNo"), address.get("strandId")
    if not isinstance(number, int) or not isinstance(strand_id, str):
        raise StatementError(
            f"{ion.text(address)} is not a block address: write {{strandId: '…', sequenceNo: N}}"
        )
    stored = next(iter(storage.blocks(number, number)), None) if number >= 0 else None
    block = None if stored is None else Block.from_ion(stored.ion)
    return int(number), None if block is None or block.strand_id != strand_id else block


def _without_data(stored: StoredBlock, document_id: str) -> bytes:
    check_form(stored.ion)
    block = ion.decode(stored.ion)
    revisions = block["revisions"]
    for position, revision in enumerate(revisions):
        if "metadata" in revision and revision["metadata"]["id"] == document_id:
            revisions[position] = redacted(revision)
    return ion.encode_sound(block)


def _redacted_revision(stored: StoredRevision) -> bytes:
    check_form(stored.ion)
    return ion.encode_sound(redacted(ion.decode(stored.ion)))
