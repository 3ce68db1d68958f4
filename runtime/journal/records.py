"""A journal block as the records a QLDB stream carries: its summary, then every revision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.journal.errors import BlockError
from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.ion_form import check_form

SYSTEM_SCHEMA = "information_schema."
"""Revisions of its tables are streamed as a hash in the summary only."""
_SUMMARY_FIELDS = (
    "blockAddress",
    "transactionId",
    "blockTimestamp",
    "blockHash",
    "entriesHash",
    "previousBlockHash",
    "entriesHashList",
    "transactionInfo",
    "redactionInfo",
)


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record and what its order goes by: a document's id, or the strand's for a summary."""

    key: str
    data: bytes
    """An Ion binary struct: qldbStreamArn, recordType, payload."""


def block_records(block_ion: bytes, stream_arn: str) -> list[StreamRecord]:
    """The stream records of a block (an Ion binary struct in QLDB's layout), summary first.

    Raises BlockError where the bytes are no such block.
    """
    try:
        check_form(block_ion)
        block = ion.decode(block_ion)
        documents = block.get("transactionInfo", {}).get("documents", {})
        revisions = list(block.get("revisions", ()))
        strand_id = str(block["blockAddress"]["strandId"])
        summary = _record(stream_arn, "BLOCK_SUMMARY", _summary(block, revisions, documents))
        return [
            StreamRecord(strand_id, summary),
            *(
                StreamRecord(
                    str(revision["metadata"]["id"]),
                    _record(stream_arn, "REVISION_DETAILS", _details(revision, documents)),
                )
                for revision in revisions
                if is_user_revision(revision, documents)
            ),
        ]
    except (IonError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BlockError(
            f"{len(block_ion)} bytes are not a journal block ({error!r}): verify the ledger"
        ) from error


def _summary(
    block: Mapping[str, Any], revisions: list[Any], documents: Mapping[str, Any]
) -> dict[str, Any]:
    payload = {name: block[name] for name in _SUMMARY_FIELDS if name in block}
    if revisions:
        payload["revisionSummaries"] = [
            {"hash": revision["hash"], "documentId": revision["metadata"]["id"]}
            if is_user_revision(revision, documents)
            else {"hash": revision["hash"]}
            for revision in revisions
        ]
    return payload


def _details(revision: Mapping[str, Any], documents: Mapping[str, Any]) -> dict[str, Any]:
    document = documents[revision["metadata"]["id"]]
    table = {"tableName": document["tableName"], "tableId": document["tableId"]}
    return {"tableInfo": table, "revision": revision}


def shortened(summary: StreamRecord) -> StreamRecord:
    """A block summary without its transaction's statements and documents; it fits any record.

    The entries' hashes stay, so that what is left out is known by its hash.
    """
    record = ion.decode(summary.data)
    payload = {name: record["payload"][name] for name in record["payload"]}
    del payload["transactionInfo"]
    return StreamRecord(
        summary.key, _record(str(record["qldbStreamArn"]), "BLOCK_SUMMARY", payload)
    )


def is_user_revision(revision: Mapping[str, Any], documents: Mapping[str, Any]) -> bool:
    """Whether a block's revision is of a document, not of a system table.

    `documents` is that of the block's transactionInfo.
    """
    if "metadata" not in revision:
        return False
    document = documents.get(revision["metadata"]["id"])
    return document is not None and not document["tableName"].startswith(SYSTEM_SCHEMA)


def _record(stream_arn: str, kind: str, payload: Mapping[str, Any]) -> bytes:
    return ion.encode({"qldbStreamArn": stream_arn, "recordType": kind, "payload": payload})
