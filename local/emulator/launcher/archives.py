"""Unpacks an archive once, however many workers start from it, and keeps it for the next start."""

import hashlib
import os
import shutil
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

UNUSED_S_MAX = 7 * 86_400


def install(lambda_runtime: Any, unpacked: Path) -> None:
    """Let workers link to archives unpacked under `unpacked`.

    A layer of 40 MB takes a second to unpack and another to compile; both are paid once.
    """
    unpacked.mkdir(parents=True, exist_ok=True)
    _prune(unpacked)
    lock = threading.Lock()

    class SharedZipFile(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            target = Path(path)
            shared = unpacked / _digest(self.filename)
            with lock:
                if not shared.exists():
                    fresh = Path(tempfile.mkdtemp(dir=unpacked, prefix="partial-"))
                    super().extractall(fresh, members, pwd)
                    fresh.rename(shared)
                os.utime(shared)
            target.rmdir()
            target.symlink_to(shared, target_is_directory=True)

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=SharedZipFile,
        BadZipFile=zipfile.BadZipFile,
        LargeFileError=zipfile.LargeZipFile,
    )


def _digest(path: Any) -> str:
    with Path(path).open("rb") as archive:
        return hashlib.file_digest(archive, "sha256").hexdigest()


def _prune(unpacked: Path) -> None:
    for folder in unpacked.iterdir():
        if folder.name.startswith("partial-") or (
            time.time() - folder.stat().st_mtime > UNUSED_S_MAX
        ):
            shutil.rmtree(folder, ignore_errors=True)
