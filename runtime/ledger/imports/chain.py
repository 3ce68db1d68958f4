"""Checks each block of an export as it comes: its members, its hashes, its place in the chain.

A block of QLDB's is held to what is published of it. Those that this ledger sealed are held to all
that it seals. Which blocks these are shows in the hash of their header or in the name of the system
table, which our journals' first block has; and from the first of them on every block is one.
"""

from dataclasses import dataclass
from typing import Any, Final

from runtime.ledger import ion, merkle
from runtime.ledger.catalog import SYSTEM_TABLE
from runtime.ledger.exports.reader import ReadBlock
from runtime.ledger.hashing import dot, ion_hashes
from runtime.ledger.imports.errors import DamagedExportError
from runtime.ledger.imports.faults import MALFORMED, FaultError, blob, require, require_members
from runtime.ledger.imports.revisions import revision_hashes
from runtime.ledger.storage.port import StoredBlock

_HEADER: Final = ("blockAddress", "transactionId", "blockTimestamp")
_PARTS: Final = ("transactionInfo", "redactionInfo")
_REQUIRED: Final = {
    *_HEADER,
    "blockHash",
    "entriesHash",
    "previousBlockHash",
    "entriesHashList",
}
_OPTIONAL: Final = {*_PARTS, "revisions"}


@dataclass(frozen=True, slots=True)
class Link:
    """The end of the chain that the next block has to follow."""

    sequence_no: int
    strand_id: str
    block_hash: bytes
    ours: bool
    """Whether this ledger sealed the block."""


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """A block whose hashes are what its contents say."""

    key: str
    """Of the object it is from."""
    struct: Any
    link: Link

    @property
    def documents(self) -> Any:
        """transactionInfo's documents, empty where there are none."""
        return _documents(self.struct)


def check(block: ReadBlock, previous: Link | None, *, rewritten: bool = False) -> CheckedBlock:
    """The block, if it follows `previous` (None: it is the first) and all its hashes hold.

    DamagedExportError otherwise. `rewritten` admits a block of ours that is not in our own bytes.
    """
    try:
        link = _checked(block, previous)
        require(
            block.exact or rewritten or not link.ours,
            "its bytes are not those that this ledger wrote, though its hashes hold; if another"
            " program wrote the export anew, import it as rewritten",
        )
        return CheckedBlock(block.key, block.struct, link)
    except FaultError as fault:
        raise DamagedExportError(
            block.key, block.sequence_no, fault.reason, fault.revision
        ) from fault
    except MALFORMED as error:
        reason = f"it has not the layout of a block ({error!r})"
        raise DamagedExportError(block.key, block.sequence_no, reason) from error


def link_of(stored: StoredBlock) -> Link:
    """The link that a block in a store is."""
    struct = ion.decode(stored.ion)
    strand_id = str(struct["blockAddress"]["strandId"])
    return Link(stored.sequence_no, strand_id, stored.block_hash, is_ours(struct))


def is_ours(struct: Any) -> bool:
    """Whether a block shows by itself that this ledger sealed it."""
    [header_hash] = ion_hashes([_header(struct)])
    return header_hash in struct["entriesHashList"][:1] or _names_our_table(struct)


def _checked(block: ReadBlock, previous: Link | None) -> Link:
    struct = block.struct
    require_members("it", struct, _REQUIRED, _OPTIONAL)
    strand_id = str(struct["blockAddress"]["strandId"])
    previous_hash, entries_hash = blob(struct["previousBlockHash"]), blob(struct["entriesHash"])
    if previous is not None:
        require(
            (strand_id, block.sequence_no) == (previous.strand_id, previous.sequence_no + 1),
            f"it does not follow block {previous.sequence_no} of strand {previous.strand_id}",
        )
        require(
            previous_hash == previous.block_hash,
            "previousBlockHash is not the hash of the block before it",
        )
    entries = [blob(entry) for entry in struct["entriesHashList"]]
    ours = _check_entries(struct, entries, follows_ours=previous is not None and previous.ours)
    require(
        merkle.root(entries) == entries_hash,
        "entriesHash is not the Merkle root of entriesHashList",
    )
    block_hash = dot(entries_hash, previous_hash)
    require(
        block_hash == blob(struct["blockHash"]),
        "blockHash does not follow from entriesHash and previousBlockHash",
    )
    return Link(block.sequence_no, strand_id, block_hash, ours)


def _check_entries(struct: Any, entries: list[bytes], *, follows_ours: bool) -> bool:
    """Find the hashes of a block's parts in its list; whether this ledger sealed it."""
    parts = [name for name in _PARTS if name in struct]
    header_hash, *hashes = ion_hashes([_header(struct), *(struct[name] for name in parts)])
    by_name = dict(zip(parts, hashes, strict=True))
    for name, part_hash in by_name.items():
        require(part_hash in entries, f"the hash of its {name} is not in entriesHashList")
    revisions_root = merkle.root(revision_hashes(struct))
    require(
        not revisions_root or revisions_root in entries,
        "the Merkle root of its revisions is not in entriesHashList",
    )
    ours = follows_ours or header_hash in entries[:1] or _names_our_table(struct)
    sealed = [
        header_hash,
        revisions_root,
        by_name.get("redactionInfo", b""),
        by_name.get("transactionInfo", b""),
    ]
    require(
        not ours or entries == sealed,
        "its address, transactionId, blockTimestamp or one of its parts is not what was sealed",
    )
    return ours


def _header(struct: Any) -> dict[str, Any]:
    return {name: struct[name] for name in _HEADER}


def _documents(struct: Any) -> Any:
    return struct.get("transactionInfo", {}).get("documents", {})


def _names_our_table(struct: Any) -> bool:
    return any(
        document["tableId"] == SYSTEM_TABLE.table_id for document in _documents(struct).values()
    )
