"""Blocks and revisions as structs, of which Ion binary can be made."""

from collections.abc import Sequence
from typing import Any

from runtime.ledger import ion
from runtime.ledger.draft import Draft, Seal
from runtime.ledger.ion_binary import Hashed


def block_struct(draft: Draft, seal: Seal, revisions: list[dict[str, Any]]) -> dict[str, Any]:
    """The struct of a block, given those of its revisions."""
    block: dict[str, Any] = {
        "blockAddress": _address(draft, seal),
        "transactionId": draft.transaction_id,
        "blockTimestamp": ion.timestamp(draft.block_timestamp),
        "blockHash": seal.block_hash,
        "entriesHash": seal.entries_hash,
        "previousBlockHash": seal.previous_block_hash,
        "entriesHashList": list(seal.entries),
        "transactionInfo": _transaction_info(draft),
    }
    if draft.redaction_info is not None:
        block["redactionInfo"] = draft.redaction_info
    if revisions:
        block["revisions"] = revisions
    return block


def revision_structs(
    draft: Draft, seal: Seal, data: Sequence[Hashed | None]
) -> list[dict[str, Any]]:
    """The struct of each revision, its data as they were hashed."""
    address = _address(draft, seal)
    revisions: list[dict[str, Any]] = []
    for each, metadata, own in zip(data, _metadata(draft), seal.revisions, strict=True):
        revision: dict[str, Any] = {"blockAddress": address, "hash": own}
        if each is not None:
            revision["data"] = ion.decode(each.ion)
        revision["metadata"] = metadata
        revisions.append(revision)
    return revisions


def _address(draft: Draft, seal: Seal) -> dict[str, Any]:
    return {"strandId": draft.strand_id, "sequenceNo": seal.sequence_no}


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
