"""A block as it leaves the ledger: revisions of system tables are shown as their hash alone."""

from typing import Any

from amazon.ion.simple_types import IonPyDict

from runtime.journal.records import is_user_revision
from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError, IonError
from runtime.ledger.ion import IonValue
from runtime.ledger.storage.port import StoredBlock


def published(stored: StoredBlock) -> IonValue:
    """The block as an export shows it, an IonPy struct; CorruptJournalError where it is none."""
    try:
        block = ion.decode(stored.ion)
        _hide_system_revisions(block)
    except (IonError, KeyError, TypeError, AttributeError) as error:
        raise CorruptJournalError(
            f"block {stored.sequence_no} of the journal cannot be read ({error!r}): verify it"
        ) from error
    return block


def _hide_system_revisions(block: Any) -> None:
    documents = block.get("transactionInfo", {}).get("documents", {})
    revisions = block.get("revisions", [])
    for position, revision in enumerate(revisions):
        if not is_user_revision(revision, documents):
            revisions[position] = IonPyDict({"hash": revision["hash"]})
