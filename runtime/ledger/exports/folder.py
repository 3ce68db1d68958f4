"""A folder as a bucket: a file for each object, its path the key."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

from runtime.ledger.exports.errors import DestinationError, NoSuchObjectError

INCOMPLETE: Final = ".incomplete"
"""The folder of files that are being written; no key starts with it."""
_UNUSABLE_SEGMENTS: Final = {"", ".", "..", INCOMPLETE}


class FolderDestination:
    """Objects as files beneath a folder, which is made where there is none."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is written yet."""
        self._folder = folder

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write a file and make it durable before it appears; a folder keeps no content type."""
        del content_type
        path = self._path(key)
        with _wrapped(f"write {path}"):
            self._incomplete(path, key, data).replace(path)
            self._sync_folders(path.parent)

    def put_new(self, key: str, data: bytes, content_type: str) -> bool:
        """Write a file unless there is one under this key; False where there is."""
        del content_type
        path = self._path(key)
        with _wrapped(f"write {path}"):
            incomplete = self._incomplete(path, f"{key} {uuid4()}", data)
            try:
                path.hardlink_to(incomplete)
            except FileExistsError:
                return False
            finally:
                incomplete.unlink()
            self._sync_folders(path.parent)
        return True

    def get(self, key: str) -> bytes:
        """A file's contents."""
        path = self._path(key)
        if not path.is_file():
            raise NoSuchObjectError(f"folder {self._folder} has no file {key}")
        with _wrapped(f"read {path}"):
            return path.read_bytes()

    def remove(self, key: str) -> None:
        """Remove a file for good; nothing happens where there is none."""
        path = self._path(key)
        with _wrapped(f"remove {path}"):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                self._sync_folders(path.parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts so, sorted by its bytes."""
        start = self._folder / prefix.rpartition("/")[0]
        with _wrapped(f"list {start}"):
            found = [
                path.relative_to(self._folder).as_posix()
                for path in start.rglob("*")
                if path.is_file()
            ]
        yield from sorted(
            (key for key in found if key.startswith(prefix) and key.split("/")[0] != INCOMPLETE),
            key=str.encode,
        )

    def _path(self, key: str) -> Path:
        segments = key.split("/")
        if not _UNUSABLE_SEGMENTS.isdisjoint(segments) or "\0" in key:
            raise DestinationError(
                f"key {key!r} cannot be a file beneath {self._folder}: use a prefix without empty"
                " parts, dots alone or NUL"
            )
        return self._folder.joinpath(*segments)

    def _incomplete(self, path: Path, name: str, data: bytes) -> Path:
        """A durable file with this content that has not its own name yet."""
        incomplete = self._folder / INCOMPLETE / sha256(name.encode()).hexdigest()
        incomplete.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with incomplete.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return incomplete

    def _sync_folders(self, folder: Path) -> None:
        """Make a file's name survive a power cut, and the names of the folders that lead to it."""
        while True:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if folder == self._folder:
                return
            folder = folder.parent


@contextmanager
def _wrapped(what: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise DestinationError(f"cannot {what}: {error}") from error
