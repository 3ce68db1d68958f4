"""Sealed blocks have QLDB's layout and hashes, and read back as what was sealed."""

from dataclasses import replace

import pytest

from runtime.ledger import ion, merkle
from runtime.ledger.block import NO_CATALOG, Block, StatementInfo, seal
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.hashing import dot, ion_hash, statement_digest
from runtime.ledger.storage.port import IndexEntry
from tests.runtime.ledger.journals import AD, START, STRAND, TABLE, change, draft, drafts, sealed
from tests.vectors import unbase64, vectors


def struct_of(number: int):
    return ion.decode(sealed()[number].block.ion)


def test_what_was_sealed_once_is_sealed_the_same_for_ever() -> None:
    golden = vectors("journal", "journal")
    commits = sealed()
    assert [commit.block.ion for commit in commits] == list(map(unbase64, golden["blocks"]))
    revisions = [revision.ion for commit in commits for revision in commit.revisions]
    assert revisions == list(map(unbase64, golden["revisions"]))
    assert merkle.fold(commits[-1].block.peaks) == unbase64(golden["digest"])


def test_the_fields_are_in_published_order() -> None:
    assert list(struct_of(0)) == [
        "blockAddress",
        "transactionId",
        "blockTimestamp",
        "blockHash",
        "entriesHash",
        "previousBlockHash",
        "entriesHashList",
        "transactionInfo",
        "revisions",
    ]
    assert list(struct_of(0)["revisions"][0]) == ["blockAddress", "hash", "data", "metadata"]
    assert ion.text(struct_of(1)["revisions"][2]["metadata"]) == (
        '{id:"0000000000000000000004",version:0,txTime:2026-01-02T03:04:06.698Z,'
        f'txId:"{drafts()[1].transaction_id}"}}'
    )


@pytest.mark.parametrize("number", range(6))
def test_every_hash_follows_from_the_block(number: int) -> None:
    commits = sealed()
    struct = ion.decode(commits[number].block.ion)
    previous = commits[number - 1].block.block_hash if number else b""
    revisions = struct.get("revisions", [])
    for revision in revisions:
        data_hash = ion_hash(revision["data"]) if "data" in revision else b""
        assert revision["hash"] == dot(data_hash, ion_hash(revision["metadata"]))
        assert ion.text(revision["blockAddress"]) == ion.text(struct["blockAddress"])
    header = {name: struct[name] for name in ("blockAddress", "transactionId", "blockTimestamp")}
    redaction = struct.get("redactionInfo")
    assert struct["entriesHashList"] == [
        ion_hash(header),
        merkle.root([revision["hash"] for revision in revisions]),
        ion_hash(redaction) if redaction else b"",
        ion_hash(struct["transactionInfo"]),
    ]
    assert struct["entriesHash"] == merkle.root(struct["entriesHashList"])
    assert struct["previousBlockHash"] == previous
    assert struct["blockHash"] == dot(struct["entriesHash"], previous)
    assert commits[number].block.block_hash == struct["blockHash"]


def test_peaks_grow_with_the_blocks() -> None:
    commits = sealed()
    hashes = [commit.block.block_hash for commit in commits]
    for number, commit in enumerate(commits):
        assert commit.block.sequence_no == number
        assert merkle.fold(commit.block.peaks) == merkle.root(hashes[: number + 1])


def test_stored_revisions_are_those_of_the_block() -> None:
    for commit in sealed():
        listed = ion.decode(commit.block.ion).get("revisions", [])
        assert [ion.encode(revision) for revision in listed] == [r.ion for r in commit.revisions]
        for revision, stored in zip(listed, commit.revisions, strict=True):
            assert stored.document_id == revision["metadata"]["id"]
            assert stored.version == revision["metadata"]["version"]
            assert stored.deleted is ("data" not in revision)
            assert stored.sequence_no == commit.block.sequence_no
            assert stored.table_id == TABLE[0]


