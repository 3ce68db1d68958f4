"""What is wrong with a block or a part of it, before it is said where that is."""

from typing import Any, Final

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyBytes

from runtime.ledger.errors import IonError

MALFORMED: Final = (
    IonError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
)
"""What is raised where a value is not of the type, or has not the members, that a block has."""


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


def blob(value: Any) -> bytes:
    """The bytes of an Ion blob."""
    if not isinstance(value, IonPyBytes) or value.ion_type is not IonType.BLOB:
        raise FaultError("a hash in it is not a blob")
    return bytes(value)


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
