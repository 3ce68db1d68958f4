"""Reads an export back: QLDB's own or this ledger's, in Ion text or binary."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from amazon.ion.core import IonType

from runtime.ledger import ion
from runtime.ledger.errors import IonError
from runtime.ledger.exports.destination import Destination
from runtime.ledger.exports.errors import (
    FormatError,
    NoFinalManifestError,
    NoSuchObjectError,
    UnreadableExportError,
)
from runtime.ledger.exports.formats import FORMATS, ION_BINARY, ION_TEXT, JSON
from runtime.ledger.exports.layout import DataKey, parsed, with_slash
from runtime.ledger.ion import IonValue

FINAL: Final = ".completed.manifest"
_BINARY_MARKER: Final = b"\xe0\x01\x00\xea"


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """A block out of an object; nothing of it is checked but where it is."""

    key: str
    """The object's."""
    struct: IonValue
    sequence_no: int
    exact: bool
    """Whether the object, so far, has just the bytes that this ledger would have written."""


class ExportReader:
    """The blocks of one finished export, in the journal's order."""

    def __init__(self, destination: Destination, manifest_key: str) -> None:
        """Read the final manifest; UnreadableExportError when it is not one."""
        self._destination = destination
        self._objects = _objects(manifest_key, destination.get(manifest_key))

    @property
    def objects(self) -> list[tuple[str, DataKey]]:
        """The key of every data object with the blocks that it names."""
        return self._objects

    def blocks(self, first: int = 0) -> Iterator[ReadBlock]:
        """Blocks from number `first` on; objects with earlier ones alone are not read."""
        for key, named in self._objects:
            if named.last >= first:
                for block in self._object(key, named):
                    if block.sequence_no >= first:
                        yield block

    def _object(self, key: str, named: DataKey) -> Iterator[ReadBlock]:
        """The blocks of an object, which have to be those its key names."""
        try:
            data = self._destination.get(key)
        except NoSuchObjectError as error:
            reason = "it is named in the manifest and missing"
            raise UnreadableExportError(key, reason, named.first) from error
        form = FORMATS[ION_BINARY if data.startswith(_BINARY_MARKER) else ION_TEXT]
        at, exact, expected = 0, True, named.first
        try:
            for struct in ion.stream(data):
                written = form.encode(struct)
                exact = exact and data.startswith(written, at)
                at += len(written)
                yield ReadBlock(key, struct, _expected(key, struct, named, expected), exact)
                expected += 1
        except IonError as error:
            place = f", which begins at byte {at}," if exact else ""
            reason = f"block {expected}{place} cannot be read: {error}"
            raise UnreadableExportError(key, reason, expected) from error
        if expected != named.last + 1:
            reason = f"it ends before block {expected}, its key says {named.last} is the last"
            raise UnreadableExportError(key, reason, expected)
        if exact and at != len(data):
            reason = f"{len(data) - at} bytes that are no block follow block {named.last}"
            raise UnreadableExportError(key, reason, named.last)


def find_final_manifest(destination: Destination, prefix: str, export_id: str = "") -> str:
    """The key of an export's final manifest; of the only one under a prefix without an id.

    NoFinalManifestError where there is none, so that the export has not ended, or several.
    """
    start = f"{with_slash(prefix)}{export_id}{'.' if export_id else ''}"
    found = [
        key
        for key in destination.keys(start)
        if key.endswith(FINAL) and "/" not in key[len(with_slash(prefix)) :]
    ]
    if len(found) == 1:
        return found[0]
    reason = "is not there: the export has not ended" if not found else f"is one of {found}"
    raise NoFinalManifestError(f"{start}*{FINAL}", f"the final manifest {reason}")


def _objects(manifest_key: str, data: bytes) -> list[tuple[str, DataKey]]:
    """Keys of data objects and what they say of their blocks, which have to be without a gap."""
    objects: list[tuple[str, DataKey]] = []
    for key in _manifest_keys(manifest_key, data):
        named = parsed(key)
        if named is None:
            raise UnreadableExportError(manifest_key, f"{key!r} is not the key of a data object")
        if key.endswith(f".{FORMATS[JSON].suffix}"):
            raise FormatError(
                f"object {key} is JSON, which has lost the types that the hashes were made of:"
                " export as ION_TEXT or ION_BINARY"
            )
        if named.last < named.first or (objects and named.first != objects[-1][1].last + 1):
            raise UnreadableExportError(manifest_key, f"{key} does not follow the object before it")
        objects.append((key, named))
    return objects


def _manifest_keys(manifest_key: str, data: bytes) -> list[str]:
    try:
        [manifest] = ion.stream(data)
        keys = manifest["keys"]
        if keys.ion_type is IonType.LIST and all(isinstance(key, str) for key in keys):
            return [str(key) for key in keys]
        reason = "keys is not a list of strings"
    except (IonError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = repr(error)
    raise UnreadableExportError(manifest_key, f"it is not a final manifest ({reason})")


def _expected(key: str, struct: Any, named: DataKey, expected: int) -> int:
    """The block's number, which has to be the one expected here."""
    try:
        address = struct["blockAddress"]
        found = (str(address["strandId"]), int(address["sequenceNo"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = f"what should be block {expected} has no address"
        raise UnreadableExportError(key, reason, expected) from error
    if found != (named.strand_id, expected) or expected > named.last:
        reason = f"block {found[1]} of strand {found[0]} is where block {expected} should be"
        raise UnreadableExportError(key, reason, expected)
    return expected