def test_the_transaction_tells_statements_and_documents() -> None:
    info = struct_of(2)["transactionInfo"]
    assert [statement["statement"] for statement in info["statements"]] == [
        "SELECT * FROM Ads",
        "UPDATE Ads SET n = ?",
    ]
    assert info["statements"][1]["statementDigest"] == statement_digest("UPDATE Ads SET n = ?")
    assert {key: list(value["statements"]) for key, value in info["documents"].items()} == {
        "0000000000000000000001": [1],
        "0000000000000000000003": [0, 1],
    }
    assert info["documents"]["0000000000000000000003"]["tableName"] == "Ads"
    assert "documents" not in struct_of(4)["transactionInfo"]


def test_a_block_reads_back_as_what_was_sealed() -> None:
    source = drafts()[2]
    block = Block.from_ion(sealed()[2].block.ion)
    assert (block.strand_id, block.sequence_no) == (STRAND, 2)
    assert block.transaction_id == source.transaction_id
    assert block.block_timestamp == source.block_timestamp
    assert block.redaction_info is None
    assert list(block.statements) == list(source.statements)
    for revision, changed in zip(block.revisions, source.changes, strict=True):
        assert (revision.table_id, revision.table_name) == TABLE
        assert revision.document_id == changed.document_id
        assert revision.version == changed.version
        assert ion.encode(revision.data) == ion.encode(changed.data)
        assert revision.tx_time == source.tx_time
        assert revision.tx_id == source.transaction_id
        assert revision.data_hash is None


def test_deletions_and_redactions_read_back() -> None:
    blocks = [Block.from_ion(commit.block.ion) for commit in sealed()]
    [deletion] = blocks[3].revisions
    assert deletion.data is None
    assert deletion.version == 1
    assert blocks[4].revisions == ()
    assert blocks[4].redaction_info["revisions"][0]["version"] == 0


def test_a_redacted_revision_reads_back_as_the_hash_of_its_data() -> None:
    struct = struct_of(0)
    revision = struct["revisions"][0]
    data_hash = ion_hash(revision["data"])
    del revision["data"]
    revision["dataHash"] = data_hash
    [redacted] = Block.from_ion(ion.encode(struct)).revisions
    assert redacted.data is None
    assert redacted.data_hash == data_hash


def test_documents_keep_every_distinction_of_ion() -> None:
    [revision] = Block.from_ion(sealed()[0].block.ion).revisions
    assert ion.text(revision.data) == ion.text(ion.parse(AD))


def test_the_catalog_number_is_that_of_the_last_change_to_it() -> None:
    assert [commit.block.catalog_sequence_no for commit in sealed()] == [0] * 6
    plain = [replace(each, changes_catalog=False) for each in drafts()]
    plain[3] = replace(plain[3], changes_catalog=True)
    numbers = [commit.block.catalog_sequence_no for commit in sealed(plain)]
    assert numbers == [NO_CATALOG] * 3 + [3] * 3


def test_index_entries_go_with_the_commit() -> None:
    entries = (IndexEntry("index", bytes(32), "document", 0),)
    assert seal(draft(0, [], index_entries=entries), None).index_entries == entries


def test_digests_of_statements_with_parameters_are_recorded_as_given() -> None:
    digest = statement_digest("INSERT INTO Ads ?", [1])
    info = StatementInfo("INSERT INTO Ads ?", START, digest)
    commit = seal(replace(draft(0, [change(1, 0, "{}")]), statements=[info]), None)
    assert Block.from_ion(commit.block.ion).statements == (info,)


@pytest.mark.parametrize(
    "data",
    [b"", b"not Ion", ion.encode(1), ion.encode({}), ion.encode({"blockAddress": {}})],
)
def test_bytes_that_are_no_block_are_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptJournalError, match="are not a block"):
        Block.from_ion(data)


@pytest.mark.parametrize("vector", vectors("revisions", "revision_hash"))
def test_revision_hash_vectors(vector: dict) -> None:
    metadata_hash = ion_hash(ion.parse(vector["metadata_ion"]))
    assert metadata_hash == unbase64(vector["metadata_hash"])
    data_hash = b""
    if vector["data_ion"] is not None:
        data_hash = ion_hash(ion.parse(vector["data_ion"]))
        assert data_hash == unbase64(vector["data_hash"])
    assert dot(data_hash, metadata_hash) == unbase64(vector["revision_hash"])
