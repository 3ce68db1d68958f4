"""The page's files and the headers that they are served with, as page/headers.json has them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Suffixes that are served, and as what; nothing else is."""
FIRST = "index.html"


@dataclass(frozen=True, slots=True)
class PageFiles:
    """One folder of static files."""

    folder: Path

    def find(self, path: str) -> tuple[bytes, str] | None:
        """Content and type of what a URL's path names; None where that is not served.

        Only what is listed in the folder is ever opened, so no path leads out of it.
        """
        wanted = path.removeprefix("/") or FIRST
        for file in self.folder.rglob("*"):
            if file.relative_to(self.folder).as_posix() == wanted and file.suffix in TYPES:
                return file.read_bytes(), TYPES[file.suffix]
        return None

    def headers(self, apis: Sequence[str]) -> dict[str, str]:
        """What every answer carries; `apis` are the origins that the page may call."""
        headers: dict[str, str] = json.loads((self.folder / "headers.json").read_text())
        return {name: value.format(apis=" ".join(apis)) for name, value in headers.items()}
