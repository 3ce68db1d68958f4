"""The journal table's items: what a commit puts and how reads turn back into blocks and revisions.

    item      pk                                        sk
    block     {ledger}#journal                          {sequence_no:016d}#00
    part      {ledger}#journal                          {sequence_no:016d}#{part:02d}
    revision  {ledger}#document#{table}#{document}      {version:010d}
    member    {ledger}#table#{table}                    {document}, put with version 0
    index     {ledger}#index#{index}#{key in hex}       {document}#{version:010d}

A block too large for one item goes on in parts. A block's item names the others, parts aside, that
its commit put with it. Items are put once and never changed.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.storage import peaks as joined_peaks
from runtime.ledger.storage.port import (
    Commit,
    IndexEntry,
    Leaf,
    StoredBlock,
    StoredRevision,
)

PART_BYTES_MAX: Final = 350_000
"""Of a block's Ion in one item; DynamoDB's limit on an item is 400 KB."""
SEQUENCE_MAX: Final = 10**16 - 1
PART_MAX: Final = 99
"""What the digits of a block's sort key can hold."""
VERSION_MAX: Final = 10**10 - 1
"""What the digits of a revision's sort key can hold."""
NUMBER_BYTES_MAX: Final = 21
"""What a number takes of an item's size at most."""

_NAME_SEPARATOR: Final = " "

Item = dict[str, dict[str, Any]]


def journal_key(ledger: str) -> str:
    """The partition that holds a ledger's blocks."""
    return f"{ledger}#journal"


def document_key(ledger: str, table_id: str, document_id: str) -> str:
    """The partition that holds a document's revisions."""
    return f"{ledger}#document#{table_id}#{document_id}"


def table_key(ledger: str, table_id: str) -> str:
    """The partition that lists a table's documents."""
    return f"{ledger}#table#{table_id}"


def index_key(ledger: str, index_id: str, key: bytes) -> str:
    """The partition that holds an index's entries under one key."""
    return f"{ledger}#index#{index_id}#{key.hex()}"


def block_sort_key(sequence_no: int, part: int = 0) -> str:
    """Where a block, or a part of it, stands in its partition."""
    return f"{sequence_no:016d}#{part:02d}"


def version_sort_key(version: int) -> str:
    """Where a version of a document stands in its partition."""
    return f"{version:010d}"


def revision_key(ledger: str, table_id: str, document_id: str, version: int) -> Item:
    """The key of a revision's item."""
    pk = document_key(ledger, table_id, document_id)
    return {"pk": {"S": pk}, "sk": {"S": version_sort_key(version)}}


def items(ledger: str, commit: Commit) -> Iterator[Item]:
    """Everything a commit puts, the block's own item first."""
    brought = list(_brought_items(ledger, commit))
    block, *parts = _block_items(ledger, commit.block)
    if brought:
        block["brought"] = {"SS": [_name(ledger, item) for item in brought]}
    yield block
    yield from parts
    yield from brought


def brought_keys(ledger: str, block: Item) -> list[Item]:
    """The keys of what was put with a block, its parts included; `block` is its first item."""
    number = sequence_no(block)
    parts = [
        {"pk": block["pk"], "sk": {"S": block_sort_key(number, part)}}
        for part in range(1, int(block["parts"]["N"]))
    ]
    names = [name.partition(_NAME_SEPARATOR) for name in block.get("brought", {"SS": []})["SS"]]
    return parts + [{"pk": {"S": f"{ledger}#{pk}"}, "sk": {"S": sk}} for pk, _, sk in names]


def _name(ledger: str, item: Item) -> str:
    return item["pk"]["S"].removeprefix(f"{ledger}#") + _NAME_SEPARATOR + item["sk"]["S"]


def _brought_items(ledger: str, commit: Commit) -> Iterator[Item]:
    for revision in commit.revisions:
        table_id, document_id = revision.table_id, revision.document_id
        yield {
            **revision_key(ledger, table_id, document_id, revision.version),
            "kind": {"S": "revision"},
            "sequence_no": {"N": str(revision.sequence_no)},
            "deleted": {"BOOL": revision.deleted},
            "ion": {"B": revision.ion},
        }
        if revision.version == 0:
            yield {
                "pk": {"S": table_key(ledger, table_id)},
                "sk": {"S": document_id},
                "kind": {"S": "member"},
            }
    for entry in commit.index_entries:
        yield {
            "pk": {"S": index_key(ledger, entry.index_id, entry.key)},
            "sk": {"S": f"{entry.document_id}#{entry.version:010d}"},
            "kind": {"S": "index"},
        }


