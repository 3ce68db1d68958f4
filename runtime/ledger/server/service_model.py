"""The control plane's own description: its operations, their routes, their requests' shapes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

MODELS = Path(__file__).with_name("models")
CONTROL_PLANE = MODELS / "qldb" / "2019-01-02" / "service-2.json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: where it is found and what it takes."""

    name: str
    method: str
    path: tuple[str, ...]
    """Segments of the path; one in braces is a label."""
    request: str
    """The name of the request's shape."""

    def labels(self, path: tuple[str, ...]) -> dict[str, str] | None:
        """The decoded labels of a path, by name; None when it is not this operation's path.

        Raises ValueError for percent-encoding that is not UTF-8.
        """
        if len(path) != len(self.path):
            return None
        labels: dict[str, str] = {}
        for template, segment in zip(self.path, path, strict=True):
            if template.startswith("{"):
                labels[template[1:-1]] = unquote(segment, errors="strict")
            elif template != segment:
                return None
        return labels


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """Operations and shapes of one service."""

    operations: tuple[Operation, ...]
    shapes: Mapping[str, Mapping[str, Any]]


@cache
def control_plane() -> ServiceModel:
    """The model the SDKs are given, too; read once."""
    document = json.loads(CONTROL_PLANE.read_text())
    operations = tuple(
        Operation(
            name=name,
            method=described["http"]["method"],
            path=tuple(described["http"]["requestUri"].split("/")),
            request=described["input"]["shape"],
        )
        for name, described in document["operations"].items()
    )
    return ServiceModel(operations, document["shapes"])


def is_ledger_name(name: str) -> bool:
    """Whether a ledger may be called this."""
    shape = control_plane().shapes["LedgerName"]
    return len(name) <= shape["max"] and re.fullmatch(shape["pattern"], name) is not None
