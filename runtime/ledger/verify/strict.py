"""Checks a block of a journal by decoding it, and says exactly what is wrong with it.

It shares nothing with the code that seals and stores blocks but the reading of Ion. Ion hashes are
made by ionhash, the reference implementation, unless the caller prefers a quicker one; everything
above them is computed here.

Every byte counts: a block whose bytes are not exactly the encoding of what they mean is damaged
too, even where no hash would notice.
"""

from collections.abc import Callable
from typing import Any, Final

from amazon.ion.core import IonType
from amazon.ion.simple_types import IonPyBytes, IonPyDict, IonPyList

from runtime.ledger import ion
from runtime.ledger.errors import IonError, VerificationError
from runtime.ledger.ion import IonValue
from runtime.ledger.ion_form import check_form
from runtime.ledger.verify.arithmetic import HASH_SIZE, dot, root
from runtime.ledger.verify.place import CheckedBlock, Place

_BLOCK_MEMBERS: Final = {
    "blockAddress",
    "transactionId",
    "blockTimestamp",
    "blockHash",
    "entriesHash",
    "previousBlockHash",
    "entriesHashList",
    "transactionInfo",
}
_BLOCK_OPTIONS: Final = {"redactionInfo", "revisions"}
_REVISION_MEMBERS: Final = {"blockAddress", "hash", "metadata"}
_REVISION_OPTIONS: Final = {"data", "dataHash"}
_METADATA_MEMBERS: Final = {"id", "version", "txTime", "txId"}
_ADDRESS_MEMBERS: Final = {"strandId", "sequenceNo"}

IonHash = Callable[[IonValue], bytes]


def check(data: bytes, place: Place, ion_hash: IonHash = ion.reference_hash) -> CheckedBlock:
    """The block with these bytes, if it stands here and is whole; else VerificationError."""
    return _Block(place, ion_hash).checked(data)