def size_bytes(item: Item) -> int:
    """An item's size as DynamoDB counts it, or a little more."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def blocks(found: Iterator[Item]) -> Iterator[StoredBlock]:
    """Blocks from their items and parts in order; CorruptJournalError when a part is missing."""
    gathered: list[Item] = []
    for item in found:
        if item["kind"]["S"] == "block" and gathered:
            yield _block(gathered)
            gathered = []
        gathered.append(item)
    if gathered:
        yield _block(gathered)


def is_of_journal(item: Item) -> bool:
    """Whether an item is a block or a part of one, not what a block brings."""
    return item["kind"]["S"] in ("block", "part")


def is_alone(item: Item) -> bool:
    """Whether an item of the journal is the whole of its block."""
    return item["kind"]["S"] == "block" and item["parts"]["N"] == "1"


def sequence_no(item: Item) -> int:
    """The number of the block that an item of the journal belongs to."""
    return int(item["sk"]["S"].partition("#")[0])


def leaf(item: Item) -> Leaf:
    """A block's hash and peaks from its item."""
    return Leaf(bytes(item["hash"]["B"]), joined_peaks.split(bytes(item["peaks"]["B"])))


def revision(item: Item, table_id: str, document_id: str) -> StoredRevision:
    """A revision from its item."""
    return StoredRevision(
        table_id=table_id,
        document_id=document_id,
        version=int(item["sk"]["S"]),
        sequence_no=brought_by(item),
        deleted=item["deleted"]["BOOL"],
        ion=bytes(item["ion"]["B"]),
    )


def document_version(item: Item) -> tuple[str, int]:
    """The document id and the version that a revision's item is of."""
    return item["pk"]["S"].rpartition("#")[2], int(item["sk"]["S"])


def brought_by(item: Item) -> int:
    """The number of the block that brought a revision's item."""
    return int(item["sequence_no"]["N"])


def index_entry(item: Item, index_id: str, key: bytes) -> IndexEntry:
    """An index entry from its item."""
    document_id, _, version = item["sk"]["S"].rpartition("#")
    return IndexEntry(index_id, key, document_id, int(version))


def _block_items(ledger: str, block: StoredBlock) -> Iterator[Item]:
    ion = block.ion
    pieces = [ion[i : i + PART_BYTES_MAX] for i in range(0, len(ion), PART_BYTES_MAX)] or [b""]
    for part, piece in enumerate(pieces):
        item: Item = {
            "pk": {"S": journal_key(ledger)},
            "sk": {"S": block_sort_key(block.sequence_no, part)},
            "kind": {"S": "part" if part else "block"},
            "ion": {"B": piece},
        }
        if not part:
            item["ledger"] = {"S": ledger}
            item["hash"] = {"B": block.block_hash}
            item["peaks"] = {"B": joined_peaks.join(block.peaks)}
            item["catalog"] = {"N": str(block.catalog_sequence_no)}
            item["parts"] = {"N": str(len(pieces))}
        yield item


def _block(gathered: Sequence[Item]) -> StoredBlock:
    first = gathered[0]
    number = sequence_no(first)
    expected = [block_sort_key(number, part) for part in range(int(first["parts"]["N"]))]
    if [item["sk"]["S"] for item in gathered] != expected:
        raise CorruptJournalError(
            f"block {number} should have {len(expected)} parts, {len(gathered)} were found:"
            " restore the journal table from a backup"
        )
    return StoredBlock(
        sequence_no=number,
        block_hash=bytes(first["hash"]["B"]),
        peaks=joined_peaks.split(bytes(first["peaks"]["B"])),
        catalog_sequence_no=int(first["catalog"]["N"]),
        ion=b"".join(bytes(item["ion"]["B"]) for item in gathered),
    )


def _value_size(value: dict[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    if kind == "SS":
        return sum(len(member.encode()) for member in content)
    return NUMBER_BYTES_MAX
