"""What is wrong with a block or a part of it, before it is said where that is."""

from typing import Any

from amazon.ion.core import IonType


class FaultError(Exception):
    """One fault; it becomes a DamagedExportError where object and block are known."""

    def __init__(self, reason: str, revision: int | None = None) -> None:
        """Take why, and at which position of the revisions if it is one of them."""
        super().__init__(reason)
        self.reason = reason
        self.revision = revision


def require(holds: bool, reason: str) -> None:
    """Raise FaultError unless it holds."""
    if not holds:
        raise FaultError(reason)


def require_members(what: str, struct: Any, required: set[str], optional: set[str]) -> None:
    """A plain struct has these members, each once, and no others, which no hash would cover."""
    require(
        struct.ion_type is IonType.STRUCT and not struct.ion_annotations,
        f"{what} is not a plain struct",
    )
    names = set(struct)
    strange = sorted((names - required - optional) | (required - names))
    listed = ", ".join(strange) or "a repeated one"
    require(
        not strange and len(names) == len(struct),
        f"{what} lacks, or has too many of, its members: {listed}",
    )
