"""Documents' data that transactions keep: large ones as Ion, being a hundred times it decoded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.ledger import ion
from runtime.ledger.index_key import index_key
from runtime.ledger.partiql.access import Index
from runtime.ledger.partiql.values import field as field_of


@dataclass(frozen=True, slots=True)
class Encoded:
    """An Ion struct that is not kept decoded."""

    ion: bytes
    keys: Mapping[str, bytes | None]
    """Index keys by field, of those fields that were indexed when it was encoded."""


def encoded(data: Any, binary: bytes, indexes: Iterable[Index]) -> Encoded:
    """A decoded struct and its Ion binary as what is kept of it."""
    fields = [index.field for index in indexes]
    return Encoded(binary, {each: index_key(field_of(data, each)) for each in fields})


def decoded(data: Any) -> Any:
    """An Ion struct, or None, however it is kept."""
    return ion.decode(data.ion) if isinstance(data, Encoded) else data


def key_of(data: Any, field: str) -> bytes | None:
    """The index key of a field of a struct, however it is kept; None for null and missing."""
    if isinstance(data, Encoded) and field in data.keys:
        return data.keys[field]
    return index_key(field_of(decoded(data), field))
