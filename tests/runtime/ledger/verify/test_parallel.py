"""Ranges and whole journals verify in several processes, and faults are named as by one."""

import random
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.ledger import ion, merkle
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import StorageError, VerificationError
from runtime.ledger.exports.export import Export
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.storage.sqlite import SqliteStorage
from runtime.ledger.verify.__main__ import main
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.place import Place
from runtime.ledger.verify.shown import Sealer
from runtime.ledger.verify.sources import ExportFolder, LedgerFile
from tests.foreign_journal import vehicles
from tests.runtime.ledger.exports.exporting import at_once, busy_ledger, request
from tests.runtime.ledger.files import changed, written
from tests.runtime.ledger.imports.importing import import_all
from tests.runtime.ledger.journals import change, draft, drafts, sealed
from tests.runtime.ledger.ledgers import run as run_statement
from tests.runtime.ledger.verify.shown_blocks import Journal

BLOCKS = 41
CHUNK = 8
COMMITS = sealed([*drafts(), *(draft(n, [change(n, 0, f"{{n:{n}}}")]) for n in range(6, BLOCKS))])
DIGEST = merkle.fold(COMMITS[-1].block.peaks)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "ledger.sqlite", COMMITS)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_ledgers_file_verifies(file: Path, processes: int) -> None:
    told: list[tuple[int, int]] = []
    found = verify(
        LedgerFile(file),
        digest=DIGEST,
        processes=processes,
        progress=lambda done, total: told.append((done, total)),
        chunk_blocks=CHUNK,
    )
    assert (found.digest, found.blocks, found.revisions) == (DIGEST, BLOCKS, BLOCKS + 2)
    assert told == [(done, BLOCKS) for done in (8, 16, 24, 32, 40, 41)]


def test_the_reference_finds_the_same(file: Path) -> None:
    assert verify(LedgerFile(file, reference=True), processes=1) == verify(LedgerFile(file))


@pytest.mark.parametrize(("first", "end"), [(0, 9), (1, 9), (7, 8), (8, 16), (5, 41), (40, 41)])
def test_a_range_verifies_upon_the_hash_before_it(file: Path, first: int, end: int) -> None:
    before = COMMITS[first - 1].block.block_hash if first else b""
    found = verify(LedgerFile(file), Place(first, before), end, processes=1, chunk_blocks=CHUNK)
    assert found.blocks == end - first
    with pytest.raises(VerificationError, match=f"block {first}: its previousBlockHash"):
        verify(LedgerFile(file), Place(first, bytes(32)), end, processes=1, chunk_blocks=CHUNK)


