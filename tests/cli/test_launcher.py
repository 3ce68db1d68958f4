"""`adledger` as make installs it: it runs from any folder, through any link."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.parser import CHECKOUT, parser

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """What make puts into an environment that is there."""
    checkout = tmp_path / "checkout"
    for name in ("uv", "dev", "emulator"):
        path = checkout / "requirements" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (checkout / "bin").symlink_to(ROOT / "bin")
    (checkout / ".venv" / "bin").mkdir(parents=True)
    for path in ("bin/python", "installed"):
        (checkout / ".venv" / path).touch()
    for _ in range(2):  # Again does no harm.
        made = run("make", "-f", ROOT / "Makefile", "install", folder=checkout)
        assert (made.returncode, made.stderr) == (0, "")
    return checkout / ".venv" / "bin" / "adledger"


def test_it_runs_from_any_folder_through_any_link(installed: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for name in ("cli", "runtime"):  # Packages of somebody else's.
        (elsewhere / name).mkdir(parents=True)
        (elsewhere / name / "__init__.py").write_text("raise SystemExit('not this one')")
    link = tmp_path / "link"
    link.symlink_to(installed)
    for command in (installed, link, os.path.relpath(link, elsewhere)):
        done = run(command, "--help", folder=elsewhere)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("usage: adledger ")


def test_the_checkouts_own_stack_is_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    options = parser().parse_args(["replay", "list"])
    assert options.outputs == CHECKOUT / ".local" / "outputs.json"
    assert CHECKOUT == ROOT