class _Block:
    def __init__(self, place: Place, ion_hash: IonHash) -> None:
        self._place = place
        self._ion_hash = ion_hash

    def checked(self, data: bytes) -> CheckedBlock:
        struct = self._decoded(data)
        self._check_members("the block", struct, _BLOCK_MEMBERS, _BLOCK_OPTIONS)
        self._check_address(struct["blockAddress"])
        revisions = self._list(struct["revisions"], "revisions") if "revisions" in struct else []
        hashes = [self._revision(struct, i, revision) for i, revision in enumerate(revisions)]
        block_hash = self._checked_hash(struct, hashes)
        self._check_documents(struct["transactionInfo"], revisions)
        return CheckedBlock(str(struct["blockAddress"]["strandId"]), block_hash, len(hashes))

    def _decoded(self, data: bytes) -> Any:
        try:
            check_form(data)
            struct = ion.decode(data)
            exact = ion.encode(struct) == data
        except IonError as error:
            raise self._fault(f"its bytes cannot be read: {error}") from error
        if not exact:
            raise self._fault("its bytes are not the exact encoding of what they mean")
        return struct

    def _check_members(
        self,
        what: str,
        struct: Any,
        members: set[str],
        options: set[str],
        revision: int | None = None,
    ) -> None:
        """A struct has these members, each once, and no others that no hash would cover."""
        if not isinstance(struct, IonPyDict) or struct.ion_annotations:
            raise self._fault(f"{what} is not a plain struct", revision)
        names = [name for name, _ in struct.items()]
        strange = (members ^ set(names)) - (options & set(names))
        if strange or len(names) != len(set(names)):
            listed = ", ".join(sorted(map(str, strange))) or "a repeated one"
            raise self._fault(f"{what} lacks, or has too many of, its members: {listed}", revision)

    def _check_address(self, address: Any) -> None:
        self._check_members("blockAddress", address, _ADDRESS_MEMBERS, set())
        if address["sequenceNo"] != self._place.sequence_no:
            raise self._fault(f"its sequenceNo is {address['sequenceNo']}, not the next")
        strand_id = str(address["strandId"])
        if self._place.strand_id not in ("", strand_id):
            raise self._fault(
                f"its strandId is {strand_id}, the journal's is {self._place.strand_id}"
            )

    def _revision(self, block: Any, position: int, revision: Any) -> bytes:
        """The recomputed hash of a revision."""
        self._check_members("it", revision, _REVISION_MEMBERS, _REVISION_OPTIONS, position)
        metadata = revision["metadata"]
        self._check_members("its metadata", metadata, _METADATA_MEMBERS, set(), position)
        if ion.encode(revision["blockAddress"]) != ion.encode(block["blockAddress"]):
            raise self._fault("its blockAddress is not that of its block", position)
        if metadata["txId"] != block["transactionId"]:
            raise self._fault("its txId is not the block's transactionId", position)
        if "data" in revision and "dataHash" in revision:
            raise self._fault("it has both data and the hash of redacted data", position)
        recomputed = self._ion_hash(metadata)
        if "data" in revision:
            recomputed = dot(self._ion_hash(revision["data"]), recomputed)
        elif "dataHash" in revision:
            recomputed = dot(self._hash_in(revision, "dataHash", position), recomputed)
        if self._hash_in(revision, "hash", position) != recomputed:
            raise self._fault("data or metadata do not match its hash", position)
        return recomputed

    def _checked_hash(self, block: Any, revision_hashes: list[bytes]) -> bytes:
        """The block's hash, which follows from everything in it and from the block before it."""
        entries = self._list(block["entriesHashList"], "entriesHashList")
        expected = self._entries(block, revision_hashes)
        if len(entries) != len(expected):
            raise self._fault(f"entriesHashList has {len(entries)} members, not {len(expected)}")
        for (what, recomputed), entry in zip(expected.items(), entries, strict=True):
            if not _is_blob(entry) or entry != recomputed:
                raise self._fault(f"its {what} does not match its entry in entriesHashList")
        entries_hash = root(list(expected.values()))
        if self._hash_in(block, "entriesHash") != entries_hash:
            raise self._fault("its entriesHash is not the Merkle root of entriesHashList")
        before = block["previousBlockHash"]
        if not _is_blob(before) or before != self._place.previous_hash:
            raise self._fault("its previousBlockHash is not the hash of the block before it")
        block_hash = dot(entries_hash, self._place.previous_hash)
        if self._hash_in(block, "blockHash") != block_hash:
            raise self._fault("its blockHash does not follow from entriesHash and the block before")
        return block_hash

    def _entries(self, block: Any, revision_hashes: list[bytes]) -> dict[str, bytes]:
        """What entriesHashList should be, each with what it is the hash of."""
        header = {name: block[name] for name in ("blockAddress", "transactionId", "blockTimestamp")}
        redaction = block.get("redactionInfo")
        return {
            "header": self._ion_hash(ion.decode(ion.encode(header))),
            "list of revisions": root(revision_hashes),
            "redactionInfo": b"" if redaction is None else self._ion_hash(redaction),
            "transactionInfo": self._ion_hash(block["transactionInfo"]),
        }

    def _check_documents(self, info: Any, revisions: list[Any]) -> None:
        """The transaction lists the documents it changed, and no others."""
        documents = info.get("documents", IonPyDict()) if isinstance(info, IonPyDict) else None
        if not isinstance(documents, IonPyDict):
            raise self._fault("transactionInfo and its documents are not structs")
        if set(documents) != {str(revision["metadata"]["id"]) for revision in revisions}:
            raise self._fault("its revisions are not those of the documents it lists")

    def _list(self, value: Any, what: str) -> list[Any]:
        plain = isinstance(value, IonPyList) and value.ion_type is IonType.LIST
        if not plain or value.ion_annotations or not value:
            raise self._fault(f"{what} is not a plain list with members")
        return value

    def _hash_in(self, struct: Any, name: str, revision: int | None = None) -> bytes:
        value = struct[name]
        if not _is_blob(value) or len(value) != HASH_SIZE:
            raise self._fault(f"{name} is not a blob of {HASH_SIZE} bytes", revision)
        return bytes(value)

    def _fault(self, reason: str, revision: int | None = None) -> VerificationError:
        return VerificationError(reason, self._place.sequence_no, revision)


def _is_blob(value: Any) -> bool:
    plain = isinstance(value, IonPyBytes) and value.ion_type is IonType.BLOB
    return plain and not value.ion_annotations
