"""Redactions in the journal table: the items whose Ion is replaced, if they are as they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.ledger.errors import HeadMovedError
from runtime.ledger.storage import items
from runtime.ledger.storage.items import Item
from runtime.ledger.storage.port import Redaction


@dataclass(frozen=True, slots=True)
class Rewrite:
    """An item whose Ion is replaced."""

    key: Item
    before: bytes
    after: bytes

    def update(self, table_name: str) -> dict[str, Any]:
        """As a part of TransactWriteItems."""
        return {
            "TableName": table_name,
            "Key": self.key,
            "UpdateExpression": "SET ion = :after",
            "ConditionExpression": "ion = :before",
            "ExpressionAttributeValues": {
                ":before": {"B": self.before},
                ":after": {"B": self.after},
            },
        }


def rewrites(ledger: str, redaction: Redaction, block: Sequence[Item]) -> Iterator[Rewrite]:
    """What a redaction changes; `block` are the items of the block as they are stored."""
    old, new = redaction.block, redaction.block_ion
    if b"".join(bytes(item["ion"]["B"]) for item in block) != old.ion:
        raise HeadMovedError(f"block {old.sequence_no} has been redacted meanwhile: read it again")
    last = len(block) - 1
    for part, item in enumerate(block):
        # The last part takes what is left: as many parts stay, however long the block is now.
        end = None if part == last else (part + 1) * items.PART_BYTES_MAX
        piece = new[part * items.PART_BYTES_MAX : end]
        yield Rewrite({name: item[name] for name in ("pk", "sk")}, item["ion"]["B"], piece)
    revision = redaction.revision
    key = {
        "pk": {"S": items.document_key(ledger, revision.table_id, revision.document_id)},
        "sk": {"S": items.version_sort_key(revision.version)},
    }
    yield Rewrite(key, revision.ion, redaction.revision_ion)
