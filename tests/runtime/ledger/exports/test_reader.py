"""What an export lacks, or has in the wrong place, is told with the object's key."""

import pytest

from runtime.ledger import ion
from runtime.ledger.exports.errors import FormatError, UnreadableExportError
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from tests.fakes import MemoryStorage
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.exports.exporting import EXPORT_ID, busy_ledger, export

STRAND = "JdxjkR9bSYB5jMHWcI464T"
OTHER = "2020/01/01/00/JdxjkR9bSYB5jMHWcI464T"


@pytest.fixture
def destination() -> MemoryDestination:
    storage, destination = MemoryStorage(), MemoryDestination()
    busy_ledger(storage)
    export(storage, destination)
    return destination


def reader(destination: MemoryDestination) -> ExportReader:
    return ExportReader(destination, find_final_manifest(destination, "journal", EXPORT_ID))


def with_keys(destination: MemoryDestination, *keys: str) -> None:
    manifest = find_final_manifest(destination, "journal", EXPORT_ID)
    destination.objects[manifest] = ion.encode({"keys": list(keys)})


def test_the_final_manifest_is_found(destination: MemoryDestination) -> None:
    key = find_final_manifest(destination, "journal/", EXPORT_ID)
    assert key.startswith(f"journal/{EXPORT_ID}.")
    assert key == find_final_manifest(destination, "journal")


def test_an_export_that_has_not_ended_is_told(destination: MemoryDestination) -> None:
    del destination.objects[find_final_manifest(destination, "journal", EXPORT_ID)]
    with pytest.raises(UnreadableExportError, match="has not ended"):
        find_final_manifest(destination, "journal", EXPORT_ID)


def test_one_of_several_exports_is_not_guessed(destination: MemoryDestination) -> None:
    other = f"journal/9UyXulxccYLAsbN1aon7e4.{STRAND}.completed.manifest"
    destination.objects[other] = b"{keys:[]}"
    with pytest.raises(UnreadableExportError, match="is one of"):
        find_final_manifest(destination, "journal")
    assert find_final_manifest(destination, "journal", EXPORT_ID) != other


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"{keys:1}", b"{keys:[1]}", b"[]", b"{keys:[]} 1", b"{"]
)
def test_what_is_no_manifest_is_told(destination: MemoryDestination, data: bytes) -> None:
    manifest = find_final_manifest(destination, "journal", EXPORT_ID)
    destination.objects[manifest] = data
    with pytest.raises(UnreadableExportError, match=r"completed\.manifest: it is not"):
        reader(destination)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["a"], "not the key of a data object"),
        ([f"{OTHER}.4-1.ion"], "does not follow"),
        ([f"{OTHER}.0-1.ion", f"{OTHER}.3-4.ion"], "does not follow"),
        ([f"{OTHER}.0-1.ion", f"{OTHER}.0-1.ion"], "does not follow"),
    ],
)
def test_keys_with_a_gap_are_refused(
    destination: MemoryDestination, keys: list[str], message: str
) -> None:
    with_keys(destination, *keys)
    with pytest.raises(UnreadableExportError, match=message):
        reader(destination)


def test_json_is_refused_with_its_reason(destination: MemoryDestination) -> None:
    with_keys(destination, f"{OTHER}.0-1.json")
    with pytest.raises(FormatError, match="lost the types"):
        reader(destination)


def test_earlier_objects_are_not_read(destination: MemoryDestination) -> None:
    found = reader(destination)
    (first_key, first), *_ = found.objects
    del destination.objects[first_key]
    blocks = list(found.blocks(first.last + 2))
    assert blocks[0].sequence_no == first.last + 2
    with pytest.raises(UnreadableExportError, match=f"{first_key}: it is named .* missing"):
        list(found.blocks(first.last))


def test_every_byte_of_ours_is_ours(destination: MemoryDestination) -> None:
    assert all(block.exact for block in reader(destination).blocks())


def damaged(destination: MemoryDestination, data: bytes | None, number: int = 1) -> str:
    key, _ = reader(destination).objects[number]
    destination.objects[key] = b"" if data is None else data
    return key


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends before block"),
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"\xe0\x01\x00\xea\xff", "cannot be read"),
        (b"5", "has no address"),
        (b"{blockAddress:{strandId:1}}", "has no address"),
        (f'{{blockAddress:{{strandId:"{STRAND}",sequenceNo:3}}}}'.encode(), "of strand"),
    ],
)
def test_objects_without_their_blocks_are_told(
    destination: MemoryDestination, data: bytes, message: str
) -> None:
    key = damaged(destination, data)
    with pytest.raises(UnreadableExportError, match=message) as raised:
        list(reader(destination).blocks())
    assert raised.value.key == key


def test_blocks_too_few_or_too_many_are_told(destination: MemoryDestination) -> None:
    (_, _), (key, named), *_ = reader(destination).objects
    blocks = destination.objects[key].splitlines(keepends=True)
    damaged(destination, b"".join(blocks[:-1]))
    with pytest.raises(UnreadableExportError, match=f"ends before block {named.last}"):
        list(reader(destination).blocks())
    damaged(destination, b"".join([*blocks, blocks[-1]]))
    with pytest.raises(UnreadableExportError, match=f"block {named.last} of strand"):
        list(reader(destination).blocks())
    damaged(destination, b"".join([*blocks, b"  \n"]))
    with pytest.raises(UnreadableExportError, match="3 bytes that are no block"):
        list(reader(destination).blocks())
