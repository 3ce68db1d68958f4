"""Code as zip files whose bytes depend on nothing but their content."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi

from local.errors import DeploymentError

ENTRY_TIME = (1980, 1, 1, 0, 0, 0)
ENTRY_MODE = 0o644 << 16


def packed(archive: Any) -> bytes:
    """The zip of an archive: the same bytes for the same files, on any machine and day."""
    content = _content(archive)
    return content if isinstance(content, bytes) else _zip(content)


def digest(archive: Any) -> str:
    """Hex SHA-256 that changes when the zip would; much quicker than packing."""
    content = _content(archive)
    parts = [content] if isinstance(content, bytes) else _parts(content)
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _parts(contents: dict[str, bytes]) -> Iterator[bytes]:
    for name in sorted(contents):
        yield name.encode()
        yield contents[name]


def _content(archive: Any) -> bytes | dict[str, bytes]:
    """A zip as it is, or file contents by their path in the zip to be."""
    if isinstance(archive, pulumi.FileArchive):
        path = Path(archive.path)
        return path.read_bytes() if path.is_file() else _files_below(path)
    if isinstance(archive, pulumi.AssetArchive):
        return _contents("", archive.assets)
    raise DeploymentError(f"an archive of type {type(archive).__name__} cannot be packed")


def _zip(contents: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, ENTRY_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every host: the mode is read only then.
            entry.external_attr = ENTRY_MODE
            archive.writestr(entry, contents[name])
    return target.getvalue()


def _files_below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _contents(prefix: str, assets: dict[str, Any]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for name, asset in assets.items():
        place = f"{prefix}{name}"
        if isinstance(asset, pulumi.FileAsset):
            contents[place] = Path(asset.path).read_bytes()
        elif isinstance(asset, pulumi.StringAsset):
            contents[place] = asset.text.encode()
        elif isinstance(asset, pulumi.AssetArchive):
            contents |= _contents(f"{place}/", asset.assets)
        elif isinstance(asset, pulumi.FileArchive):
            below = _files_below(Path(asset.path))
            contents |= {f"{place}/{inner}": data for inner, data in below.items()}
        else:
            raise DeploymentError(f"{place}: an asset of type {type(asset).__name__} is not known")
    return contents
