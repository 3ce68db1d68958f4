"""Blocks of ads as a ledger seals them, and the events that carry them to the workers."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from runtime.ads.revision import AdRevision
from runtime.journal.aggregation import aggregate, lane_of
from runtime.journal.records import StreamRecord, block_records
from runtime.ledger import ion
from runtime.ledger.block import Change, Draft, StatementInfo, seal
from runtime.ledger.identifiers import encode_id, new_id
from runtime.ledger.storage.port import StoredBlock

STREAM_ARN = "arn:aws:qldb:eu-west-1:123456789012:stream/ads/0ZzKdqEKvBq8v4sLwCyGpM"
START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
SYSTEM_TABLE = ("SystemUserTables000001", "information_schema.user_tables")
ADS_TABLE = ("8F0TPCmdNQ6JTRpiLj2TmW", "Ads")
KEYS_TABLE = ("5PLf9SXwndd63lPaSIa0O6", "IdempotencyKeys")


def ad_id_of(number: int) -> str:
    """The same id for the same number."""
    return encode_id(number.to_bytes(16, "big"))


def iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ad_fields(**changes: Any) -> dict[str, Any]:
    """The seed's ad."""
    return {
        "publisherId": "publisher-1",
        "adTitle": "awesome title",
        "adDescription": "awesome description",
        "price": Decimal("10.50"),
        "currency": "€",
        "category": "awesome category",
        "tags": ["awesome", "category"],
        "createdAt": iso(START),
        **changes,
    }


def ad_revision(
    ad_id: str = ad_id_of(1), version: int = 0, *, deleted: bool = False, **changes: Any
) -> AdRevision:
    """One version of an ad, committed one second a version after the start."""
    return AdRevision(
        ad_id,
        version,
        iso(START + timedelta(seconds=version)),
        encode_id(version.to_bytes(16, "big")),
        None if deleted else ad_fields(**changes),
    )


class Journal:
    """One ledger's blocks, sealed as the ledger seals them."""

    def __init__(self, name: str = "ads-0") -> None:
        self.name = name
        self.strand_id = encode_id(sha256(name.encode()).digest()[:16])
        self.blocks: list[StoredBlock] = []

    def commit(self, *changes: Change, statement: str = "INSERT INTO Ads ?") -> StoredBlock:
        """Seal one transaction of these changes."""
        time = START + timedelta(seconds=len(self.blocks))
        draft = Draft(
            strand_id=self.strand_id,
            transaction_id=new_id(),
            statements=(StatementInfo(statement, time, b"\x01" * 32),),
            changes=changes,
            tx_time=time,
            block_timestamp=time + timedelta(milliseconds=3),
        )
        block = seal(draft, self.blocks[-1] if self.blocks else None).block
        self.blocks.append(block)
        return block

    def commit_ad(self, revision: AdRevision) -> StoredBlock:
        """Seal one transaction of one version of one ad; times are the block's."""
        return self.commit(ad_change(revision))


def ad_change(revision: AdRevision) -> Change:
    data = None if revision.fields is None else document(revision.fields)
    return change(ADS_TABLE, revision.ad_id, revision.version, data)


def change(
    table: tuple[str, str], document_id: str, version: int, data: Mapping[str, Any] | None
) -> Change:
    return Change(table[0], table[1], document_id, version, data, statements=(0,))


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The Ion document of an ad's fields."""
    created_at = ion.timestamp(datetime.fromisoformat(fields["createdAt"]))
    return {**fields, "createdAt": created_at}


def revision_record(revision: AdRevision) -> bytes:
    """The REVISION_DETAILS record of exactly this revision, its times and ids included."""
    payload: dict[str, Any] = {
        "tableInfo": {"tableName": ADS_TABLE[1], "tableId": ADS_TABLE[0]},
        "revision": {
            "blockAddress": {"strandId": ad_id_of(0), "sequenceNo": 7},
            "hash": b"\x02" * 32,
            "data": None if revision.fields is None else document(revision.fields),
            "metadata": {
                "id": revision.ad_id,
                "version": revision.version,
                "txTime": ion.timestamp(datetime.fromisoformat(revision.tx_time)),
                "txId": revision.tx_id,
            },
        },
    }
    if revision.deleted:
        del payload["revision"]["data"]
    return stream_record("REVISION_DETAILS", payload)


