"""Checks blocks and revisions as they are shown outside: out of GetBlock, exports and streams.

Revisions of system tables are shown as their hash alone, redacted ones with the hash of their data.
Who sealed a block decides how much its hashes cover: this ledger fixes each member of
entriesHashList, its first one covers address, transaction id and time; of QLDB's blocks it is only
known that the hashes of their parts are among the members.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyBytes, IonPyDict, IonPyList

from runtime.ledger import ion
from runtime.ledger.blobs import blob
from runtime.ledger.errors import VerificationError
from runtime.ledger.ion import IonValue
from runtime.ledger.verify.arithmetic import HASH_SIZE, dot, root
from runtime.ledger.verify.place import CheckedBlock, Place
from runtime.ledger.verify.quick import value_hash
from runtime.ledger.verify.symbols import DoubtError

HEADER: Final = ("blockAddress", "transactionId", "blockTimestamp")
PARTS: Final = ("transactionInfo", "redactionInfo")
_REQUIRED: Final = {
    *HEADER,
    "blockHash",
    "entriesHash",
    "previousBlockHash",
    "entriesHashList",
}
_REVISION: Final = {"blockAddress", "hash", "metadata"}
_METADATA: Final = {"id", "version", "txTime", "txId"}
_ADDRESS: Final = {"strandId", "sequenceNo"}
_MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError)

IonHash = Callable[[IonValue], bytes]


class Sealer(Enum):
    """Who sealed a block."""

    LEDGER = "ledger"
    QLDB = "qldb"


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block whose hashes are those of what it shows."""

    sequence_no: int
    strand_id: str
    block_hash: bytes
    previous_hash: bytes
    revision_hashes: tuple[bytes, ...]
    is_covered: bool
    """Whether its hashes are made of anything that it shows, not of other hashes alone."""


class FaultError(Exception):
    """What is wrong, before it is said where."""

    def __init__(self, reason: str, revision: int | None = None) -> None:
        """Say why, and at which position of a block's revisions, if it is one of them."""
        super().__init__(reason)
        self.reason = reason
        self.revision = revision


def quick_hash(value: IonValue) -> bytes:
    """The Ion hash of a value, several times faster than the reference."""
    try:
        return value_hash(ion.encode(value))
    except DoubtError:  # A damaged value may be one that the encoder does not write as it was read.
        return ion.reference_hash(value)


def check(
    block: IonValue, place: Place, sealer: Sealer, ion_hash: IonHash = quick_hash
) -> CheckedBlock:
    """The block, if it stands here and is whole; else VerificationError.

    Where QLDB sealed the journal's beginning, the first block that shows this ledger's own hash of
    its header ends that: it and all that follow are held to all that this ledger seals.
    """
    ours = sealer is Sealer.LEDGER or place.is_ours or _shows_our_header(block, ion_hash)
    sealer = Sealer.LEDGER if ours else Sealer.QLDB
    shown = recompute(block, place.sequence_no, sealer, ion_hash)
    if shown.previous_hash != place.previous_hash:
        reason = "its previousBlockHash is not the hash of the block before it"
    elif place.strand_id not in ("", shown.strand_id):
        reason = f"its strandId is {shown.strand_id}, the journal's is {place.strand_id}"
    else:
        return CheckedBlock(shown.strand_id, shown.block_hash, len(shown.revision_hashes), ours)
    raise VerificationError(reason, place.sequence_no)


def recompute(
    block: IonValue, sequence_no: int, sealer: Sealer, ion_hash: IonHash = quick_hash
) -> ShownBlock:
    """The block with its hashes, all of them recomputed; VerificationError where one differs."""
    try:
        return _recomputed(block, sequence_no, sealer, ion_hash)
    except FaultError as fault:
        raise VerificationError(fault.reason, sequence_no, fault.revision) from fault
    except _MALFORMED as error:
        raise VerificationError(f"it has not the layout of a block ({error!r})", sequence_no) from (
            error
        )


def revision_hash(revision: Any, ion_hash: IonHash = quick_hash) -> bytes:
    """The hash of a revision by what it shows of data and metadata; FaultError when it differs."""
    _require_members("it", revision, _REVISION, {"data", "dataHash"})
    metadata = revision["metadata"]
    _require_members("its metadata", metadata, _METADATA, set())
    _require_members("its blockAddress", revision["blockAddress"], _ADDRESS, set())
    recomputed = ion_hash(metadata)
    if "data" in revision and "dataHash" in revision:
        raise FaultError("it has both data and the hash of redacted data")
    if "data" in revision:
        recomputed = dot(ion_hash(revision["data"]), recomputed)
    elif "dataHash" in revision:
        recomputed = dot(_blob(revision["dataHash"]), recomputed)
    if _blob(revision["hash"]) != recomputed:
        raise FaultError("data or metadata do not match its hash")
    return recomputed


