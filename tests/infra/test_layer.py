"""The layer: the same bytes from the same inputs, for Lambda, without what is of no use there."""

import hashlib
import threading
import zipfile
from pathlib import Path

import pytest

from infra import layer
from infra.errors import LayerError
from infra.layer import archive

LAMBDA = ("aarch64-manylinux2014", "3.13")
UNPACKED_MAX_BYTES = 50_000_000
AARCH64 = 183  # e_machine of an ELF file.
SIX = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The project's own layer, built twice in two folders."""
    first, second = (tmp_path_factory.mktemp(name) for name in ("first", "second"))
    return archive(*LAMBDA, folder=first), archive(*LAMBDA, folder=second)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Requirements of one small package."""
    path = tmp_path / "small.txt"
    path.write_text(SIX)
    return path


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as opened:
        return opened.namelist()


def test_two_builds_have_one_hash(built: tuple[Path, Path]) -> None:
    first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in built)
    assert first == second
    assert built[0].name == built[1].name


def test_it_holds_what_the_workers_import(built: tuple[Path, Path]) -> None:
    found = {name.split("/")[1] for name in names(built[0])}
    wanted = {
        *("amazon", "ionhash", "pyqldb", "aws_kinesis_agg", "opensearchpy"),
        *("aws_lambda_powertools", "aws_xray_sdk", "pydantic", "pydantic_core", "simplejson"),
    }
    assert wanted <= found
    assert (
        found & {"boto3", "botocore", "numpy", "jsonconversion", "grpc", "lark", "pulumi"} == set()
    )


def test_its_native_code_is_for_the_target(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as opened:
        native = [name for name in opened.namelist() if name.endswith(".so")]
        machines = {int.from_bytes(opened.read(name)[18:20], "little") for name in native}
    assert "python/amazon/_ioncmodule.so" in native
    assert machines == {AARCH64}


def test_it_leaves_out_what_a_worker_cannot_use(built: tuple[Path, Path]) -> None:
    found = names(built[0])
    assert [n for n in found if n.endswith((".pyi", ".pyc", ".lock", "/RECORD", "/WHEEL"))] == []
    assert [n for n in found if "/__pycache__/" in n or "/tests/" in n or "-stubs/" in n] == []
    assert any(name.endswith(("/LICENSE", "/LICENSE.txt")) for name in found)
    with zipfile.ZipFile(built[0]) as opened:
        assert sum(entry.file_size for entry in opened.infolist()) < UNPACKED_MAX_BYTES


def test_its_entries_are_sorted_with_fixed_times_and_modes(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as opened:
        entries = opened.infolist()
    assert [e.filename for e in entries] == sorted(e.filename for e in entries)
    assert {(e.date_time, e.external_attr >> 16) for e in entries} == {(layer.ZIP_TIME, 0o644)}
    assert {e.filename.split("/")[0] for e in entries} == {"python"}


def test_it_is_not_built_again_until_something_changes(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "layers"
    first = archive(*LAMBDA, requirements=small, folder=folder)
    first.write_bytes(b"kept")
    assert archive(*LAMBDA, requirements=small, folder=folder).read_bytes() == b"kept"
    small.write_text(SIX + "# changed\n")
    assert archive(*LAMBDA, requirements=small, folder=folder) != first
    assert archive("x86_64-manylinux2014", "3.13", requirements=small, folder=folder) != first
    assert len(list(folder.iterdir())) == 3


def test_builds_at_the_same_time_agree(small: Path, tmp_path: Path) -> None:
    folder, found = tmp_path / "layers", set[Path]()

    def build() -> None:
        found.add(archive(*LAMBDA, requirements=small, folder=folder))

    builders = [threading.Thread(target=build) for _ in range(4)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    (kept,) = found
    assert list(folder.iterdir()) == [kept]
    assert "python/six.py" in names(kept)


def test_a_package_whose_hash_is_not_the_pinned_one_is_refused(small: Path, tmp_path: Path) -> None:
    small.write_text(SIX.replace("4721", "0000"))
    folder = tmp_path / "layers"
    with pytest.raises(LayerError, match=r"could not be fetched from small\.txt.*(?s:.*)six"):
        archive(*LAMBDA, requirements=small, folder=folder)
    assert list(folder.iterdir()) == []


def test_a_package_without_a_hash_is_refused(small: Path, tmp_path: Path) -> None:
    small.write_text("six==1.17.0\n")
    with pytest.raises(LayerError, match="hash"):
        archive(*LAMBDA, requirements=small, folder=tmp_path / "layers")
