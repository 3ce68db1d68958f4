"""What a backup consists of, as its manifests tell it.

    {prefix}backup.manifest                                       the newest backup; written last
    {prefix}{ledger}-{block}.{strandId}.completed.manifest        its objects, as in any export

The first one holds the digest and the hash of the second one, that one holds the hash of each
object, and the first one its own: no bit of a backup can change unnoticed.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from runtime.ledger import ion
from runtime.ledger.backups.errors import BackupError, DamagedBackupError
from runtime.ledger.backups.place import Place
from runtime.ledger.blobs import blob
from runtime.ledger.errors import IonError
from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.errors import NoSuchObjectError
from runtime.ledger.exports.formats import FORMATS, ION_BINARY
from runtime.ledger.exports.layout import DataKey, parsed, with_slash
from runtime.ledger.exports.reader import FINAL
from runtime.ledger.hashing import ion_hash

MANIFEST: Final = "backup.manifest"
FORM: Final = FORMATS[ION_BINARY]
_TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """One object."""

    key: str
    hash: bytes
    """SHA-256 of its bytes."""

    @property
    def blocks(self) -> DataKey:
        """Which blocks it holds."""
        named = parsed(self.key)
        if named is None:
            raise DamagedBackupError(f"{self.key!r} is not the key of an object with blocks")
        return named


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of all blocks up to one."""

    ledger: str
    strand_id: str
    sequence_no: int
    """The newest block in it."""
    digest: bytes
    """The Merkle root over the hashes of its blocks: 32 bytes."""
    objects: tuple[BackedUp, ...]
    """In the order of their blocks, without a gap."""

    def listing(self, prefix: str) -> str:
        """The key of the manifest that lists the objects."""
        name = f"{self.ledger}-{self.sequence_no}.{self.strand_id}{FINAL}"
        return with_slash(prefix) + name


def write(place: Place, prefix: str, backup: Backup) -> None:
    """Make this the newest backup; whoever reads finds this one or the one before."""
    keys, hashes = [o.key for o in backup.objects], [o.hash for o in backup.objects]
    listing = FORM.encode(_ion({"keys": keys, "hashes": hashes}))
    place.put(backup.listing(prefix), listing, FORM.content_type)
    manifest = {
        "ledger": backup.ledger,
        "digest": backup.digest,
        "digestTipAddress": {"strandId": backup.strand_id, "sequenceNo": backup.sequence_no},
        "listingHash": sha256(listing).digest(),
    }
    place.put(with_slash(prefix) + MANIFEST, _text(manifest), _TEXT)


def read(place: Destination, prefix: str) -> Backup:
    """The newest backup; BackupError where there is none, DamagedBackupError if it is not whole."""
    key = with_slash(prefix) + MANIFEST
    try:
        data = place.get(key)
    except NoSuchObjectError as error:
        raise BackupError(f"there is no {key}: no backup has ended here") from error
    try:
        struct: Any = ion.parse(data.decode())
        tip = struct["digestTipAddress"]
        backup = Backup(
            ledger=str(struct["ledger"]),
            strand_id=str(tip["strandId"]),
            sequence_no=int(tip["sequenceNo"]),
            digest=blob(struct["digest"]),
            objects=(),
        )
        listing_hash = blob(struct["listingHash"])
        written = {name: value for name, value in struct.items() if name != "hash"}
        if _text(written) != data:
            raise DamagedBackupError(f"{key} is not what was written: its hash is another")
    except (IonError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedBackupError(f"{key} is not the manifest of a backup ({error!r})") from error
    objects = _objects(place, backup.listing(prefix), listing_hash)
    return Backup(backup.ledger, backup.strand_id, backup.sequence_no, backup.digest, objects)


def _objects(place: Destination, key: str, listing_hash: bytes) -> tuple[BackedUp, ...]:
    try:
        data = place.get(key)
    except NoSuchObjectError as error:
        raise DamagedBackupError(f"{key}, which lists the backup's objects, is missing") from error
    if sha256(data).digest() != listing_hash:
        raise DamagedBackupError(f"{key} is not what was backed up: its hash is another")
    [struct] = ion.stream(data)
    pairs = zip(struct["keys"], struct["hashes"], strict=True)
    return tuple(BackedUp(str(each), bytes(hash_)) for each, hash_ in pairs)


def _text(manifest: dict[str, Any]) -> bytes:
    """A manifest with its own hash, as it is written."""
    struct = _ion({**manifest, "hash": ion_hash(_ion(manifest))})
    return f"{ion.text(struct)}\n".encode()


def _ion(plain: dict[str, Any]) -> Any:
    return ion.decode(ion.encode(plain))
