"""What a transaction keeps decoded: documents it has read, and the small ones that it writes."""

from dataclasses import dataclass
from typing import Any, Final

from runtime.ledger.budgets import Share
from runtime.ledger.large_values import LargeValues
from runtime.ledger.limits import Limits
from runtime.ledger.read_set import ABSENT


@dataclass(frozen=True, slots=True)
class Current:
    """The newest committed revision of a document; version ABSENT when there is none."""

    version: int
    revision: Any = None
    data: Any = None
    """None when the document is absent or deleted."""


NO_DOCUMENT: Final = Current(ABSENT)


class Kept:
    """Documents as they were read first, as many as there is room for."""

    def __init__(self, limits: Limits, large_values: LargeValues, decoded: Share) -> None:
        """Keep nothing yet; `decoded` is this transaction's part of what all may keep decoded."""
        self._limits = limits
        self._large_values = large_values
        self._decoded = decoded
        self._bytes = 0
        self._documents: dict[tuple[str, str], Current] = {}

    def find(self, table_id: str, document_id: str) -> Current | None:
        """A document that is kept."""
        return self._documents.get((table_id, document_id))

    def add(self, table_id: str, document_id: str, current: Current, size_bytes: int) -> None:
        """Keep a document of so many bytes of Ion if there is room."""
        is_full = len(self._documents) >= self._limits.documents_cached_max
        if current is NO_DOCUMENT or (not is_full and self.has_room(size_bytes)):
            self._documents[table_id, document_id] = current

    def has_room(self, size_bytes: int) -> bool:
        """Whether data of so many bytes of Ion may be kept decoded; they count from now on."""
        total = self._bytes + size_bytes
        if (
            self._large_values.is_large(size_bytes)
            or total > self._limits.documents_cached_bytes_max
            or not self._decoded.offer(size_bytes)
        ):
            return False
        self._bytes = total
        return True
