"""Committed blocks out of a DynamoDB stream's event."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from runtime.journal.errors import BlockError
from runtime.ledger import ion
from runtime.ledger.errors import IonError, VerificationError
from runtime.ledger.ion_form import check_form
from runtime.ledger.verify.chain import check_sealed
from runtime.ledger.verify.place import Place
from runtime.publish_journal.errors import JournalUnavailableError

PAGES_MAX = 64
"""Of 1 MB each: far above what the largest transaction, 4 MB, can need."""


class QueryClient(Protocol):
    """What is used of boto3's low-level DynamoDB client."""

    def query(self, **arguments: Any) -> Mapping[str, Any]:
        """Read a range of one partition."""
        ...


@dataclass(frozen=True, slots=True)
class BlockImage:
    """The first item of a block, as the stream shows it."""

    partition: str
    sort: str
    parts: int
    ion: bytes
    hash: bytes


def block_image(record: Mapping[str, Any]) -> BlockImage | None:
    """The block that a stream record adds to the journal; None where it adds something else.

    Raises BlockError for a block item that lacks what every block has.
    """
    image = record["dynamodb"].get("NewImage", {})
    if record.get("eventName") != "INSERT" or image.get("kind", {}).get("S") != "block":
        return None
    try:
        return BlockImage(
            image["pk"]["S"],
            image["sk"]["S"],
            int(image["parts"]["N"]),
            b64decode(image["ion"]["B"], validate=True),
            b64decode(image["hash"]["B"], validate=True),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BlockError(
            f"block item {image.get('pk')} {image.get('sk')} is not one a ledger wrote: {error!r}"
        ) from error


def require_sealed(image: BlockImage, block_ion: bytes) -> None:
    """Raise BlockError unless the whole block is what its own hashes and its item say.

    Whether it follows the block before it is for the ledger's verifier to say.
    """
    try:
        check_form(block_ion)
        block = ion.decode(block_ion)
        number = int(block["blockAddress"]["sequenceNo"])
        place = Place(
            number,
            bytes(block["previousBlockHash"]) if number else b"",
            str(block["blockAddress"]["strandId"]),
        )
        found = check_sealed(block_ion, place)
    except (
        *(IonError, VerificationError),
        *(KeyError, TypeError, AttributeError, ValueError, OverflowError),
    ) as error:
        raise BlockError(
            f"item {image.partition} {image.sort} is not a block as it was sealed ({error!r}):"
            " verify the ledger"
        ) from error
    if found.block_hash != image.hash or not image.sort.startswith(f"{number:016d}#"):
        raise BlockError(
            f"item {image.partition} {image.sort} holds block {number} with the hash"
            f" {found.block_hash.hex()}, not the one kept beside it: verify the ledger"
        )


class JournalTable:
    """Where the parts of large blocks are."""

    def __init__(self, client: QueryClient, name: str) -> None:
        self._client = client
        self._name = name

    def block_ion(self, image: BlockImage) -> bytes:
        """The whole block; raises JournalUnavailableError where parts are missing or unread."""
        if image.parts == 1:
            return image.ion
        number = image.sort.split("#")[0]
        parts = [image.ion, *self._parts(image.partition, f"{number}#")]
        if len(parts) != image.parts:
            raise JournalUnavailableError(
                f"block {number} of {image.partition} has {image.parts} parts, "
                f"table {self._name} gave {len(parts)}: try again"
            )
        return b"".join(parts)

    def _parts(self, partition: str, prefix: str) -> list[bytes]:
        """Every part behind the first, in order."""
        found: list[bytes] = []
        start: dict[str, Any] = {}
        for _ in range(PAGES_MAX):
            answer = self._query(partition, prefix, start)
            found += [bytes(part["ion"]["B"]) for part in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                break
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return found

    def _query(self, partition: str, prefix: str, start: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._client.query(
                TableName=self._name,
                ConsistentRead=True,
                KeyConditionExpression="pk = :partition AND sk BETWEEN :second AND :last",
                ProjectionExpression="ion",
                ExpressionAttributeValues={
                    ":partition": {"S": partition},
                    ":second": {"S": f"{prefix}01"},
                    ":last": {"S": f"{prefix}99"},
                },
                **start,
            )
        except (ClientError, BotoCoreError) as error:
            raise JournalUnavailableError(
                f"cannot read the parts {prefix} of {partition} from {self._name}: {error}"
            ) from error
