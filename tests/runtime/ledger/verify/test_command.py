"""What the command says of ranges, of digests that were kept, and of files that are damaged."""

import random
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.ledger import ion, merkle
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.verify.__main__ import main
from runtime.ledger.verify.kept import KeptDigest
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.sources import LedgerFile
from tests.fakes import MemoryStorage
from tests.runtime.ledger.exports.exporting import busy_ledger, export
from tests.runtime.ledger.files import changed, revision_index, written
from tests.runtime.ledger.journals import change, draft, drafts, sealed

BLOCKS = 41
COMMITS = sealed([*drafts(), *(draft(n, [change(n, 0, f"{{n:{n}}}")]) for n in range(6, BLOCKS))])
HASHES = [commit.block.block_hash for commit in COMMITS]
FLIPS = 400

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "ledger.sqlite", COMMITS)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process; its status and all that it printed."""

    def of(*arguments: object) -> tuple[int, str]:
        processes = () if arguments[0] == "proof" else ("--processes", "1")
        try:
            status = main([*map(str, arguments), *processes])
        except SystemExit as ended:
            status = int(str(ended.code))
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return of


def digest(number: int) -> str:
    return b64encode(merkle.fold(COMMITS[number].block.peaks)).decode()


def base64(data: bytes) -> str:
    return b64encode(data).decode()


@pytest.mark.parametrize("first", [1, 10, 40])
def test_a_range_is_held_to_the_block_before_it_as_it_is_there(
    file: Path, run: Run, first: int
) -> None:
    status, told = run("ledger", file, "--first", first)
    assert status == 0
    assert f"blocks {first} to 40, upon block {first - 1} as it is there" in told
    assert base64(HASHES[first - 1]) in told
    held = run("ledger", file, "--first", first, "--previous-hash", base64(HASHES[first - 1]))
    assert (held[0], "upon the hash given" in held[1]) == (0, True)
    status, told = run("ledger", file, "--first", first, "--previous-hash", base64(bytes(32)))
    assert (status, f"block {first}: its previousBlockHash" in told) == (1, True)


def test_a_block_before_a_range_is_held_to_its_own_hashes(file: Path, run: Run) -> None:
    block = ion.decode(COMMITS[9].block.ion)
    block["blockHash"] = bytes(32)
    changed(file, "UPDATE block SET ion = ? WHERE sequence_no = 9", ion.encode(block))
    status, told = run("ledger", file, "--first", 10)
    assert (status, "not verified: block 9: its blockHash" in told) == (1, True)
    changed(file, "DELETE FROM block WHERE sequence_no = 9")
    status, told = run("ledger", file, "--first", 10)
    assert (status, "not verified: block 9: it is missing" in told) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--first 100 --last 20", "--last 20 is before --first 100"),
        ("--first 100", "there is no block 100: the newest is 40"),
        ("--first 41", "there is no block 41: the newest is 40"),
        ("--first -1", "is not a number from 0 on"),
        ("--last -1", "is not a number from 0 on"),
        ("--last 1e3", "is not a number from 0 on"),
        ("--last 9999999999999999", "is not a number from 0 on"),
        ("--processes 0", "'0' is not a number from 1 on"),
        (f"--previous-hash {base64(bytes(32))}", "block 0 follows no other"),
        (f"--first 3 --previous-hash {base64(bytes(31))}", "31 bytes, a hash has 32"),
        ("--first 3 --previous-hash=", "0 bytes, a hash has 32"),
        ("--digest=", "0 bytes, a hash has 32"),
        ("--digest ####", "is neither base64 nor hex"),
        (f"--digest {'g' * 64}", "is neither base64 nor hex"),
        (f"--first 3 --digest {digest(40)}", "leave out --first or --digest"),
    ],
)
def test_options_without_sense_are_told_as_such(
    file: Path, run: Run, options: str, message: str
) -> None:
    status, told = run("ledger", file, *options.split(" "))
    # The last --processes counts, so that a wrong one has to stand first to be refused.
    assert (status, message in told) == (2, True), told


@pytest.mark.parametrize("options", ["--last 41", "--first 41 --last 41", "--last 999999999999"])
def test_blocks_that_are_said_to_be_there_are_missing(file: Path, run: Run, options: str) -> None:
    status, told = run("ledger", file, *options.split(" "))
    assert (status, "block 41: it is missing: the newest is 40" in told) == (1, True), told


def test_nothing_can_be_told_of_an_empty_ledger(tmp_path: Path, run: Run) -> None:
    file = written(tmp_path / "empty.sqlite", [])
    for options in ([], ["--first", 3], ["--last", 3]):
        status, told = run("ledger", file, *options)
        assert (status, "there is no block yet" in told) == (2, True)


def test_an_export_that_begins_later_asks_for_the_hash_before_it(tmp_path: Path, run: Run) -> None:
    storage = MemoryStorage()
    busy_ledger(storage)
    manifest = tmp_path / export(storage, FolderDestination(tmp_path))
    text = manifest.read_text()
    keys = ion.parse(text)["keys"]
    first = int(keys[1].split(".")[1].split("-")[0])
    manifest.write_text(ion.text(ion.decode(ion.encode({"keys": [str(key) for key in keys[1:]]}))))
    asked = ("export", tmp_path, "--prefix", "journal")
    status, told = run(*asked)
    assert (status, f"with --first {first} and the hash of block {first - 1}" in told) == (2, True)
    status, told = run(*asked, "--first", first)
    assert (status, f"give the hash of block {first - 1} as --previous-hash" in told) == (2, True)
    status, told = run(*asked, "--first", first - 1)
    assert (status, f"the first block is {first}, not {first - 1}" in told) == (2, True)
    [before] = storage.blocks(first - 1, first - 1)
    assert run(*asked, "--first", first, "--previous-hash", base64(before.block_hash))[0] == 0
    status, told = run(*asked, "--first", first + 1)
    assert (status, f"upon block {first} as it is there" in told) == (0, True)


@pytest.mark.parametrize("number", [0, 1, 6, 31, 39])
def test_an_earlier_digest_is_found(file: Path, run: Run, number: int) -> None:
    status, told = run("ledger", file, "--digest", digest(number))
    assert status == 0
    assert f"the one given is that of the blocks up to {number}, to which later ones" in told
    status, told = run("ledger", file, "--digest", digest(number), "--last", number)
    assert (status, told.rstrip().endswith("as given")) == (0, True)
    status, told = run("ledger", file, "--digest", digest(number), "--last", number + 1)
    assert (status, "or that one is of another block" in told) == (1, True)


def test_the_newest_digest_is_as_given(file: Path, run: Run) -> None:
    status, told = run("ledger", file, "--digest", digest(40))
    in_hex = merkle.fold(COMMITS[40].block.peaks).hex()
    assert run("ledger", file, "--digest", in_hex) == (status, told)
    assert (status, told.rstrip().endswith("as given")) == (0, True)


def test_a_digest_of_no_block_is_told(file: Path, run: Run) -> None:
    status, told = run("ledger", file, "--digest", base64(HASHES[3]))
    assert (status, "not verified: block 40: the digest given" in told) == (1, True)
    assert "for any n up to 40: the journal was rewritten or cut off" in told


def test_an_earlier_digest_is_found_across_processes(file: Path) -> None:
    kept = KeptDigest(merkle.fold(COMMITS[20].block.peaks))
    verify(LedgerFile(file), processes=2, chunk_blocks=8, kept=kept)
    assert kept.found() == 20


@pytest.mark.parametrize(
    ("value", "held"), [("NULL", "NoneType"), ("'text'", "str"), ("17", "int"), ("1.5", "float")]
)
def test_a_row_without_bytes_is_named(
    file: Path, tmp_path: Path, run: Run, value: str, held: str
) -> None:
    """As one flipped bit in a record's header makes it, whatever the table's definition says."""
    other = sqlite3.connect(tmp_path / "loose.sqlite")
    with other:
        other.execute("CREATE TABLE block (sequence_no INTEGER PRIMARY KEY, ion)")
        for number, commit in enumerate(COMMITS):
            other.execute("INSERT INTO block VALUES (?, ?)", (number, commit.block.ion))
        other.execute(f"UPDATE block SET ion = {value} WHERE sequence_no = 7")
    other.close()
    status, told = run("ledger", tmp_path / "loose.sqlite")
    assert (status, f"block 7: its row has {held} in the place of its bytes" in told) == (1, True)


def test_a_block_with_a_huge_number_does_not_hide_that_one_is_missing(file: Path, run: Run) -> None:
    changed(file, f"UPDATE block SET sequence_no = {2**60} WHERE sequence_no = 33")
    status, told = run("ledger", file)
    assert (status, "not verified: block 33: it is missing" in told) == (1, True)


def test_what_is_no_ledger_is_refused(tmp_path: Path, run: Run) -> None:
    no_database, empty = tmp_path / "text", tmp_path / "empty"
    no_database.write_text("no ledger" * 1000)
    empty.touch()
    for path in (no_database, empty, tmp_path, tmp_path / "none"):
        status, told = run("ledger", path)
        assert (status, "cannot verify: cannot read the ledger" in told) == (2, True), path


def test_flipped_bits_of_a_file_are_told_or_do_no_harm(tmp_path: Path, run: Run) -> None:
    """Wherever they are: in rows, in pages, in what SQLite keeps of its tables."""
    file = written(tmp_path / "small.sqlite", COMMITS[:12])
    sound, chance = file.read_bytes(), random.Random(8)
    whole = run("ledger", file)
    first_page = [chance.randrange(4096 * 8) for _ in range(FLIPS // 2)]
    for bit in [*first_page, *(chance.randrange(len(sound) * 8) for _ in range(FLIPS // 2))]:
        data = bytearray(sound)
        data[bit // 8] ^= 1 << bit % 8
        file.write_bytes(data)
        status, told = run("ledger", file)
        if status == 0:
            assert (status, told) == whole, bit
        else:
            named = ("not verified: block ", f"cannot read the ledger {file}", f"{file} is damaged")
            assert any(each in told for each in named), bit


def test_a_file_whose_index_is_damaged_is_not_in_order(file: Path, run: Run) -> None:
    """Though each block is: whoever asks for a document may be told that there is none."""
    data = bytearray(file.read_bytes())
    data[revision_index(file).stop - 10] ^= 1
    file.write_bytes(data)
    status, told = run("ledger", file)
    assert status == 1
    assert "the blocks are in order, but" in told
    assert "sqlite_autoindex_revision_1" in told


def test_a_proof_that_is_not_text_is_refused(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "proof.ion"
    path.write_bytes(b"{digest:\xff}")
    status, told = run("proof", path)
    assert (status, "holds no proof: byte 8 is not UTF-8" in told) == (1, True)
