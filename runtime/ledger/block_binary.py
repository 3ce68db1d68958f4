"""Blocks as Ion binary put together from parts that are encoded already.

The bytes are those that the encoder makes of the structs in `block_struct`. It numbers symbols as
it comes to them, so a document's data, which are encoded once when they are written, get other
numbers in their revision and again others in the block: their bytes are copied and the numbers in
them replaced. That takes numbers of one byte; what has more symbols is left to the encoder.
"""

from collections.abc import Sequence
from typing import Final

from runtime.ledger.block_symbols import (
    TABLES_BYTES_MAX,
    Numbers,
    block_numbers,
    revision_numbers,
)
from runtime.ledger.draft import Change, Draft, Seal, StatementInfo
from runtime.ledger.ion_binary import VERSION_MARKER, Hashed
from runtime.ledger.ion_parts import integer, moment, string, typed

_BLOB, _LIST, _STRUCT, _ANNOTATED = 10, 11, 13, 14
_SYMBOL_TABLE: Final = b"\x81\x83"
"""One annotation, symbol 3."""
_SYMBOLS: Final = b"\x87"

Data = Sequence[Hashed | None]


def put_together(draft: Draft, seal: Seal, data: Data) -> tuple[bytes, list[bytes]] | None:
    """A block and each of its revisions as Ion binary; None when they are for the encoder.

    That is when there are too many symbols, when a document's id is the name of something else,
    and when the block changes no document or redacts something.
    """
    if draft.redaction_info is not None or not draft.changes:
        return None
    ids = [change.document_id.encode() for change in draft.changes]
    tables = tuple(dict.fromkeys([None if each is None else each.table for each in data]))
    if sum(map(len, filter(None, tables))) > TABLES_BYTES_MAX:
        return None
    numbers = block_numbers(tables, len(ids), bool(draft.statements))
    if numbers is None or len(set(ids)) < len(ids) or not numbers.texts.isdisjoint(ids):
        return None
    layouts = {each: _Layout(draft, seal, revision_numbers(each)) for each in tables}
    changed = zip(draft.changes, seal.revisions, data, strict=True)
    revisions = [
        layouts[None if each is None else each.table].revision_stream(change, own, each)
        for change, own, each in changed
    ]
    return _stream(numbers.table(ids), _Layout(draft, seal, numbers).block(data)), revisions


class _Layout:
    """The structs of one block, with its symbols or with those of one of its revisions."""

    def __init__(self, draft: Draft, seal: Seal, numbers: Numbers) -> None:
        self._draft = draft
        self._seal = seal
        self._numbers = numbers
        self._names = names = numbers.names
        strand = names["strandId"] + string(draft.strand_id)
        address = strand + names["sequenceNo"] + integer(seal.sequence_no)
        self._address = names["blockAddress"] + typed(_STRUCT, address)
        time = names["txTime"] + moment(draft.tx_time)
        self._transaction = time + names["txId"] + string(draft.transaction_id)

    def revision(self, change: Change, own_hash: bytes, data: Hashed | None) -> bytes:
        """The struct of a revision."""
        names = self._names
        metadata = (
            names["id"]
            + string(change.document_id)
            + names["version"]
            + integer(change.version)
            + self._transaction
        )
        return typed(
            _STRUCT,
            self._address
            + names["hash"]
            + typed(_BLOB, own_hash)
            + (b"" if data is None else names["data"] + self._numbers.renumbered(data))
            + names["metadata"]
            + typed(_STRUCT, metadata),
        )

    def revision_stream(self, change: Change, own_hash: bytes, data: Hashed | None) -> bytes:
        """A revision with its own symbols."""
        return _stream(self._numbers.table(()), self.revision(change, own_hash, data))

    def block(self, data: Data) -> bytes:
        """The struct of the block."""
        names, draft, seal = self._names, self._draft, self._seal
        entries = b"".join([typed(_BLOB, each) for each in seal.entries])
        changed = zip(draft.changes, seal.revisions, data, strict=True)
        revisions = b"".join([self.revision(*each) for each in changed])
        return typed(
            _STRUCT,
            self._address
            + names["transactionId"]
            + string(draft.transaction_id)
            + names["blockTimestamp"]
            + moment(draft.block_timestamp)
            + names["blockHash"]
            + typed(_BLOB, seal.block_hash)
            + names["entriesHash"]
            + typed(_BLOB, seal.entries_hash)
            + names["previousBlockHash"]
            + typed(_BLOB, seal.previous_block_hash)
            + names["entriesHashList"]
            + typed(_LIST, entries)
            + names["transactionInfo"]
            + typed(_STRUCT, self._info())
            + names["revisions"]
            + typed(_LIST, revisions),
        )

    def _info(self) -> bytes:
        names = self._names
        statements = b"".join([self._statement(each) for each in self._draft.statements])
        documents = b"".join(
            [
                number + self._document(change)
                for number, change in zip(self._numbers.ids, self._draft.changes, strict=True)
            ]
        )
        listed = names["statements"] + typed(_LIST, statements)
        return listed + names["documents"] + typed(_STRUCT, documents)

    def _statement(self, statement: StatementInfo) -> bytes:
        names = self._names
        return typed(
            _STRUCT,
            names["statement"]
            + string(statement.text)
            + names["startTime"]
            + moment(statement.start_time)
            + names["statementDigest"]
            + typed(_BLOB, statement.digest),
        )

    def _document(self, change: Change) -> bytes:
        names = self._names
        return typed(
            _STRUCT,
            names["tableName"]
            + string(change.table_name)
            + names["tableId"]
            + string(change.table_id)
            + names["statements"]
            + typed(_LIST, b"".join([integer(number) for number in change.statements])),
        )


def _stream(symbols: bytes, value: bytes) -> bytes:
    table = typed(_STRUCT, _SYMBOLS + typed(_LIST, symbols))
    return VERSION_MARKER + typed(_ANNOTATED, _SYMBOL_TABLE + table) + value
