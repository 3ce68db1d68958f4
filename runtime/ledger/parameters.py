"""A statement's parameters: hashed once, for its digest and for the documents they become."""

from collections.abc import Sequence
from typing import Any

from amazon.ion.simple_types import IonPyDict

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.hashing import Hashed, hashed, ion_hash
from runtime.ledger.ion_bounds import DOCUMENT_DEPTH_MAX


class Parameters:
    """Ion values and what is known of them."""

    def __init__(self, values: Sequence[Any] = ()) -> None:
        """Hash each; nobody may change them from now on. IonError for what is no Ion value."""
        self.values = values
        self._documents: dict[int, Hashed] = {}
        """Of those that may become documents, by their identity: `values` keeps it theirs."""
        self.hashes = [self._hash(value) for value in values]
        """32 bytes each."""

    @classmethod
    def copied(cls, values: Sequence[Any]) -> "Parameters":
        """As Ion values of their own, whatever becomes of the ones given."""
        return cls([ion.decode(ion.encode(value)) for value in values])

    def hashed(self, document: Any) -> Hashed:
        """A document as Ion binary, hashed; IonError when it cannot be stored."""
        known = self._documents.get(id(document))
        return hashed(document, DOCUMENT_DEPTH_MAX) if known is None else known

    def _hash(self, value: Any) -> bytes:
        if isinstance(value, IonPyDict):
            try:
                known = self._documents[id(value)] = hashed(value, DOCUMENT_DEPTH_MAX)
            except IonError:
                # Whether it can be compared with is another matter than whether it can be stored.
                return ion_hash(value)
            return known.hash
        return ion_hash(value)