def stream_record(kind: str, payload: Mapping[str, Any]) -> bytes:
    return ion.encode({"qldbStreamArn": STREAM_ARN, "recordType": kind, "payload": payload})


def aggregated(records: Iterable[bytes], lane: str = "lane-00") -> bytes:
    """All records in one aggregate."""
    ((data, _),) = aggregate(lane, records)
    return data


def kinesis_event(*data: bytes) -> dict[str, Any]:
    """An event with one record for each of these bytes, sequence numbers 0, 1, 2 …"""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "lane-00",
                    "sequenceNumber": str(number),
                    "data": b64encode(one).decode(),
                    "approximateArrivalTimestamp": START.timestamp(),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/projector",
                "awsRegion": "eu-west-1",
                "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/journal",
            }
            for number, one in enumerate(data)
        ]
    }


def revisions_event(*groups: Sequence[AdRevision]) -> dict[str, Any]:
    """An event with one aggregate for each group of revisions."""
    return kinesis_event(*(aggregated(map(revision_record, group)) for group in groups))


def block_item(journal: Journal, block: StoredBlock, parts: int = 1) -> dict[str, Any]:
    """A block's first item of the journal table, binaries as bytes."""
    piece = -(-len(block.ion) // parts)
    return {
        "pk": {"S": f"{journal.name}#journal"},
        "sk": {"S": f"{block.sequence_no:016d}#00"},
        "kind": {"S": "block"},
        "ledger": {"S": journal.name},
        "ion": {"B": block.ion[:piece]},
        "hash": {"B": block.block_hash},
        "peaks": {"B": b"".join(block.peaks)},
        "catalog": {"N": str(block.catalog_sequence_no)},
        "parts": {"N": str(parts)},
    }


def part_items(journal: Journal, block: StoredBlock, parts: int) -> list[dict[str, Any]]:
    """The items behind the first."""
    piece = -(-len(block.ion) // parts)
    return [
        {
            "pk": {"S": f"{journal.name}#journal"},
            "sk": {"S": f"{block.sequence_no:016d}#{part:02d}"},
            "kind": {"S": "part"},
            "ion": {"B": block.ion[part * piece : (part + 1) * piece]},
        }
        for part in range(1, parts)
    ]


def table_event(*items: Mapping[str, Any]) -> dict[str, Any]:
    """A DynamoDB stream's event that inserts these items, sequence numbers 0, 1, 2 …"""
    return {
        "Records": [
            {
                "eventID": f"{number:032x}",
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "eu-west-1",
                "dynamodb": {
                    "ApproximateCreationDateTime": START.timestamp(),
                    "Keys": {"pk": item["pk"], "sk": item["sk"]},
                    "NewImage": {name: _wire(value) for name, value in item.items()},
                    "SequenceNumber": str(number),
                    "SizeBytes": 1024,
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": (
                    "arn:aws:dynamodb:eu-west-1:123456789012:table/journal/stream/2026-01-02"
                ),
            }
            for number, item in enumerate(items)
        ]
    }


def _wire(value: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute value as Lambda sees it: binaries in base64."""
    return {kind: b64encode(v).decode() if kind == "B" else v for kind, v in value.items()}


def records_of(block: StoredBlock) -> list[StreamRecord]:
    return block_records(block.ion, STREAM_ARN)


def committed(revision: AdRevision, block: StoredBlock) -> AdRevision:
    """The revision with the times and transaction id that the block gave it."""
    (details,) = [ion.decode(one.data) for one in records_of(block)[1:]]
    metadata = details["payload"]["revision"]["metadata"]
    return replace(revision, tx_time=iso(metadata["txTime"]), tx_id=str(metadata["txId"]))


def lane_key(revision: AdRevision) -> str:
    return lane_of(revision.ad_id)
