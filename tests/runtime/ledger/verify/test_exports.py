"""Damage in an export is told as damage, with the block or the object that it is in."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.ledger import ion
from runtime.ledger.errors import VerificationError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader
from runtime.ledger.verify.__main__ import main
from runtime.ledger.verify.parallel import verify
from runtime.ledger.verify.sources import ExportFolder
from tests.fakes import MemoryStorage
from tests.runtime.ledger.exports.exporting import busy_ledger, export

FLIPS = 150
FORMATS = ("ION_TEXT", "ION_BINARY")


@pytest.fixture(params=FORMATS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> ExportFolder:
    return exported(tmp_path, request.param)


def exported(path: Path, form: str) -> ExportFolder:
    storage = MemoryStorage()
    busy_ledger(storage)
    manifest = export(storage, FolderDestination(path), bytes_max=20_000, output_format=form)
    return ExportFolder(path, manifest)


def block_ends(folder: ExportFolder, file: Path) -> list[tuple[int, int]]:
    """The number of each block in an object and the byte behind it."""
    data = file.read_bytes()
    reader = ExportReader(FolderDestination(folder.folder), folder.manifest)
    [named] = [named for key, named in reader.objects if file == folder.folder / key]
    separator = b"\xe0\x01\x00\xea" if data.startswith(b"\xe0") else b"\n"
    parts = data.split(separator)
    sizes = [len(part) + len(separator) for part in (parts[1:] if parts[0] == b"" else parts[:-1])]
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    assert ends[-1] == len(data)
    return list(zip(range(named.first, named.last + 1), ends, strict=True))


def flips(folder: ExportFolder, seed: int, count: int) -> Iterator[tuple[Path, int, int]]:
    """Files with one bit flipped, put right afterwards; the bit, and the number of its block."""
    chance = random.Random(seed)
    files = sorted(folder.folder.rglob("*.ion"))
    sizes = [file.stat().st_size for file in files]
    for file in chance.choices(files, sizes, k=count):
        data = bytearray(sound := file.read_bytes())
        bit = chance.randrange(len(data) * 8)
        number = next(n for n, end in block_ends(folder, file) if bit // 8 < end)
        data[bit // 8] ^= 1 << bit % 8
        file.write_bytes(data)
        yield file, bit, number
        file.write_bytes(sound)


def test_a_flipped_bit_is_found_in_its_block(folder: ExportFolder) -> None:
    for file, bit, number in flips(folder, 11, FLIPS):
        with pytest.raises(VerificationError) as found:
            verify(folder, processes=1)
        assert found.value.sequence_no == number, (file, bit, found.value)


def test_what_is_not_utf_8_late_in_an_object_is_found_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exported(tmp_path, "ION_TEXT")
    file = max(tmp_path.rglob("*.ion"), key=lambda file: file.stat().st_size)
    data = bytearray(file.read_bytes())
    data[-20] |= 0x80
    file.write_bytes(data)
    last, _ = block_ends(folder, file)[-1]
    assert main(["export", str(tmp_path), "--prefix", "journal", "--processes", "1"]) == 1
    told = capsys.readouterr().err
    assert f"not verified: block {last}: object " in told
    assert f"{file.name}: block {last}, which begins at byte " in told
    assert f"byte {len(data) - 20} is not UTF-8" in told


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_manifest_is_named(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exported(tmp_path, form)
    manifest = tmp_path / folder.manifest
    sound, chance = manifest.read_bytes(), random.Random(3)
    for _ in range(60):
        data = bytearray(sound)
        bit = chance.randrange((len(data) - 1) * 8)
        data[bit // 8] ^= 1 << bit % 8
        manifest.write_bytes(data)
        status = main(["export", str(tmp_path), "--prefix", "journal", "--processes", "1"])
        told = capsys.readouterr().err
        assert (status, "object " in told) == (1, True), (bit, told)


def test_what_is_told_of_damage_is_printable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported(tmp_path, "ION_TEXT")
    file = min(tmp_path.rglob("*.ion"))
    file.write_bytes(file.read_bytes().replace(b"entriesHashList", rb"'entries\x1b\nHash'", 1))
    assert main(["export", str(tmp_path), "--prefix", "journal", "--processes", "1"]) == 1
    told = capsys.readouterr().err.removesuffix("\n")
    assert told.isprintable()
    assert r"entries\u001b\u000aHash" in told


def test_json_is_refused_however_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has lost the types that hashes were made of, so nothing in it can be told."""
    exported(tmp_path, "JSON")
    for file in tmp_path.rglob("*.json"):
        file.write_bytes(file.read_bytes().replace(b"INSERT", b"INSERU"))
    assert main(["export", str(tmp_path), "--prefix", "journal"]) == 2
    assert "is JSON, which has lost the types" in capsys.readouterr().err


def test_an_export_that_was_written_anew_verifies_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exported(tmp_path, "ION_TEXT")
    for file in tmp_path.rglob("*.ion"):
        blocks = [ion.text(block) for block in ion.stream(file.read_bytes())]
        file.write_text("\n\n".join(blocks).replace(",", " , "))
    asked = ["export", str(tmp_path), "--prefix", "journal", "--processes", "1"]
    assert main(asked) == 1
    assert "block 0: object journal/" in (told := capsys.readouterr().err)
    assert "has not the bytes that this ledger wrote" in told
    assert folder.span()[0] == 0
    assert main([*asked, "--rewritten"]) == 0


def test_an_export_that_has_not_ended_cannot_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exported(tmp_path, "ION_TEXT")
    (tmp_path / folder.manifest).unlink()
    assert main(["export", str(tmp_path), "--prefix", "journal"]) == 2
    assert "has not ended" in capsys.readouterr().err
