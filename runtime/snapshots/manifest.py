"""What a snapshot says of itself: its period, and of each ledger its tip, digest and objects."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from runtime.snapshots import documents
from runtime.snapshots.errors import UnreadableSnapshotError
from runtime.snapshots.layout import manifest_key, request_key

FORMAT: Final = 1
_UNLIKE: Final = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object as it was written."""

    key: str
    size: int
    """In bytes."""
    sha256: str
    """In hexadecimal digits, as all hashes here."""

    @classmethod
    def of(cls, key: str, data: bytes) -> "ObjectEntry":
        """The entry of these contents."""
        return cls(key, len(data), sha256(data).hexdigest())

    def fault(self, data: bytes) -> str | None:
        """Why these are not the contents; None where they are."""
        if len(data) != self.size:
            return f"it has {len(data)} bytes, not {self.size}"
        found = sha256(data).hexdigest()
        return None if found == self.sha256 else f"its SHA-256 is {found}, not {self.sha256}"


@dataclass(frozen=True, slots=True)
class Tip:
    """A journal up to a block; the block -1 is that of a journal without any."""

    sequence_no: int = -1
    strand_id: str = ""
    block_hash: str = ""
    peaks: tuple[str, ...] = ()
    """Merkle peaks over all block hashes, tallest first."""
    digest: str = ""
    ours: bool = False
    """Whether this ledger sealed the block, or it was imported as another sealed it."""


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """What a snapshot has of one ledger."""

    ledger: str
    first: int
    """The first block of the period; it follows the tip of the snapshot before."""
    tip: Tip
    """The last block of the period."""
    revisions: int
    """Of ads, within the period."""
    ads: int
    """As of the end, deleted ones not counted."""
    deleted: int
    journal_manifest: str | None
    """The key of the export's final manifest; None where the period has no block."""
    journal: tuple[ObjectEntry, ...]
    state: tuple[ObjectEntry, ...]

    @property
    def blocks(self) -> int:
        """Blocks of the period."""
        return self.tip.sequence_no - self.first + 1


@dataclass(frozen=True, slots=True)
class Request:
    """A snapshot that is asked for."""

    snapshot_id: str
    end: datetime
    """Blocks sealed before this moment are in it, UTC."""
    previous: str | None
    """The snapshot before it."""

    def to_bytes(self) -> bytes:
        """As an object."""
        return documents.written(
            {
                "format": FORMAT,
                "snapshotId": self.snapshot_id,
                "end": documents.time_text(self.end),
                "previous": self.previous,
            }
        )

    @classmethod
    def from_bytes(cls, key: str, data: bytes) -> "Request":
        """From an object; UnreadableSnapshotError where it is damaged."""
        document = documents.read(key, data)
        try:
            found = cls(
                document["snapshotId"], documents.time_of(document["end"]), document["previous"]
            )
        except _UNLIKE as error:
            raise UnreadableSnapshotError(key, f"it is not a request ({error!r})") from error
        if request_key(found.snapshot_id) != key:
            raise UnreadableSnapshotError(key, f"it is the request of {found.snapshot_id}")
        return found


@dataclass(frozen=True, slots=True)
class Manifest:
    """A finished snapshot."""

    request: Request
    request_object: ObjectEntry
    previous_manifest: ObjectEntry | None
    ledgers: tuple[LedgerPart, ...]
    """By shard."""

    @property
    def snapshot_id(self) -> str:
        """Its id."""
        return self.request.snapshot_id

    @property
    def end(self) -> datetime:
        """Every block sealed before this moment is in this snapshot or in one before it."""
        return self.request.end

    def to_bytes(self) -> bytes:
        """As an object."""
        return documents.written(
            {
                "format": FORMAT,
                "snapshotId": self.snapshot_id,
                "end": documents.time_text(self.end),
                "previous": self.request.previous,
                "request": asdict(self.request_object),
                "previousManifest": self.previous_manifest and asdict(self.previous_manifest),
                "ledgers": [part_to_plain(part) for part in self.ledgers],
            }
        )

    @classmethod
    def from_bytes(cls, key: str, data: bytes) -> "Manifest":
        """From an object; UnreadableSnapshotError where it is damaged."""
        document = documents.read(key, data)
        try:
            if document["format"] != FORMAT:
                raise ValueError(f"format {document['format']}")
            found = cls(
                Request(
                    document["snapshotId"], documents.time_of(document["end"]), document["previous"]
                ),
                ObjectEntry(**document["request"]),
                document["previousManifest"] and ObjectEntry(**document["previousManifest"]),
                tuple(map(part_of_plain, document["ledgers"])),
            )
        except _UNLIKE as error:
            raise UnreadableSnapshotError(key, f"it is not a manifest ({error!r})") from error
        if manifest_key(found.snapshot_id) != key:
            raise UnreadableSnapshotError(key, f"it is the manifest of {found.snapshot_id}")
        return found

    def objects(self) -> list[ObjectEntry]:
        """Every object but the manifest itself and those of earlier snapshots."""
        parts = [entry for part in self.ledgers for entry in (*part.journal, *part.state)]
        return [self.request_object, *parts]


def part_to_plain(part: LedgerPart) -> dict[str, Any]:
    """As documents have it."""
    return asdict(part)


def part_of_plain(plain: Mapping[str, Any]) -> LedgerPart:
    """From a document; KeyError, TypeError or ValueError where it is none."""
    members: dict[str, Any] = {
        **plain,
        "tip": tip_of_plain(plain["tip"]),
        "journal": tuple(ObjectEntry(**entry) for entry in plain["journal"]),
        "state": tuple(ObjectEntry(**entry) for entry in plain["state"]),
    }
    return LedgerPart(**members)


def tip_of_plain(plain: Mapping[str, Any]) -> Tip:
    """From a document."""
    members: dict[str, Any] = {**plain, "peaks": tuple(plain["peaks"])}
    return Tip(**members)
