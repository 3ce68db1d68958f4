"""The page's files, and how they are served, which page/serving.json says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FIRST = "index.html"
SERVING = "serving.json"
"""Has the headers of every answer, and the types of what is served by suffix: nothing else is."""


@dataclass(frozen=True, slots=True)
class PageFiles:
    """One folder of static files."""

    folder: Path

    def find(self, path: str) -> tuple[bytes, str] | None:
        """Content and type of what a URL's path names; None where that is not served.

        Only what is listed in the folder is ever opened, so no path leads out of it.
        """
        wanted, types = path.removeprefix("/") or FIRST, self._serving()["types"]
        for file in self.folder.rglob("*"):
            if file.relative_to(self.folder).as_posix() == wanted and file.suffix in types:
                return file.read_bytes(), types[file.suffix]
        return None

    def headers(self, apis: Sequence[str]) -> dict[str, str]:
        """What every answer carries; `apis` are the origins that the page may call."""
        headers = self._serving()["headers"]
        return {name: value.format(apis=" ".join(apis)) for name, value in headers.items()}

    def _serving(self) -> dict[str, dict[str, str]]:
        return json.loads((self.folder / SERVING).read_text())
