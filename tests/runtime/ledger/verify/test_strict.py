"""The verifier passes what was committed, and names the block, the revision and the reason else."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amazon.ion.simple_types import IonPyBytes, IonPyDict

from runtime.ledger import ion, merkle
from runtime.ledger.errors import VerificationError
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.verify import verify_blocks
from tests.runtime.ledger.journals import STRAND, draft, drafts, journal, sealed
from tests.vectors import unbase64, vectors

FLIPS = 500
OTHER_HASH = bytes(31) + b"\x01"


def tampered(number: int, edit: Callable[[Any], None]) -> list[bytes]:
    """The journal with one block's struct edited, nothing else."""
    blocks = journal()
    struct = ion.decode(blocks[number])
    edit(struct)
    blocks[number] = ion.encode(struct)
    return blocks


def rehashed(struct: Any) -> None:
    """Make the hashes inside of a block agree again, as a forger would."""
    for revision in struct.get("revisions", ()):
        data_hash = ion_hash(revision["data"]) if "data" in revision else b""
        revision["hash"] = IonPyBytes(dot(data_hash, ion_hash(revision["metadata"])))
        revision["hash"].ion_type = struct["blockHash"].ion_type
    header = {name: struct[name] for name in ("blockAddress", "transactionId", "blockTimestamp")}
    entries = list(struct["entriesHashList"])
    entries[0] = ion_hash(header)
    entries[1] = merkle.root([revision["hash"] for revision in struct.get("revisions", ())])
    entries[3] = ion_hash(struct["transactionInfo"])
    struct["entriesHashList"] = entries
    struct["entriesHash"] = merkle.root(entries)
    struct["blockHash"] = dot(struct["entriesHash"], struct["previousBlockHash"])


def test_a_journal_verifies_with_digest_and_counts() -> None:
    commits = sealed()
    verified = verify_blocks(commit.block.ion for commit in commits)
    assert verified.digest == merkle.fold(commits[-1].block.peaks)
    assert (verified.blocks, verified.revisions) == (6, 8)
    assert verified.strand_id == STRAND
    assert verify_blocks(journal(), verified.digest) == verified


def test_a_quicker_hash_gives_the_same() -> None:
    assert verify_blocks(journal(), ion_hash=ion_hash) == verify_blocks(journal())


def test_an_empty_journal_verifies() -> None:
    verified = verify_blocks([])
    assert (verified.digest, verified.blocks, verified.revisions) == (b"", 0, 0)


def test_a_journal_written_long_ago_verifies() -> None:
    golden = vectors("journal", "journal")
    verify_blocks(map(unbase64, golden["blocks"]), unbase64(golden["digest"]))


def test_a_redacted_revision_verifies_by_the_hash_of_its_data() -> None:
    def redact(struct: Any) -> None:
        revision = struct["revisions"][0]
        metadata = revision.pop("metadata")
        revision["dataHash"] = ion_hash(revision.pop("data"))
        revision["metadata"] = metadata

    verify_blocks(tampered(0, redact), verify_blocks(journal()).digest)


def edit_data(struct: Any) -> None:
    struct["revisions"][1]["data"]["n"] = 4


def edit_version(struct: Any) -> None:
    struct["revisions"][1]["metadata"]["version"] = 7


def edit_hash(struct: Any) -> None:
    struct["revisions"][1]["hash"] = OTHER_HASH


def edit_address_of_revision(struct: Any) -> None:
    struct["revisions"][1]["blockAddress"]["sequenceNo"] = 2


def edit_transaction_of_revision(struct: Any) -> None:
    struct["revisions"][1]["metadata"]["txId"] = "another"


def drop_metadata(struct: Any) -> None:
    del struct["revisions"][1]["metadata"]


def add_member(struct: Any) -> None:
    struct["revisions"][1]["note"] = "unhashed"


def repeat_data(struct: Any) -> None:
    struct["revisions"][1].add_item("data", IonPyDict())


def annotate_revision(struct: Any) -> None:
    struct["revisions"][1].ion_annotations = ("note",)