def _recomputed(block: Any, sequence_no: int, sealer: Sealer, ion_hash: IonHash) -> ShownBlock:
    ours = sealer is Sealer.LEDGER
    required = _REQUIRED | {"transactionInfo"} if ours else _REQUIRED
    _require_members("it", block, required, {*PARTS, "revisions"})
    address = block["blockAddress"]
    _require_members("its blockAddress", address, _ADDRESS, set())
    if address["sequenceNo"] != sequence_no:
        raise FaultError(f"its sequenceNo is {address['sequenceNo']}")
    revisions = _list(block["revisions"]) if "revisions" in block else []
    hashes = [_checked_revision(block, i, each, ion_hash) for i, each in enumerate(revisions)]
    parts = {name: ion_hash(block[name]) for name in PARTS if name in block}
    if hashes:
        parts["revisions"] = root(hashes)
    entries = [_blob(entry, may_be_empty=True) for entry in _list(block["entriesHashList"])]
    _check_entries(block, parts, entries, ion_hash if ours else None)
    entries_hash, previous = root(entries), _blob(block["previousBlockHash"], may_be_empty=True)
    if _blob(block["entriesHash"]) != entries_hash:
        raise FaultError("its entriesHash is not the Merkle root of entriesHashList")
    if bool(previous) != bool(sequence_no):
        raise FaultError("only the first block has no previousBlockHash")
    if _blob(block["blockHash"]) != dot(entries_hash, previous):
        raise FaultError("its blockHash does not follow from entriesHash and previousBlockHash")
    return ShownBlock(
        sequence_no,
        str(address["strandId"]),
        dot(entries_hash, previous),
        previous,
        tuple(hashes),
        any(name in block for name in PARTS) or any(len(each) > 1 for each in revisions),
    )


def _shows_our_header(block: Any, ion_hash: IonHash) -> bool:
    try:
        return _header_hash(block, ion_hash) == blob(block["entriesHashList"][0])
    except (*_MALFORMED, IndexError):
        return False


def _header_hash(block: Any, ion_hash: IonHash) -> bytes:
    return ion_hash(ion.decode(ion.encode({name: block[name] for name in HEADER})))


def _check_entries(
    block: Any, parts: dict[str, bytes], entries: list[bytes], ion_hash: IonHash | None
) -> None:
    """The hashes of the parts are in the list; with `ion_hash` it has to be as this ledger's."""
    for name, part in parts.items():
        if part not in entries:
            raise FaultError(f"its {name} has no entry in entriesHashList")
    if ion_hash is None:
        return
    expected = {
        "header": _header_hash(block, ion_hash),
        "list of revisions": parts.get("revisions", b""),
        "redactionInfo": parts.get("redactionInfo", b""),
        "transactionInfo": parts["transactionInfo"],
    }
    if len(entries) != len(expected):
        raise FaultError(f"entriesHashList has {len(entries)} members, not {len(expected)}")
    for (what, recomputed), entry in zip(expected.items(), entries, strict=True):
        if entry != recomputed:
            raise FaultError(f"its {what} does not match its entry in entriesHashList")
    documents = block["transactionInfo"].get("documents", {})
    shown = [str(each["metadata"]["id"]) for each in block.get("revisions", ()) if len(each) > 1]
    if len(documents) != len(block.get("revisions", ())) or not set(documents).issuperset(shown):
        raise FaultError("its revisions are not those of the documents it lists")


def _checked_revision(block: Any, position: int, revision: Any, ion_hash: IonHash) -> bytes:
    try:
        if len(revision) == 1:
            _require_members("it", revision, {"hash"}, set())
            return _blob(revision["hash"])
        recomputed = revision_hash(revision, ion_hash)
        _require_same("blockAddress", revision["blockAddress"], block["blockAddress"])
        _require_same("transactionId", revision["metadata"]["txId"], block["transactionId"])
        return recomputed
    except FaultError as fault:
        raise FaultError(fault.reason, position) from fault


def _require_same(what: str, own: Any, of_block: Any) -> None:
    if own != of_block:
        raise FaultError(f"its {what} is not that of its block")


def _require_members(what: str, struct: Any, required: set[str], optional: set[str]) -> None:
    if not isinstance(struct, IonPyDict) or struct.ion_annotations:
        raise FaultError(f"{what} is not a plain struct")
    names = [name for name, _ in struct.items()]
    strange = (required ^ set(names)) - (optional & set(names))
    if strange or len(names) != len(set(names)):
        listed = ", ".join(sorted(map(str, strange))) or "a repeated one"
        raise FaultError(f"{what} lacks, or has too many of, its members: {listed}")


def _list(value: Any) -> list[Any]:
    plain = isinstance(value, IonPyList) and value.ion_type is IonType.LIST
    if not plain or value.ion_annotations or not value:
        raise FaultError("a list is not plain, or it is empty")
    return value


def _blob(value: Any, *, may_be_empty: bool = False) -> bytes:
    plain = isinstance(value, IonPyBytes) and value.ion_type is IonType.BLOB
    if not plain or value.ion_annotations:
        raise FaultError("a hash is not a plain blob")
    if len(value) != HASH_SIZE and (value or not may_be_empty):
        raise FaultError(f"a hash has {len(value)} bytes, not {HASH_SIZE}")
    return bytes(value)
