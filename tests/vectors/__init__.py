"""Published rules as numbers: what every implementation of QLDB's hashing has to arrive at."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def vectors(name: str, section: str) -> Any:
    """One section of one file."""
    return json.loads((FOLDER / f"{name}.json").read_text())[section]


def unbase64(text: str) -> bytes:
    """The bytes of a hash."""
    return b64decode(text, validate=True)
