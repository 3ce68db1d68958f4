"""Blocks as they leave the ledger: revisions of system tables are shown as their hash alone."""

from typing import Any, Final

from amazon.ion.simple_types import IonPyDict

from runtime.ledger import ion, merkle
from runtime.ledger.blobs import blob
from runtime.ledger.errors import CorruptJournalError, IonError, StatementError
from runtime.ledger.ion import IonValue
from runtime.ledger.ion_form import check_form
from runtime.ledger.storage.port import StoredBlock
from runtime.ledger.verify import quick
from runtime.ledger.verify.place import Place
from runtime.ledger.verify.shown import Sealer, check
from runtime.ledger.verify.symbols import DoubtError

SYSTEM_SCHEMA: Final = "information_schema."
REVISIONS_ENTRY: Final = 1
"""The place of the revisions' root in entriesHashList."""


def published(stored: StoredBlock, sealer: Sealer = Sealer.QLDB) -> IonValue:
    """The block as it is shown, an IonPy struct; CorruptJournalError where it is not what it was.

    Nobody else has looked at it before it is shown, so all its hashes are made again. That it
    follows the block before is left to who verifies the journal. In a journal that QLDB began,
    which is allowed for unless `sealer` says otherwise, no known hash covers address, id and time.
    """
    try:
        check_form(stored.ion)
        block = ion.decode(stored.ion)
        _check_hashes(stored, block, sealer)
        _hide_system_revisions(block)
    except (IonError, KeyError, TypeError, AttributeError) as error:
        raise CorruptJournalError(
            f"block {stored.sequence_no} of the journal cannot be read ({error!r}): verify it"
        ) from error
    return block


def sealer_of(first: StoredBlock) -> Sealer:
    """Who sealed a journal, by its first block; one of ours that is damaged counts as QLDB's."""
    try:
        quick.check(first.ion, Place())
    except DoubtError:
        return Sealer.QLDB
    return Sealer.LEDGER


def _check_hashes(stored: StoredBlock, block: Any, sealer: Sealer) -> None:
    previous = blob(block["previousBlockHash"])
    place = Place(stored.sequence_no, previous)
    try:
        found, exact = quick.check(stored.ion, place), True
    except DoubtError:
        found, exact = check(block, place, sealer), ion.encode(block) == stored.ion
    if found.block_hash != stored.block_hash or not exact:
        raise CorruptJournalError(
            f"block {stored.sequence_no} is not what was committed: verify the journal and restore"
            " it from a backup"
        )


def published_revision(
    stored: StoredBlock, document_id: str, sealer: Sealer = Sealer.QLDB
) -> tuple[IonValue, list[bytes]]:
    """A document's revision out of a block, and the hashes from it up to the block's own.

    StatementError when the block has no such revision to show.
    """
    block = published(stored, sealer)
    revisions = block.get("revisions", [])
    for position, revision in enumerate(revisions):
        if "metadata" in revision and revision["metadata"]["id"] == document_id:
            entries = [bytes(entry) for entry in block["entriesHashList"]]
            hashes = [bytes(each["hash"]) for each in revisions]
            steps = [
                *merkle.path(hashes, position),
                *merkle.path(entries, _place_of(merkle.root(hashes), entries)),
                bytes(block["previousBlockHash"]),
            ]
            # Joining an empty hash changes nothing, and clients expect 32 bytes of each.
            return revision, [step for step in steps if step]
    raise StatementError(
        f"block {stored.sequence_no} has no revision of document {document_id} to show"
    )


def _place_of(root: bytes, entries: list[bytes]) -> int:
    """Where the revisions' root is in entriesHashList; blocks of QLDB's may have other lengths."""
    if entries[REVISIONS_ENTRY : REVISIONS_ENTRY + 1] == [root]:
        return REVISIONS_ENTRY
    try:
        return entries.index(root)
    except ValueError:
        raise CorruptJournalError(
            "a block's entriesHashList lacks the root of its revisions: verify the journal"
        ) from None


def _hide_system_revisions(block: Any) -> None:
    documents = block.get("transactionInfo", {}).get("documents", {})
    revisions = block.get("revisions", [])
    for position, revision in enumerate(revisions):
        if not _is_shown(revision, documents):
            revisions[position] = IonPyDict({"hash": revision["hash"]})


def _is_shown(revision: Any, documents: Any) -> bool:
    """Whether a revision is of a user's table, which its block tells."""
    if "metadata" not in revision:
        return False
    document = documents.get(str(revision["metadata"]["id"]))
    return document is not None and not str(document["tableName"]).startswith(SYSTEM_SCHEMA)