def shorten_hash(struct: Any) -> None:
    struct["revisions"][1]["hash"] = bytes(31)


def add_data_hash(struct: Any) -> None:
    struct["revisions"][1]["dataHash"] = OTHER_HASH


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (edit_data, "data or metadata do not match its hash"),
        (edit_version, "data or metadata do not match its hash"),
        (edit_hash, "data or metadata do not match its hash"),
        (edit_address_of_revision, "its blockAddress is not that of its block"),
        (edit_transaction_of_revision, "its txId is not the block's transactionId"),
        (drop_metadata, "members: metadata"),
        (add_member, "members: note"),
        (repeat_data, "a repeated one"),
        (annotate_revision, "not a plain struct"),
        (shorten_hash, "hash is not a blob of 32 bytes"),
        (add_data_hash, "both data and the hash of redacted data"),
    ],
)
def test_a_tampered_revision_is_named(edit: Callable[[Any], None], reason: str) -> None:
    with pytest.raises(VerificationError, match=reason) as found:
        verify_blocks(tampered(1, edit))
    assert (found.value.sequence_no, found.value.revision) == (1, 1)
    assert str(found.value).startswith("block 1, revision 1: ")


def assign(name: str, value: Any) -> Callable[[Any], None]:
    """An edit of one member of the block."""

    def edit(struct: Any) -> None:
        struct[name] = value

    edit.__name__ = f"{name} = {value!r:.20}"
    return edit


def edit_statement(struct: Any) -> None:
    struct["transactionInfo"]["statements"][0]["statement"] = "DELETE FROM Ads"


def edit_table(struct: Any) -> None:
    next(iter(struct["transactionInfo"]["documents"].values()))["tableName"] = "Other"


def edit_entry(struct: Any) -> None:
    struct["entriesHashList"][2] = OTHER_HASH


def add_entry(struct: Any) -> None:
    struct["entriesHashList"].append(OTHER_HASH)


def drop_revisions(struct: Any) -> None:
    del struct["revisions"]


def swap_revisions(struct: Any) -> None:
    struct["revisions"].reverse()


def list_other_document(struct: Any) -> None:
    documents = struct["transactionInfo"]["documents"]
    documents["another"] = next(iter(documents.values()))
    rehashed(struct)


def unlist_documents(struct: Any) -> None:
    struct["transactionInfo"]["documents"] = 1
    rehashed(struct)


def other_strand(struct: Any) -> None:
    struct["blockAddress"]["strandId"] = "another"
    for revision in struct["revisions"]:
        revision["blockAddress"]["strandId"] = "another"
    rehashed(struct)


def forged(struct: Any) -> None:
    struct["revisions"][0]["data"]["n"] = 99
    rehashed(struct)


@pytest.mark.parametrize(
    ("edit", "reason", "block"),
    [
        (assign("transactionId", "another"), "its txId is not", 1),
        (assign("blockTimestamp", ion.parse("2026T")), "its header does not match", 1),
        (assign("blockAddress", {"strandId": STRAND, "sequenceNo": 2}), "2, not the next", 1),
        (assign("blockAddress", {"strandId": STRAND}), "members: sequenceNo", 1),
        (assign("blockHash", OTHER_HASH), "its blockHash does not follow", 1),
        (assign("blockHash", 5), "blockHash is not a blob", 1),
        (assign("entriesHash", OTHER_HASH), "its entriesHash is not the Merkle root", 1),
        (assign("entriesHashList", []), "entriesHashList is not a plain list", 1),
        (assign("previousBlockHash", OTHER_HASH), "not the hash of the block before", 1),
        (assign("revisions", []), "revisions is not a plain list", 1),
        (assign("redactionInfo", {"revisions": []}), "its redactionInfo does not match", 1),
        (assign("extra", 1), "members: extra", 1),
        (edit_statement, "its transactionInfo does not match", 1),
        (edit_table, "its transactionInfo does not match", 1),
        (edit_entry, "its redactionInfo does not match", 1),
        (add_entry, "entriesHashList has 5 members", 1),
        (drop_revisions, "its list of revisions does not match", 1),
        (swap_revisions, "its list of revisions does not match", 1),
        (list_other_document, "not those of the documents it lists", 1),
        (unlist_documents, "documents are not structs", 1),
        (other_strand, "its strandId is another, the journal's is", 1),
        (forged, "not the hash of the block before", 2),
    ],
)
def test_a_tampered_block_is_named(edit: Callable[[Any], None], reason: str, block: int) -> None:
    with pytest.raises(VerificationError, match=reason) as found:
        verify_blocks(tampered(1, edit))
    assert found.value.sequence_no == block


