"""Packages: exactly the files that a worker imports, and a clear word where one is missing."""

import ast
import subprocess
import sys
from pathlib import Path

import pulumi
import pytest

from infra import packages
from infra.errors import PackageError
from infra.packages import ROOT, WORKERS, code, files, handler

EACH_WORKER = pytest.mark.parametrize("worker", sorted(WORKERS))
IMPORT_TIMEOUT_S = 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with every package that the search worker needs."""
    for package in WORKERS["search"]:
        (tmp_path / "runtime" / package).mkdir(parents=True)
        (tmp_path / "runtime" / package / "__init__.py").touch()
    (tmp_path / "runtime" / "__init__.py").touch()
    (tmp_path / "runtime" / "search" / "handler.py").touch()
    return tmp_path


def module_of(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """The modules of runtime/ that a file imports, wherever in it it does."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] == "runtime"}


@EACH_WORKER
def test_a_worker_is_given_all_that_it_imports(worker: str) -> None:
    listed = files(worker)
    modules = {module_of(path) for path in listed}
    for path in listed:
        if path.endswith(".py"):
            assert imported(ROOT / path) <= modules, path


@EACH_WORKER
def test_a_worker_is_given_no_package_that_it_does_not_import(worker: str) -> None:
    listed = [path for path in files(worker) if path.endswith(".py")]
    names = {name for path in listed for name in imported(ROOT / path)}
    used = {name.split(".")[1] for name in names}
    inner = {"/".join(name.split(".")[1:3]) for name in names} & set(packages.LEFT_OUT)
    assert set(WORKERS[worker]) == used | inner | {worker}


def test_a_package_within_a_package_is_deployed_only_where_it_is_named() -> None:
    exports = "runtime/ledger/exports/s3.py"
    assert exports in files("snapshot")
    assert exports not in files("commands")


@EACH_WORKER
def test_a_worker_can_be_imported_from_its_archive_alone(worker: str, tmp_path: Path) -> None:
    for path in files(worker):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    module, _, name = handler(worker).rpartition(".")
    program = f"import importlib; assert callable(importlib.import_module({module!r}).{name})"
    environment = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=IMPORT_TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@EACH_WORKER
def test_the_list_is_sorted_and_holds_code_alone(worker: str) -> None:
    listed = files(worker)
    assert listed == sorted(set(listed))
    assert {Path(path).suffix for path in listed} <= packages.SUFFIXES
    assert [path for path in listed if "__pycache__" in path or "/." in path] == []
    assert "runtime/__init__.py" in listed


def test_the_archive_has_the_listed_files_by_absolute_path() -> None:
    assets = code("search").assets
    assert sorted(assets) == files("search")
    for path, asset in assets.items():
        assert isinstance(asset, pulumi.FileAsset)
        assert asset.path == str(ROOT / path)
        assert Path(str(asset.path)).is_absolute()


def test_what_editors_and_python_leave_behind_is_not_deployed(root: Path) -> None:
    clean = files("search", root)
    leftovers = ["__pycache__/a.cpython-313.pyc", ".lock", "handler.py~", ".#handler.py", "a.orig"]
    for name in leftovers:
        path = root / "runtime" / "search" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert files("search", root) == clean


def test_new_files_are_found_without_being_named(root: Path) -> None:
    (root / "runtime" / "search" / "words").mkdir()
    (root / "runtime" / "search" / "words" / "grammar.lark").touch()
    assert "runtime/search/words/grammar.lark" in files("search", root)


def test_a_missing_package_is_named_with_its_worker(root: Path) -> None:
    (root / "runtime" / "web" / "__init__.py").unlink()
    with pytest.raises(PackageError, match=r"worker search: runtime/web/__init__\.py is missing"):
        files("search", root)


def test_a_missing_handler_is_named(root: Path) -> None:
    (root / "runtime" / "search" / "handler.py").unlink()
    with pytest.raises(PackageError, match=r"runtime/search/handler\.py is missing"):
        files("search", root)
