"""The layer: what the workers import from elsewhere, fetched by uv for Lambda, not for this host.

The same inputs give the same bytes, on every run and in every folder, so that a deployment
changes the layer only when a dependency changes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import uv

from infra.errors import LayerError
from infra.packages import ROOT

RECIPE = 1
"""Raised when this module makes another layer of the same inputs."""
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
BUILD_REQUIREMENTS = ROOT / "requirements" / "layer-build.txt"
BUILT = ROOT / "build" / "layer"
BUILD_TIMEOUT_S = 600
FROM_SOURCE = ("ionhash", "pyqldb")
"""Published without a wheel; both are pure Python."""
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o644 << 16

LEFT_OUT_FOLDERS = frozenset({"__pycache__", "tests", "bin", "sboms"})
LEFT_OUT_SUFFIXES = frozenset({".pyi", ".pyc", ".lock"})
LEFT_OUT_METADATA = frozenset({"RECORD", "WHEEL", "top_level.txt", "zip-safe"})
"""Of a package's metadata, what an installer reads; names, versions and licences stay."""


def archive(
    platform: str,
    python_version: str,
    *,
    requirements: Path = REQUIREMENTS,
    folder: Path = BUILT,
) -> Path:
    """The layer's zip for a platform (as uv names it) and a Python version, built where missing.

    It is kept in `folder` under a hash of all it is made from. Several processes may ask at once:
    each builds on the side, and the rename that ends a build replaces a file with its equal.
    """
    kept = folder / f"{_key(platform, python_version, requirements)}.zip"
    if kept.is_file():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as place:
        fetched, packed = Path(place, "python"), Path(place, "layer.zip")
        _fetch(platform, python_version, requirements, fetched)
        _pack(fetched, packed)
        packed.replace(kept)
    return kept


def _key(platform: str, python_version: str, requirements: Path) -> str:
    """Hex hash of everything a layer is made from."""
    texts = (requirements.read_text(), BUILD_REQUIREMENTS.read_text())
    inputs = "\0".join([str(RECIPE), platform, python_version, *texts])
    return hashlib.sha256(inputs.encode()).hexdigest()[:32]


def _fetch(platform: str, python_version: str, requirements: Path, target: Path) -> None:
    """Install the requirements into `target`; LayerError carries what uv said."""
    sources = [word for name in FROM_SOURCE for word in ("--no-binary", name)]
    command = [
        *(uv.find_uv_bin(), "pip", "install", "--python", sys.executable),
        *("--target", str(target), "--requirements", str(requirements)),
        *("--python-platform", platform, "--python-version", python_version),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", *sources),
        *("--build-constraints", str(BUILD_REQUIREMENTS)),
        *("--no-installer-metadata", "--no-compile-bytecode"),
    ]
    # A wheel built here from source takes its times from this, not from the clock.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    try:
        subprocess.run(
            command,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_S,
        )
    except subprocess.CalledProcessError as error:
        raise LayerError(
            f"the layer for {platform}, Python {python_version}, could not be fetched from "
            f"{requirements.name}; check the network and that every package has a wheel for it: "
            f"{error.stderr.strip()}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LayerError(
            f"the layer was not fetched within {BUILD_TIMEOUT_S} s; check the network and try again"
        ) from error


def _pack(fetched: Path, packed: Path) -> None:
    """Zip what a worker needs of `fetched` under python/, sorted, with fixed times and modes."""
    with zipfile.ZipFile(packed, "w") as archive_:
        names = (path.relative_to(fetched) for path in fetched.rglob("*") if path.is_file())
        for name in sorted((name for name in names if _is_needed(name)), key=Path.as_posix):
            entry = zipfile.ZipInfo(f"python/{name.as_posix()}", ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every host: the mode is read only then.
            entry.external_attr = FILE_MODE
            with (fetched / name).open("rb") as source, archive_.open(entry, "w") as target:
                shutil.copyfileobj(source, target)


def _is_needed(name: Path) -> bool:
    """Whether a worker can want this file, by its path within the layer."""
    folders = name.parts[:-1]
    if LEFT_OUT_FOLDERS.intersection(folders) or name.suffix in LEFT_OUT_SUFFIXES:
        return False
    if name.name == ".lock" or (folders and folders[0].endswith("-stubs")):
        return False
    in_metadata = bool(folders) and folders[0].endswith(".dist-info")
    return not (in_metadata and name.name in LEFT_OUT_METADATA)
