"""A statement's parameters: hashed once, for its digest and for the documents they become."""

from collections.abc import Sequence
from contextlib import suppress
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
        parameters = cls()
        parameters.values = [parameters._copied(value) for value in values]
        return parameters

    def hashed(self, document: Any) -> Hashed:
        """A document as Ion binary, hashed; IonError when it cannot be stored."""
        known = self._documents.get(id(document))
        return hashed(document, DOCUMENT_DEPTH_MAX) if known is None else known

    def _copied(self, value: Any) -> Any:
        """A copy that is hashed; a document comes from the very bytes that it will be kept as."""
        known = _document(value)
        copy = ion.decode(ion.encode(value) if known is None else known.ion)
        if known is None:
            self.hashes.append(self._hash(copy))
        else:
            self._documents[id(copy)] = known
            self.hashes.append(known.hash)
        return copy

    def _hash(self, value: Any) -> bytes:
        known = _document(value)
        if known is None:
            return ion_hash(value)
        self._documents[id(value)] = known
        return known.hash


def _document(value: Any) -> Hashed | None:
    """A struct as Ion binary, hashed; None for what cannot be stored as a document."""
    if isinstance(value, dict | IonPyDict):
        # Whether it can be compared with is another matter than whether it can be stored.
        with suppress(IonError):
            return hashed(value, DOCUMENT_DEPTH_MAX)
    return None
