"""What is deployed to Lambda: each worker's own code, from a list of files that is made here.

A folder is never handed over whole: bytecode, lock files and what editors leave behind would
change a package's hash, and with it the function, without any change of code.
"""

from pathlib import Path

import pulumi

from infra.errors import PackageError

ROOT = Path(__file__).resolve().parents[1]
SUFFIXES = frozenset({".py", ".lark", ".json"})
"""Code, grammars and data; nothing else is deployed."""

WORKERS: dict[str, tuple[str, ...]] = {
    "commands": ("ads", "ad_ledger", "ledger", "web", "commands"),
    "queries": ("ads", "ad_ledger", "ledger", "web", "state", "commands", "queries"),
    "search": ("ads", "web", "search_index", "search"),
    "publish_journal": ("ads", "journal", "ledger", "publish_journal"),
    "project_state": ("ads", "journal", "ledger", "state", "project_state"),
    "project_search": ("ads", "journal", "ledger", "search_index", "project_search"),
    "replay": (
        *("ads", "ad_ledger", "journal", "ledger", "ledger/exports", "replays", "search_index"),
        *("snapshots", "state", "replay"),
    ),
    "operations": (
        *("ad_ledger", "ads", "journal", "lag", "ledger", "ledger/exports", "replays"),
        *("search_index", "snapshots", "state", "web"),
        "operations",
    ),
    "snapshot": (
        *("ads", "ad_ledger", "journal", "ledger", "ledger/exports", "ledger/imports"),
        *("snapshots", "snapshot"),
    ),
    "publish_events": ("ads", "ad_events", "ad_ledger", "journal", "ledger", "publish_events"),
}
"""By worker, the packages under runtime/ that it imports; the last is its own.

The queries describe the commands as well: one OpenAPI document covers the publishers' API.
"""

_VERIFYING = ("__main__", "answers", "parallel", "ranges", "sources")
LEFT_OUT = (
    *("ledger/exports", "ledger/imports", "ledger/server", "ledger/streams"),
    *("ledger/audit", "ledger/backups", "ledger/expected.py", "ledger/progress.py"),
    *(f"ledger/verify/{name}.py" for name in _VERIFYING),
)
"""Packages and commands within packages that are left out of a worker's, unless named for it."""


def handler(worker: str) -> str:
    """The worker's entry, as Lambda names it."""
    return f"runtime.{worker}.handler.handler"


def files(worker: str, root: Path = ROOT) -> list[str]:
    """Paths of the worker's files relative to `root`, sorted; PackageError where one is missing."""
    runtime = root / "runtime"
    packages = WORKERS[worker]
    found = {runtime / "__init__.py"}
    for package in packages:
        if not (runtime / package / "__init__.py").is_file():
            raise PackageError(
                f"worker {worker}: runtime/{package}/__init__.py is missing; "
                "restore it, or take the package out of WORKERS in infra/packages.py"
            )
        found |= {
            path
            for path in (runtime / package).rglob("*")
            if _is_deployed(path) and not _is_left_out(path.relative_to(runtime), packages)
        }
    if not (runtime / worker / "handler.py").is_file():
        raise PackageError(f"worker {worker}: runtime/{worker}/handler.py is missing")
    return sorted(path.relative_to(root).as_posix() for path in found)


def code(worker: str, root: Path = ROOT) -> pulumi.AssetArchive:
    """The worker's archive; paths in it are importable as they stand in the repository."""
    return pulumi.AssetArchive(
        {path: pulumi.FileAsset(str(root / path)) for path in files(worker, root)}
    )


def _is_deployed(path: Path) -> bool:
    return path.is_file() and path.suffix in SUFFIXES and not path.name.startswith(".")


def _is_left_out(path: Path, packages: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(package) for package in set(LEFT_OUT) - set(packages))