def test_missing_and_moved_blocks_are_found() -> None:
    blocks = journal()
    with pytest.raises(VerificationError, match="block 2: its sequenceNo is 3"):
        verify_blocks(blocks[:2] + blocks[3:])
    with pytest.raises(VerificationError, match="block 2: its sequenceNo is 3"):
        verify_blocks([*blocks[:2], blocks[3], blocks[2], *blocks[4:]])
    with pytest.raises(VerificationError, match="block 0: its sequenceNo is 1"):
        verify_blocks(blocks[1:])
    with pytest.raises(VerificationError, match="block 3: its sequenceNo is 2"):
        verify_blocks([*blocks[:3], blocks[2]])


def test_only_a_saved_digest_shows_a_cut_or_a_rewritten_journal() -> None:
    digest = verify_blocks(journal()).digest
    cut = journal()[:-1]
    verify_blocks(cut)
    with pytest.raises(VerificationError, match=r"the digest over the blocks 0\.\.4 is"):
        verify_blocks(cut, digest)
    rewritten = [commit.block.ion for commit in sealed([*drafts()[:-1], draft(5, [])])]
    verify_blocks(rewritten)
    with pytest.raises(VerificationError, match="the journal was rewritten"):
        verify_blocks(rewritten, digest)


@pytest.mark.parametrize("data", [b"", b"not Ion", ion.encode(1), ion.encode([])])
def test_what_is_no_block_is_named(data: bytes) -> None:
    with pytest.raises(VerificationError, match="block 1: "):
        verify_blocks([journal()[0], data])


def test_other_bytes_of_the_same_meaning_are_found() -> None:
    blocks = journal()
    padded = bytearray(blocks[3])
    head = padded.index(b"\xee")
    length = padded[head + 2] & 0x7F | padded[head + 1] << 7
    padded[head + 1 : head + 3] = bytes((0, length >> 7, length & 0x7F | 0x80))
    assert ion.text(ion.decode(bytes(padded))) == ion.text(ion.decode(blocks[3]))
    blocks[3] = bytes(padded)
    with pytest.raises(VerificationError, match="block 3: its bytes are not the exact encoding"):
        verify_blocks(blocks)


def test_every_flipped_bit_in_a_stored_block_is_found(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    storage = SqliteStorage(path)
    for commit in sealed():
        storage.append(commit)
    intact = [block.ion for block in storage.blocks(0)]
    chosen = random.Random(20260102)  # The same bits in every run.
    for _ in range(FLIPS):
        number = chosen.randrange(len(intact))
        damaged = bytearray(intact[number])
        bit = chosen.randrange(len(damaged) * 8)
        damaged[bit // 8] ^= 1 << bit % 8
        with storage._file.transaction() as execute:
            execute("UPDATE block SET ion = ? WHERE sequence_no = ?", (bytes(damaged), number))
        with pytest.raises(VerificationError) as found:
            verify_blocks((block.ion for block in storage.blocks(0, number)), ion_hash=ion_hash)
        assert found.value.sequence_no == number, f"bit {bit} of block {number}"
        with storage._file.transaction() as execute:
            execute("UPDATE block SET ion = ? WHERE sequence_no = ?", (intact[number], number))
    verify_blocks(block.ion for block in storage.blocks(0))
    storage.close()
