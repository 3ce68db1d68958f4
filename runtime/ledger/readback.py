"""Revisions as they come back from the store: decoded, and checked against their own hash."""

from typing import Any

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.hashing import dot, ion_hashes
from runtime.ledger.ion_form import check_form
from runtime.ledger.storage.port import StoredRevision

_ADDRESS = {"strandId", "sequenceNo"}


def read_back(stored: StoredRevision) -> Any:
    """The revision as an Ion struct; CorruptJournalError when it is not what was committed."""
    try:
        check_form(stored.ion)
        revision = ion.decode(stored.ion)
        if _is_sound(stored, revision):
            return revision
        reason = "its hash or its place is another"
    except (IonError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = repr(error)
    raise CorruptJournalError(
        f"version {stored.version} of document {stored.document_id} of table {stored.table_id},"
        f" from block {stored.sequence_no}, is not what was committed ({reason}):"
        " verify the journal and restore it from a backup"
    )


def _is_sound(stored: StoredRevision, revision: Any) -> bool:
    metadata = revision["metadata"]
    data = revision.get("data")
    data_hash = revision.get("dataHash")
    if data_hash is None and data is not None:
        data_hash, metadata_hash = ion_hashes([data, metadata])
    else:
        (metadata_hash,) = ion_hashes([metadata])
    return (
        dot(data_hash or b"", metadata_hash) == revision["hash"]
        and metadata["id"] == stored.document_id
        and metadata["version"] == stored.version
        and revision["blockAddress"].keys() == _ADDRESS
        and isinstance(revision["blockAddress"]["strandId"], str)
        and revision["blockAddress"]["sequenceNo"] == stored.sequence_no
        and stored.deleted == (data_hash is None)
    )
