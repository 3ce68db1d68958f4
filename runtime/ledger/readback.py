"""Revisions as they come back from the store: decoded, and checked against their own hash."""

from typing import Any

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.hashing import dot, ion_hashes
from runtime.ledger.ion_form import check_form
from runtime.ledger.storage.port import StoredRevision

_ADDRESS = {"strandId", "sequenceNo"}


class Strand:
    """The one strand of a journal, learnt from the first revision that is read of it.

    No hash of a revision covers its strand's id. A damaged one differs from the others', and
    should it have been the first, then all of them are refused.
    """

    def __init__(self, strand_id: str = "") -> None:
        """Take the id where it is known."""
        self.id = strand_id

    def is_of(self, strand_id: Any) -> bool:
        """Whether a revision is of this strand; the first one always is."""
        if not isinstance(strand_id, str):
            return False
        self.id = self.id or str(strand_id)
        return strand_id == self.id


def read_back(stored: StoredRevision, strand: Strand | None = None) -> Any:
    """The revision as an Ion struct; CorruptJournalError when it is not what was committed.

    Its strand is held to the journal's where that is given.
    """
    try:
        check_form(stored.ion)
        revision = ion.decode(stored.ion)
        if _is_sound(stored, revision, strand or Strand()):
            return revision
        reason = "its hash or its place is another"
    except (IonError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = repr(error)
    raise CorruptJournalError(
        f"version {stored.version} of document {stored.document_id} of table {stored.table_id},"
        f" from block {stored.sequence_no}, is not what was committed ({reason}):"
        " verify the journal and restore it from a backup"
    )


def _is_sound(stored: StoredRevision, revision: Any, strand: Strand) -> bool:
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
        and revision["blockAddress"]["sequenceNo"] == stored.sequence_no
        and stored.deleted == (data_hash is None)
        and strand.is_of(revision["blockAddress"]["strandId"])
    )
