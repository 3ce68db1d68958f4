"""Checks the revisions of a block by what is shown of them."""

from typing import Any, Final

from runtime.ledger.hashing import dot, ion_hashes
from runtime.ledger.imports.faults import FaultError, blob, require, require_members

_REVISION: Final = {"blockAddress", "hash", "metadata"}
_DATA: Final = {"data", "dataHash"}
_METADATA: Final = {"id", "version", "txTime", "txId"}


def revision_hashes(block: Any) -> list[bytes]:
    """The hash of every revision of a block; FaultError when one does not follow from the rest.

    Of a revision that is shown as a hash alone there is nothing to check but that hash's place.
    """
    hashes: list[bytes] = []
    for position, revision in enumerate(block.get("revisions", ())):
        try:
            hashes.append(_checked(block, revision))
        except FaultError as fault:
            raise FaultError(fault.reason, position) from fault
    return hashes


def _checked(block: Any, revision: Any) -> bytes:
    stated = blob(revision["hash"])
    if len(revision) == 1:
        return stated
    require_members("it", revision, _REVISION, _DATA)
    metadata = revision["metadata"]
    require_members("its metadata", metadata, _METADATA, set())
    require(
        revision["blockAddress"] == block["blockAddress"], "its blockAddress is not the block's"
    )
    require(metadata["txId"] == block["transactionId"], "its txId is not the block's")
    documents = block.get("transactionInfo", {}).get("documents", {})
    require(str(metadata["id"]) in documents, "the block does not say which table it is in")
    require(not _DATA.issubset(revision), "it has both data and dataHash")
    require(
        _hash(revision, metadata) == stated, "its hash does not follow from its data and metadata"
    )
    return stated


def _hash(revision: Any, metadata: Any) -> bytes:
    if "data" in revision:
        return dot(*ion_hashes([revision["data"], metadata]))
    [metadata_hash] = ion_hashes([metadata])
    return dot(blob(revision["dataHash"]) if "dataHash" in revision else b"", metadata_hash)
