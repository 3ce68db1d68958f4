"""A whole published ledger: its hashes, its digest at every tip, its proofs."""

import pytest

from runtime.ledger import ion, merkle
from runtime.ledger.hashing import dot, ion_hash
from tests.vectors import unbase64, vectors

LEDGER = vectors("ledger", "synthetic_ledger")
BLOCKS = LEDGER["blocks"]
HASHES = [unbase64(block["blockHash"]) for block in BLOCKS]


def revision_hashes(block: dict) -> list[bytes]:
    return [unbase64(revision["hash"]) for revision in block["revisions"]]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["sequenceNo"])
def test_hashes_of_a_block(block: dict) -> None:
    for revision in block["revisions"]:
        data = revision["data_ion"]
        data_hash = b"" if data is None else ion_hash(ion.parse(data))
        metadata_hash = ion_hash(ion.parse(revision["metadata_ion"]))
        assert unbase64(revision["hash"]) == dot(data_hash, metadata_hash)
    entries = [unbase64(entry) for entry in block["entriesHashList"]]
    assert entries[1] == merkle.root(revision_hashes(block))
    assert entries[3] == ion_hash(ion.parse(block["transactionInfo_ion"]))
    assert unbase64(block["entriesHash"]) == merkle.root(entries)
    previous = unbase64(block["previousBlockHash"])
    assert previous == (HASHES[block["sequenceNo"] - 1] if block["sequenceNo"] else b"")
    assert unbase64(block["blockHash"]) == dot(merkle.root(entries), previous)


def test_digest_at_every_tip() -> None:
    peaks: merkle.Peaks = ()
    for number, block_hash in enumerate(HASHES):
        peaks = merkle.append(peaks, number, block_hash)
        assert merkle.fold(peaks) == unbase64(LEDGER["digests"][str(number)])
    assert len(LEDGER["digests"]) == len(HASHES)


@pytest.mark.parametrize("proof", LEDGER["block_proofs"])
def test_block_proofs(proof: dict) -> None:
    siblings = merkle.path(HASHES[: proof["tip"] + 1], proof["block"])
    assert siblings == [unbase64(sibling) for sibling in proof["proof"]]
    digest = unbase64(LEDGER["digests"][str(proof["tip"])])
    assert merkle.follow(HASHES[proof["block"]], siblings) == digest


@pytest.mark.parametrize("proof", LEDGER["revision_proofs"])
def test_revision_proofs(proof: dict) -> None:
    block = BLOCKS[proof["block"]]
    hashes = revision_hashes(block)
    entries = [unbase64(entry) for entry in block["entriesHashList"]]
    siblings = [
        *merkle.path(hashes, proof["revision_index"]),
        *merkle.path(entries, 1),
        unbase64(block["previousBlockHash"]),
        *merkle.path(HASHES[: proof["tip"] + 1], proof["block"]),
    ]
    assert siblings == [unbase64(sibling) for sibling in proof["proof"]]
    digest = unbase64(LEDGER["digests"][str(proof["tip"])])
    assert merkle.follow(hashes[proof["revision_index"]], siblings) == digest