@pytest.mark.parametrize("number", [0, 7, 8, 9, 30, 40])
def test_a_damaged_block_is_named(file: Path, number: int) -> None:
    data = bytearray(COMMITS[number].block.ion)
    data[len(data) // 2] ^= 4
    changed(file, "UPDATE block SET ion = ? WHERE sequence_no = ?", bytes(data), number)
    with pytest.raises(VerificationError) as found:
        verify(LedgerFile(file), processes=1, chunk_blocks=CHUNK)
    assert found.value.sequence_no == number


@pytest.mark.parametrize("number", [0, 7, 8, 40])
def test_another_journals_block_is_named(file: Path, number: int) -> None:
    """All hashes in it are right; only what is before or after does not fit."""
    pending = [*drafts(), *(draft(n, [change(n, 0, "{x:1}")]) for n in range(6, BLOCKS))]
    pending[0] = draft(0, [change(9, 0, "{x:1}")])
    other = sealed(pending)[number].block.ion
    changed(file, "UPDATE block SET ion = ? WHERE sequence_no = ?", other, number)
    with pytest.raises(VerificationError, match="its previousBlockHash is not") as found:
        verify(LedgerFile(file), processes=1, chunk_blocks=CHUNK)
    assert found.value.sequence_no == (number or 1)


@pytest.mark.parametrize("number", [0, 8, 12, 40])
def test_a_missing_block_is_named(file: Path, number: int) -> None:
    changed(file, "DELETE FROM block WHERE sequence_no = ?", number)
    if number == 40:
        assert verify(LedgerFile(file), processes=1).blocks == 40
        with pytest.raises(VerificationError, match="not the one given"):
            verify(LedgerFile(file), digest=DIGEST, processes=1)
    with pytest.raises(VerificationError, match=f"^block {number}: "):
        verify(LedgerFile(file), end=BLOCKS, processes=1, chunk_blocks=CHUNK)


def test_what_is_no_ledger_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read the ledger"):
        verify(LedgerFile(tmp_path / "none"))


@pytest.fixture
def exported(tmp_path: Path) -> tuple[Path, str]:
    """A folder with an export in small objects, and its final manifest."""
    storage = SqliteStorage(tmp_path / "busy.sqlite")
    ledger = busy_ledger(storage)
    destination = FolderDestination(tmp_path / "export")
    export = Export(ledger, request(), destination, wait=at_once, object_bytes_max=3_000)
    manifest = export.run()
    storage.close()
    assert manifest is not None
    return tmp_path / "export", manifest


def test_an_export_verifies(exported: tuple[Path, str]) -> None:
    found = verify(ExportFolder(*exported), processes=2, chunk_blocks=4)
    assert found.blocks > 10
    assert verify(ExportFolder(*exported, Sealer.QLDB), processes=1) == found


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_the_command_tells_by_its_status(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = b64encode(DIGEST).decode()
    status, out, _ = run(capsys, "ledger", str(file), "--digest", digest, "--processes", "1")
    assert (status, f"{BLOCKS} blocks with {BLOCKS + 2} revisions are in order" in out) == (0, True)
    assert digest in out
    before = b64encode(COMMITS[9].block.block_hash).decode()
    status, out, _ = run(
        capsys, "ledger", str(file), "--first", "10", "--previous-hash", before, "--last", "12"
    )
    assert (status, "blocks 10 to 12" in out) == (0, True)
    wrong = b64encode(bytes(32)).decode()
    status, _, err = run(capsys, "ledger", str(file), "--digest", wrong, "--processes", "1")
    assert (status, "not verified: block 40: the digest" in err) == (1, True)
    status, _, err = run(capsys, "ledger", str(tmp_path / "none"))
    assert (status, "cannot verify: cannot read the ledger" in err) == (2, True)
    with pytest.raises(SystemExit) as ended:
        main(["ledger", str(file), "--first", "3", "--digest", digest])
    assert ended.value.code == 2


def test_the_command_verifies_exports(
    exported: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, manifest = exported
    prefix = manifest.rpartition("/")[0]
    status, out, _ = run(capsys, "export", str(folder), "--prefix", prefix, "--processes", "1")
    assert (status, "are in order" in out) == (0, True)
    [data, *_] = sorted(folder.rglob("*.ion"))
    data.write_bytes(data.read_bytes().replace(b"CREATE", b"CREATX", 1))
    status, _, err = run(capsys, "export", str(folder), "--prefix", prefix, "--processes", "1")
    assert (status, "not verified: block 0: " in err) == (1, True)


@pytest.fixture
def moved_in(tmp_path: Path) -> Path:
    """A ledger's file that QLDB began and this ledger went on with."""
    journal, _ = vehicles()
    path = tmp_path / "vehicles.sqlite"
    storage = SqliteStorage(path)
    import_all(journal.exported(), storage)
    ledger = Ledger(storage, name="vehicles")
    for number in range(8):
        run_statement(ledger, "INSERT INTO Vehicle ?", {"n": number})
    storage.close()
    return path


@pytest.mark.parametrize(("processes", "chunk"), [(1, 1024), (1, 4), (1, 1), (2, 4)])
def test_a_ledger_that_qldb_began_verifies(moved_in: Path, processes: int, chunk: int) -> None:
    source = LedgerFile(moved_in, sealer=Sealer.QLDB)
    found = verify(source, processes=processes, chunk_blocks=chunk)
    assert found.blocks == source.span()[1] > 20
    with pytest.raises(VerificationError, match=r"^block 0, revision 0: "):
        verify(LedgerFile(moved_in), processes=processes, chunk_blocks=chunk)


@pytest.mark.parametrize("chunk", [1024, 4, 1])
def test_blocks_after_qldbs_are_held_to_all_that_this_ledger_seals(
    moved_in: Path, chunk: int
) -> None:
    """A block's time is in no hash that QLDB published; in the hash of our header it is."""
    source = LedgerFile(moved_in, sealer=Sealer.QLDB)
    last = source.span()[1] - 1
    [data] = source.blocks(last, last + 1)
    block = ion.decode(data)
    block["blockTimestamp"] = ion.parse("2031-01-01T00:00:00.000Z")
    changed(moved_in, "UPDATE block SET ion = ? WHERE sequence_no = ?", ion.encode(block), last)
    with pytest.raises(VerificationError) as found:
        verify(source, processes=1, chunk_blocks=chunk)
    assert found.value.sequence_no == last


def test_every_block_of_a_ledger_that_qldb_began_is_named_when_damaged(moved_in: Path) -> None:
    source = LedgerFile(moved_in, sealer=Sealer.QLDB)
    _, end = source.span()
    chance = random.Random(7)
    for number, data in enumerate(list(source.blocks(0, end))):
        damaged = bytearray(data)
        # What QLDB has not published a hash of: address, time, transaction id are at the start.
        covered = data.index(b"\xae\xa0") + 2
        bit = chance.randrange(covered * 8, len(data) * 8)
        damaged[bit // 8] ^= 1 << bit % 8
        update = "UPDATE block SET ion = ? WHERE sequence_no = ?"
        changed(moved_in, update, bytes(damaged), number)
        with pytest.raises(VerificationError) as found:
            verify(source, processes=1)
        assert found.value.sequence_no == number, (number, bit)
        changed(moved_in, update, data, number)
    verify(source, processes=1)


JOURNAL = Journal(sealed())


def proof_text(**members: Any) -> str:
    tip = JOURNAL.digest(5)
    given = {
        "digest": tip.value,
        "digestTipAddress": {"strandId": tip.strand_id, "sequenceNo": 5},
        "proof": [],
    }
    return ion.text(ion.decode(ion.encode({**given, **members})))


def block_members() -> dict[str, Any]:
    return {"block": JOURNAL.block(1), "proof": JOURNAL.block_proof(1, 5)}


def revision_members() -> dict[str, Any]:
    document_id = str(JOURNAL.block(3)["revisions"][0]["metadata"]["id"])
    revision, proof = JOURNAL.revision(3, document_id, 5)
    return {"revision": revision, "proof": proof, "block": JOURNAL.block(3)}


def consistency_members() -> dict[str, Any]:
    old = JOURNAL.digest(2)
    return {
        "oldDigest": old.value,
        "oldDigestTipAddress": {"strandId": old.strand_id, "sequenceNo": 2},
        "proof": JOURNAL.consistency(2, 5),
    }


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        (block_members, "block 1 is under the digest of blocks 0 to 5"),
        (revision_members, "version 1 of document"),
        (consistency_members, "covers all that the digest up to block 2 covered"),
    ],
)
def test_the_command_verifies_proofs(
    members: Callable[[], dict[str, Any]],
    shown: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "proof.ion"
    given = members()
    path.write_text(proof_text(**given))
    status, out, _ = run(capsys, "proof", str(path))
    assert (status, shown in out) == (0, True)
    path.write_text(proof_text(**{**given, "proof": given["proof"][::-1]}))
    status, _, err = run(capsys, "proof", str(path))
    assert (status, err.startswith("not verified: ")) == (1, True)


@pytest.mark.parametrize("text", ["", "5", "{}", proof_text()])
def test_what_is_no_proof_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "proof.ion"
    path.write_text(text)
    assert run(capsys, "proof", str(path))[0] == 1
