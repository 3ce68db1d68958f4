"""Blocks as others see them, for the verifier: this ledger's and such as QLDB sealed."""

from typing import Any

from runtime.ledger import ion, merkle
from runtime.ledger.block_tree import BlockTree
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.published import published, published_revision
from runtime.ledger.storage.port import Commit
from runtime.ledger.verify.proofs import KnownDigest
from tests.fakes import MemoryStorage
from tests.runtime.ledger.journals import STRAND
from tests.vectors import unbase64, vectors

QLDB = vectors("ledger", "synthetic_ledger")


class Journal:
    """Sealed blocks with their proofs."""

    def __init__(self, commits: list[Commit]) -> None:
        storage = MemoryStorage()
        for commit in commits:
            storage.append(commit)
        self.stored = [commit.block for commit in commits]
        self.tree = BlockTree(storage)

    def digest(self, tip: int) -> KnownDigest:
        return KnownDigest(merkle.fold(self.stored[tip].peaks), STRAND, tip)

    def block(self, number: int) -> Any:
        return published(self.stored[number])

    def block_proof(self, number: int, tip: int) -> list[bytes]:
        return self.tree.path(self.stored[number].block_hash, number, tip + 1)

    def revision(self, number: int, document_id: str, tip: int) -> tuple[Any, list[bytes]]:
        revision, steps = published_revision(self.stored[number], document_id)
        return revision, [*steps, *self.block_proof(number, tip)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        return self.tree.consistency(old + 1, new + 1)


def redacted(revision: Any) -> Any:
    """The revision as it is shown once its data is redacted."""
    shown = ion.decode(ion.encode(revision))
    metadata = shown.pop("metadata")
    shown["dataHash"] = ion_hash(shown.pop("data"))
    shown["metadata"] = metadata
    return ion.decode(ion.encode(shown))


def qldb_blocks() -> list[Any]:
    """The published ledger's blocks, whose members 0 and 2 nobody can derive."""
    return [_qldb_block(block) for block in QLDB["blocks"]]


def qldb_digest(tip: int) -> KnownDigest:
    return KnownDigest(unbase64(QLDB["digests"][str(tip)]), QLDB["strandId"], tip)


def _qldb_block(given: dict[str, Any]) -> Any:
    address = {"strandId": QLDB["strandId"], "sequenceNo": given["sequenceNo"]}
    block: dict[str, Any] = {
        "blockAddress": address,
        "transactionId": given["transactionId"],
        "blockTimestamp": ion.parse("2024-02-01T00:00:00.000Z"),
        "blockHash": unbase64(given["blockHash"]),
        "entriesHash": unbase64(given["entriesHash"]),
        "previousBlockHash": unbase64(given["previousBlockHash"]),
        "entriesHashList": [unbase64(each) for each in given["entriesHashList"]],
        "transactionInfo": ion.parse(given["transactionInfo_ion"]),
    }
    if given["revisions"]:
        block["revisions"] = [_qldb_revision(address, each) for each in given["revisions"]]
    return ion.decode(ion.encode(block))


def _qldb_revision(address: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    revision: dict[str, Any] = {"blockAddress": address, "hash": unbase64(given["hash"])}
    if given["data_ion"] is not None:
        revision["data"] = ion.parse(given["data_ion"])
    revision["metadata"] = ion.parse(given["metadata_ion"])
    return revision


def system_block(block: Any) -> Any:
    """The block as QLDB shows one of its own: nothing of it but hashes."""
    shown = ion.decode(ion.encode(block))
    shown.pop("transactionInfo")
    for revision in shown.get("revisions", ()):
        for name in ("blockAddress", "data", "metadata"):
            if name in revision:
                del revision[name]
    return shown


def sealed_anew(block: Any) -> Any:
    """The block with its entriesHash and blockHash computed again, as a forger would."""
    block = ion.decode(ion.encode(block))
    entries = [bytes(entry) for entry in block["entriesHashList"]]
    block["entriesHash"] = merkle.root(entries)
    block["blockHash"] = dot(merkle.root(entries), bytes(block["previousBlockHash"]))
    return ion.decode(ion.encode(block))
