"""Archives depend on nothing but their content."""

import os
import zipfile
from io import BytesIO
from pathlib import Path

import pulumi
import pytest

from local.deployer import archives
from local.errors import DeploymentError


def archive(folder: Path, names: list[str]) -> pulumi.AssetArchive:
    return pulumi.AssetArchive({name: pulumi.FileAsset(str(folder / name)) for name in names})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"name = {name!r}\n")
    return tmp_path


def test_the_same_content_gives_the_same_bytes(folder: Path) -> None:
    first = archives.packed(archive(folder, ["a.py", "b.py"]))
    os.utime(folder / "a.py", (1, 1))
    (folder / "b.py").chmod(0o600)
    assert archives.packed(archive(folder, ["b.py", "a.py"])) == first


def test_the_digest_follows_content_and_names(folder: Path) -> None:
    digests = {
        archives.digest(archive(folder, ["a.py"])),
        archives.digest(archive(folder, ["b.py"])),
        archives.digest(archive(folder, ["a.py", "b.py"])),
    }
    (folder / "a.py").write_text("name = 'changed'\n")
    digests.add(archives.digest(archive(folder, ["a.py"])))
    assert len(digests) == 4


def test_nested_archives_and_folders_are_laid_out(folder: Path) -> None:
    nested = pulumi.AssetArchive(
        {
            "text.txt": pulumi.StringAsset("hello"),
            "inner": archive(folder, ["a.py"]),
            "folder": pulumi.FileArchive(str(folder)),
        }
    )
    with zipfile.ZipFile(BytesIO(archives.packed(nested))) as opened:
        assert opened.namelist() == ["folder/a.py", "folder/b.py", "inner/a.py", "text.txt"]


def test_a_zip_is_taken_as_it_is(folder: Path) -> None:
    (folder / "layer.zip").write_bytes(b"PK as it is")
    assert archives.packed(pulumi.FileArchive(str(folder / "layer.zip"))) == b"PK as it is"


def test_what_cannot_be_packed_is_refused() -> None:
    with pytest.raises(DeploymentError, match="RemoteArchive"):
        archives.packed(pulumi.RemoteArchive("https://example.com/a.zip"))
