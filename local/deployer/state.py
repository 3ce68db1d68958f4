"""What the deployer made, in a file: the next run knows what to leave and what to remove."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Made:
    """One resource as it was last made."""

    type: str
    name: str
    """Its logical name in the program."""
    id: str
    digest: str
    """Of its inputs; equal inputs need no call that changes anything."""
    retain: bool
    outputs: dict[str, Any]


@dataclass(slots=True)
class State:
    """Everything made, by URN, in the order of making."""

    path: Path
    resources: dict[str, Made] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "State":
        """What the file says; nothing where there is none."""
        if not path.exists():
            return cls(path)
        entries = json.loads(path.read_text())
        return cls(path, {urn: Made(**entry) for urn, entry in entries.items()})

    def put(self, urn: str, made: Made) -> None:
        self.resources.pop(urn, None)
        self.resources[urn] = made

    def save(self) -> None:
        entries = {urn: asdict(made) for urn, made in self.resources.items()}
        fresh = self.path.with_suffix(".fresh")
        fresh.write_text(json.dumps(entries, indent=1) + "\n")
        fresh.replace(self.path)
