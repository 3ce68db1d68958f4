"""No flipped bit of an export gets into a ledger."""

from typing import Any

import pytest

from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.exports.errors import UnreadableExportError
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.imports.errors import DamagedExportError
from runtime.ledger.imports.importer import import_journal
from tests.fakes import MemoryStorage
from tests.foreign_journal import vehicles
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.exports.exporting import export
from tests.runtime.ledger.imports.importing import contents, import_all
from tests.runtime.ledger.ledgers import DELETE, SET_N, Clock, insert, run

STRIDE_BITS = 19
"""No divisor of a byte's bits, so that all of them get their turn."""


def small_ledger() -> MemoryStorage:
    storage = MemoryStorage()
    ledger = Ledger(storage, name="a", now=Clock())
    run(ledger, "CREATE TABLE Ads")
    ad = insert(ledger, category="c", price=1.5, on=Clock().moment)
    run(ledger, SET_N, 2, ad)
    run(ledger, DELETE, ad)
    return storage


def small_export(form: str) -> tuple[MemoryStorage, MemoryDestination]:
    storage, destination = small_ledger(), MemoryDestination()
    export(storage, destination, output_format=form)
    return storage, destination


def refusal(destination: MemoryDestination) -> tuple[Any, MemoryStorage]:
    """Why it was not imported, None if it was, and the store."""
    copy = MemoryStorage()
    try:
        import_all(destination, copy)
    except LedgerError as error:
        return error, copy
    return None, copy


@pytest.mark.parametrize("form", ["ION_TEXT", "ION_BINARY"])
def test_a_flipped_bit_is_refused_with_the_object_named(form: str) -> None:
    check_flipped_bits(form, STRIDE_BITS)


def check_flipped_bits(form: str, stride_bits: int) -> None:
    """Flip every so many-th bit of an export's objects, one at a time."""
    source, destination = small_export(form)
    original = contents(source)[1]
    manifest = find_final_manifest(destination, "journal")
    keys = [key for key, _ in ExportReader(destination, manifest).objects]
    for key in keys:
        whole = destination.objects[key]
        for bit in range(0, len(whole) * 8, stride_bits):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            destination.objects[key] = bytes(flipped)
            error, copy = refusal(destination)
            assert isinstance(error, DamagedExportError | UnreadableExportError), (key, bit)
            assert error.key == key
            assert key in str(error)
            imported = list(copy.blocks(0))
            assert imported == original[: len(imported)]
        destination.objects[key] = whole


@pytest.mark.parametrize("form", ["ION_TEXT", "ION_BINARY"])
def test_a_flipped_bit_of_a_manifest_changes_nothing_that_is_imported(form: str) -> None:
    source, destination = small_export(form)
    manifest = find_final_manifest(destination, "journal")
    whole = destination.objects[manifest]
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        destination.objects[manifest] = bytes(flipped)
        error, copy = refusal(destination)
        assert error is not None or contents(copy) == contents(source), bit
        imported = list(copy.blocks(0))
        assert imported == list(source.blocks(0))[: len(imported)]


def test_a_flipped_bit_of_a_foreign_block_gets_no_further_than_what_its_hashes_cover() -> None:
    journal, _ = vehicles()
    destination = journal.exported()
    key = next(key for key in destination.objects if ".6-8." in key)
    whole = destination.objects[key]
    _, copy = refusal(destination)
    original = [block.ion for block in copy.blocks(0)]
    silent: list[int] = []
    for bit in range(3, len(whole) * 8, 251):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        destination.objects[key] = bytes(flipped)
        error, copy = refusal(destination)
        if error is None and [block.ion for block in copy.blocks(0)] != original:
            silent.append(bit // 8)
        if error is not None:
            assert key in str(error)
    # QLDB has not told by which hash a block's timestamp is covered, nor its transaction's id.
    covered = [whole.index(b"blockTimestamp", at) for at in starts(whole)]
    ids = [whole.index(b"transactionId", at) for at in starts(whole)]
    assert all(any(0 <= at - start < 60 for start in [*covered, *ids]) for at in silent)


def starts(data: bytes) -> list[int]:
    found = [data.index(b"transactionId:")]
    while (following := data.find(b"transactionId:", found[-1] + 1)) > 0:
        found.append(following)
    return found


def test_blocks_of_ours_in_other_bytes_are_imported_when_asked_for() -> None:
    source, destination = small_export("ION_TEXT")
    for key, data in destination.objects.items():
        destination.objects[key] = data.replace(b",", b" , ")
    error, copy = refusal(destination)
    assert isinstance(error, DamagedExportError)
    assert "import it as rewritten" in str(error)
    manifest = find_final_manifest(destination, "journal")
    import_journal(ExportReader(destination, manifest), copy, rewritten=True)
    assert contents(copy) == contents(source)


def test_a_first_block_of_another_time_is_told() -> None:
    _, destination = small_export("ION_TEXT")
    key = next(key for key in destination.objects if ".0-" in key)
    whole = destination.objects[key]
    at = whole.index(b"blockTimestamp:2030")
    destination.objects[key] = whole[:at] + whole[at:].replace(b"2030", b"2029", 1)
    error, _ = refusal(destination)
    assert "is not what was sealed" in str(error)
    assert error.sequence_no == 0
