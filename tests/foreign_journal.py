"""Journals as QLDB sealed them: what it published holds, and what it kept to itself is made up.

Definitions are revisions of system tables that are shown as hashes; their blocks may lack
transactionInfo; lists of hashes have other lengths in other kinds of blocks; members that QLDB
never explained are random; text is laid out as QLDB laid it out, with line breaks.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from amazon.ion import simpleion

from runtime.ledger import ion, merkle
from runtime.ledger.hashing import dot, ion_hash
from runtime.ledger.identifiers import new_id
from tests.memory_destination import MemoryDestination

EXPORT_ID = "8UyXulxccYLAsbN1aon7e4"
BEGIN = datetime(2019, 9, 16, 19, 37, 5, 302000, tzinfo=UTC)


@dataclass(frozen=True)
class Put:
    """A document's next version; no data for a deletion."""

    table: str
    document_id: str
    version: int
    data: Any = None


@dataclass
class ForeignJournal:
    """Blocks of one strand, made one after the other."""

    strand_id: str = field(default_factory=new_id)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    table_ids: dict[str, str] = field(default_factory=dict)

    def define(self, statement: str, *, with_info: bool = True) -> None:
        """A block whose only revision is the system's, told as a hash."""
        info = {"transactionInfo": self._info([statement], {})} if with_info else {}
        opaque = [os.urandom(32) for _ in range(1 if with_info else 2)]
        self._seal(info, [{"hash": os.urandom(32)}], opaque, new_id())

    def commit(
        self, *puts: Put, statements: Sequence[str] = ("INSERT INTO T ?",), hidden: int = 0
    ) -> None:
        """A block of documents; `hidden` more revisions are the system's."""
        transaction_id = new_id()
        documents = {
            put.document_id: {
                "tableName": put.table,
                "tableId": self.table_ids.setdefault(put.table, new_id()),
                "statements": [0],
            }
            for put in puts
        }
        revisions = [self._revision(put, transaction_id) for put in puts]
        revisions += [{"hash": os.urandom(32)} for _ in range(hidden)]
        info = {"transactionInfo": self._info(statements, documents)}
        self._seal(info, revisions, [os.urandom(32), os.urandom(32)], transaction_id)

    def redact(self, number: int, position: int) -> None:
        """Replace a revision's data by its hash, and ask for it in a block."""
        revision = self.blocks[number]["revisions"][position]
        revision["dataHash"] = ion_hash(revision.pop("data"))
        info = {
            "transactionInfo": self._info(["EXEC REDACT_REVISION ?, ?, ?"], {}),
            "redactionInfo": {"revisions": [{"version": revision["metadata"]["version"]}]},
        }
        self._seal(info, [], [os.urandom(32)], new_id())

    def digest(self) -> bytes:
        return merkle.root([block["blockHash"] for block in self.blocks])

    def exported(self, blocks_an_object: int = 3, *, binary: bool = False) -> MemoryDestination:
        """An export as QLDB wrote it."""
        destination = MemoryDestination()
        keys: list[str] = []
        for first in range(0, len(self.blocks), blocks_an_object):
            blocks = self.blocks[first : first + blocks_an_object]
            numbers = f"{first}-{first + len(blocks) - 1}"
            key = f"journal/{self._time(first):%Y/%m/%d/%H}/{self.strand_id}.{numbers}.ion"
            data = (
                simpleion.dumps(blocks, sequence_as_stream=True)
                if binary
                else "\n".join(
                    simpleion.dumps(block, binary=False, indent="  ") for block in blocks
                ).encode()
            )
            destination.put(key, data, "text/plain")
            keys.append(key)
        manifest = f"journal/{EXPORT_ID}.{self.strand_id}.completed.manifest"
        text = "".join(f'    "{key}",\n' for key in keys)
        destination.put(manifest, f"{{\n  keys: [\n{text}  ]\n}}\n".encode(), "text/plain")
        return destination

    def _seal(
        self,
        parts: Mapping[str, Any],
        revisions: list[dict[str, Any]],
        opaque: list[bytes],
        transaction_id: str,
    ) -> None:
        root = merkle.root([revision["hash"] for revision in revisions])
        entries = [opaque[0], root, *opaque[1:], *(ion_hash(part) for part in parts.values())]
        previous = self.blocks[-1]["blockHash"] if self.blocks else b""
        number = len(self.blocks)
        entries_hash = merkle.root(entries)
        block = {
            "blockAddress": {"strandId": self.strand_id, "sequenceNo": number},
            "transactionId": transaction_id,
            "blockTimestamp": ion.timestamp(self._time(number) + timedelta(milliseconds=58)),
            "blockHash": dot(entries_hash, previous),
            "entriesHash": entries_hash,
            "previousBlockHash": previous,
            "entriesHashList": entries,
            **parts,
        }
        if revisions:
            block["revisions"] = revisions
        self.blocks.append(block)

    def _revision(self, put: Put, transaction_id: str) -> dict[str, Any]:
        number = len(self.blocks)
        metadata = {
            "id": put.document_id,
            "version": put.version,
            "txTime": ion.timestamp(self._time(number) + timedelta(milliseconds=42)),
            "txId": transaction_id,
        }
        address = {"strandId": self.strand_id, "sequenceNo": number}
        if put.data is None:
            return {
                "blockAddress": address,
                "hash": ion_hash(metadata),
                "metadata": metadata,
            }
        return {
            "blockAddress": address,
            "hash": dot(ion_hash(put.data), ion_hash(metadata)),
            "data": put.data,
            "metadata": metadata,
        }

    def _info(self, statements: Sequence[str], documents: Mapping[str, Any]) -> dict[str, Any]:
        started = ion.timestamp(self._time(len(self.blocks)))
        info: dict[str, Any] = {
            "statements": [
                {"statement": text, "startTime": started, "statementDigest": ion_hash(text)}
                for text in statements
            ]
        }
        return {**info, "documents": documents} if documents else info

    def _time(self, number: int) -> datetime:
        return BEGIN + timedelta(minutes=number)


def vehicles() -> tuple[ForeignJournal, list[str]]:
    """A ledger as QLDB's own tutorial makes it, and the ids of its documents."""
    journal, ids = ForeignJournal(), [new_id() for _ in range(6)]
    journal.define("-- the first\nCREATE TABLE Vehicle")
    journal.define("CREATE TABLE Person", with_info=False)
    journal.define("CREATE TABLE Unused")
    journal.define('CREATE INDEX ON "Vehicle" (VIN)')
    for n, document_id in enumerate(ids[:3]):
        journal.commit(Put("Vehicle", document_id, 0, {"VIN": f"vin{n}", "Color": "Silver"}))
    journal.commit(
        Put("Person", ids[3], 0, {"GovId": "LEWISR261LL"}),
        Put("Vehicle", ids[0], 1, {"VIN": "vin0", "Color": "Red"}),
        hidden=2,
    )
    journal.define("CREATE INDEX ON Vehicle (Color)")
    journal.commit(Put("Vehicle", ids[1], 1), statements=["DELETE FROM Vehicle WHERE VIN = 'vin1'"])
    journal.commit(Put("Vehicle", ids[2], 1, {"VIN": "vin9", "Color": "Red"}))
    journal.redact(4, 0)
    journal.define("CREATE TABLE Gone")
    journal.commit(Put("Gone", ids[4], 0, {"a": 1}))
    journal.define("DROP TABLE Gone")
    journal.define("CREATE TABLE Gone")
    journal.table_ids["Gone"] = new_id()
    journal.commit(Put("Gone", ids[5], 0, {"a": 2}))
    return journal, ids
