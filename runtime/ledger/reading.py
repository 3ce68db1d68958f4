"""The whole journal as plain Python values, quickly: for replays, reports and comparisons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any, Final

from amazon.ion import simpleion
from amazon.ion.simpleion import IonPyValueModel

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage.port import StoredBlock

BLOCKS_AT_ONCE: Final = 64
"""Decoded together, which is quicker than one by one."""

_PLAIN: Final = IonPyValueModel(
    IonPyValueModel.MAY_BE_BARE
    | IonPyValueModel.SYMBOL_AS_TEXT
    | IonPyValueModel.STRUCT_AS_STD_DICT
)


@dataclass(frozen=True, slots=True)
class PlainRevision:
    """One version of one document."""

    sequence_no: int
    """The block's."""
    table_name: str
    document_id: str
    version: int
    tx_id: str
    tx_time: Any
    """A datetime, milliseconds in UTC."""
    data: dict[str, Any] | None
    """dict, list, str, int, Decimal, datetime; symbols are str. None when deleted or redacted."""


def plain_revisions(blocks: Iterable[StoredBlock]) -> Iterator[PlainRevision]:
    """Every revision that blocks show, in their order; CorruptJournalError for what is no block.

    Hashes are not checked, and of names that a struct has twice only the last is kept: where that
    matters there are `verify` and `Block.from_ion`.
    """
    rest = iter(blocks)
    while page := [block.ion for block in islice(rest, BLOCKS_AT_ONCE)]:
        try:
            for block in _decoded(page):
                yield from _revisions(block)
        except (*ion.READ_ERRORS, KeyError, AttributeError) as error:
            raise CorruptJournalError(
                f"one of {len(page)} blocks of the journal is none ({error!r}): verify the journal"
            ) from error


def _decoded(page: list[bytes]) -> Any:
    values = simpleion.load(BytesIO(b"".join(page)), single_value=False, value_model=_PLAIN)
    if len(values) != len(page):
        raise ValueError(f"{len(values)} values in {len(page)} blocks")
    return values


def _revisions(block: Any) -> Iterator[PlainRevision]:
    number = block["blockAddress"]["sequenceNo"]
    info: dict[str, Any] = block.get("transactionInfo", {})
    documents: dict[str, Any] = info.get("documents", {})
    for revision in block.get("revisions", ()):
        metadata = revision.get("metadata")
        if metadata is not None:
            document_id = metadata["id"]
            yield PlainRevision(
                number,
                documents[document_id]["tableName"],
                document_id,
                metadata["version"],
                metadata["txId"],
                metadata["txTime"],
                revision.get("data"),
            )
