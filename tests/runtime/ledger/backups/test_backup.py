"""Backups grow with their ledger, survive being killed, and lose what was redacted."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.emulator.servers import CloudServer
from runtime.ledger.backups import backup as module
from runtime.ledger.backups.backup import BLOCKS, back_up
from runtime.ledger.backups.errors import BackupError
from runtime.ledger.backups.manifest import MANIFEST, read
from runtime.ledger.backups.restoration import verify
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.reader import ExportReader
from runtime.ledger.exports.s3 import S3Destination
from runtime.ledger.imports.importer import import_journal
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.storage.port import JournalStorage, StoredBlock
from tests.emulator import client
from tests.fakes import MemoryStorage
from tests.foreign_journal import vehicles
from tests.memory_destination import FailingDestination, MemoryDestination
from tests.runtime.ledger.backups.backing_up import (
    SECRET,
    backed_up,
    copy_of,
    redact,
    restored,
    with_secret,
)
from tests.runtime.ledger.exports.exporting import busy_ledger, export
from tests.runtime.ledger.imports.importing import contents, import_all
from tests.runtime.ledger.ledgers import STORAGES, Clock, insert, run, storage_of, with_ads


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStorage]:
    with storage_of(request.param, tmp_path) as storage:
        yield storage


def test_a_backup_is_the_ledger_to_the_bit(storage: JournalStorage) -> None:
    ledger, place = busy_ledger(storage), MemoryDestination()
    told: list[tuple[int, int]] = []
    backup = back_up(
        storage, "ads-0", place, "a", lambda *at: told.append(at), object_bytes_max=3_000
    )
    digest = ledger.digest()
    assert (backup.sequence_no, backup.digest) == (digest.sequence_no, digest.value)
    assert told == [(n + 1, backup.sequence_no + 1) for n in range(backup.sequence_no + 1)]
    assert len(backup.objects) > 3
    assert read(place, "a") == backup
    copy = MemoryStorage()
    assert restored(place, copy, prefix="a").digest == digest.value
    assert contents(copy) == contents(storage)


def test_it_is_an_export_too(storage: JournalStorage) -> None:
    busy_ledger(storage)
    place, copy = MemoryDestination(), MemoryStorage()
    listing = backed_up(storage, place).listing("ads-0")
    import_journal(ExportReader(place, listing), copy)
    assert contents(copy) == contents(storage)


def test_a_later_backup_writes_what_is_new(storage: JournalStorage) -> None:
    ledger, place = busy_ledger(storage), MemoryDestination()
    first = backed_up(storage, place)
    before = set(place.puts)
    assert backed_up(storage, place) == first
    assert set(place.puts) == before
    for n in range(5):
        insert(ledger, n=n)
    place.puts.clear()
    second = backed_up(storage, place)
    assert second.objects[: len(first.objects)] == first.objects
    added = [each.key for each in second.objects[len(first.objects) :]]
    assert place.puts == [*added, second.listing("ads-0"), f"ads-0/{MANIFEST}"]
    assert set(place.objects) == {
        *(each.key for each in second.objects),
        second.listing("ads-0"),
        f"ads-0/{MANIFEST}",
    }
    copy = MemoryStorage()
    restored(place, copy)
    assert contents(copy) == contents(storage)


def test_what_was_redacted_since_is_redacted_in_the_backup(storage: JournalStorage) -> None:
    ledger, place = with_ads(storage), MemoryDestination()
    ad, address = with_secret(ledger)
    before = backed_up(storage, place)
    number = int(address["sequenceNo"])
    assert any(SECRET.encode() in data for data in place.objects.values())
    for version in (0, 1):
        redact(ledger, ad, version)
    after = backed_up(storage, place)
    assert not any(SECRET.encode() in data for data in place.objects.values())
    moved = [each for each in after.objects if "/redacted-" in each.key]
    assert [each.blocks for each in moved] == [
        each.blocks for each in before.objects if each not in after.objects
    ]
    assert any(each.blocks.first <= number <= each.blocks.last for each in moved)
    copy = MemoryStorage()
    restored(place, copy)
    assert contents(copy) == contents(storage)


def test_what_is_redacted_while_it_is_backed_up_is_redacted_in_the_backup() -> None:
    """The block that asks for it comes after the block was read, and still into this backup."""
    storage, place = MemoryStorage(), MemoryDestination()
    ledger = with_ads(storage)
    ad, _ = with_secret(ledger)
    for version in (0, 1):
        redact(ledger, ad, version)
    backed_up(storage, place, bytes_max=1)
    assert not any(SECRET.encode() in data for data in place.objects.values())

    class Redacting(MemoryStorage):
        """Redacts when the second block has been read; its head was told as if it had already."""

        def __init__(self) -> None:
            super().__init__()
            self.is_told = False

        def blocks(self, first: int, last: int | None = None) -> Iterator[StoredBlock]:
            for block in list(super().blocks(first, last)):
                yield self._before[block.sequence_no] if self.is_told else block

    late = Redacting()
    ledger = with_ads(late)
    ad, address = with_secret(ledger)
    late._before = dict(enumerate(late._blocks))
    redact(ledger, ad, 0)
    redact(ledger, ad, 1)
    late._before = {n: late._before.get(n, block) for n, block in enumerate(late._blocks)}
    late.is_told = True

    class Told(MemoryDestination):
        """When the last block is put, the store has what was redacted."""

        def put(self, key: str, data: bytes, content_type: str) -> None:
            late.is_told = late.is_told and f"-{len(late._blocks) - 1}.ion" not in key
            super().put(key, data, content_type)

    told = Told()
    backed_up(late, told, bytes_max=1)
    assert not late.is_told
    assert not any(SECRET.encode() in data for data in told.objects.values())
    copy = MemoryStorage()
    restored(told, copy)
    assert contents(copy) == contents(late)
    assert int(address["sequenceNo"]) == 2


def test_wherever_it_is_killed_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """After every put, as after a kill; what is there restores, and the end is the same."""
    monkeypatch.setattr(module, "MANIFEST_EVERY_OBJECTS", 3)
    storage = MemoryStorage()
    ledger = with_ads(storage, now=Clock())
    ad, _ = with_secret(ledger)
    for n in range(8):
        insert(ledger, n=n)
    started = MemoryDestination()
    backed_up(storage, started, bytes_max=1)
    redact(ledger, ad, 0)
    redact(ledger, ad, 1)
    for n in range(8):
        insert(ledger, n=n)
    whole = copy_of(started)
    final = backed_up(storage, whole, bytes_max=1)
    whole.puts.clear()
    puts = 0
    while True:
        place = FailingDestination(
            lambda number, when, at=puts: (
                DestinationUnavailableError("killed") if (number, when) == (at, "after") else None
            )
        )
        place.objects = dict(started.objects)
        try:
            backed_up(storage, place, bytes_max=1)
            break
        except DestinationUnavailableError:
            kept = read(place, "ads-0")
            verified = verify(place, "ads-0")
            assert verified.digest == ledger.digest(kept.sequence_no).value
        again = copy_of(place)
        assert backed_up(storage, again, bytes_max=1).digest == final.digest
        assert not any(SECRET.encode() in data for data in again.objects.values())
        copy = MemoryStorage()
        restored(again, copy)
        assert contents(copy) == contents(storage)
        puts += 1
    assert puts > 12


def test_a_killed_one_goes_on_where_the_last_manifest_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MANIFEST_EVERY_OBJECTS", 2)
    storage = MemoryStorage()
    busy_ledger(storage)
    place = FailingDestination(
        lambda number, when: DestinationUnavailableError("killed") if number == 9 else None
    )
    with pytest.raises(DestinationUnavailableError):
        backed_up(storage, place, bytes_max=1)
    assert read(place, "ads-0").sequence_no == 3
    place.puts.clear()
    backed_up(storage, place, bytes_max=1)
    assert not any(f".{n}-{n}.ion" in key for key in place.puts for n in range(4))


def test_another_ledger_is_not_mixed_in() -> None:
    place, mine = MemoryDestination(), MemoryStorage()
    ledger = busy_ledger(mine)
    backed_up(mine, place)
    objects = dict(place.objects)
    other = MemoryStorage()
    busy_ledger(other)
    shorter = MemoryStorage()
    run(Ledger(shorter, name="ads-0"), "CREATE TABLE Ads")
    insert(ledger, n=1)
    for storage, name in ((other, "ads-0"), (shorter, "ads-0"), (mine, "ads-1")):
        with pytest.raises(BackupError, match="back up into another place"):
            back_up(storage, name, place, "ads-0")
        assert place.objects == objects
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(MemoryStorage(), "ads-1", place, "ads-1")


def test_exports_beside_a_backup_are_left_alone() -> None:
    place, storage = MemoryDestination(), MemoryStorage()
    ledger = busy_ledger(storage)
    export(storage, place, prefix="ads-0/")
    exported = dict(place.objects)
    backed_up(storage, place)
    insert(ledger, n=1)
    backed_up(storage, place)
    assert exported.items() <= place.objects.items()
    assert all(
        key.startswith(f"ads-0/{BLOCKS}/")
        for key in set(place.objects) - set(exported)
        if key.endswith(".ion")
    )


def test_a_damaged_block_is_not_backed_up() -> None:
    place, storage = MemoryDestination(), MemoryStorage()
    ledger = busy_ledger(storage)
    backup = backed_up(storage, place)
    insert(ledger, n=12345, note="x" * 40)
    stored = storage._blocks[-1]
    damaged = stored.ion.replace(b"x" * 40, b"x" * 39 + b"y")
    assert damaged != stored.ion
    storage._blocks[-1] = StoredBlock(
        stored.sequence_no, stored.block_hash, stored.peaks, stored.catalog_sequence_no, damaged
    )
    with pytest.raises(CorruptJournalError, match=f"block {stored.sequence_no}, revision 0: "):
        backed_up(storage, place)
    assert read(place, "ads-0") == backup


def test_a_ledger_that_qldb_began_is_backed_up() -> None:
    journal, _ = vehicles()
    storage, place, copy = MemoryStorage(), MemoryDestination(), MemoryStorage()
    import_all(journal.exported(), storage)
    run(Ledger(storage, name="ads-0"), "INSERT INTO Vehicle ?", {"VIN": "new"})
    backed_up(storage, place)
    restored(place, copy)
    assert contents(copy) == contents(storage)


def test_from_dynamodb_to_a_bucket_and_back(cloud: CloudServer, tmp_path: Path) -> None:
    dynamodb, s3 = client(cloud, "dynamodb"), client(cloud, "s3")
    table, bucket = f"journal-{uuid.uuid4().hex}", f"backups-{uuid.uuid4().hex}"
    key = [("pk", "HASH"), ("sk", "RANGE")]
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in key],
        BillingMode="PAY_PER_REQUEST",
    )
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    storage, place = DynamoDbStorage(dynamodb, table, "ads-0"), S3Destination(s3, bucket)
    ledger = with_ads(storage)
    ad, _ = with_secret(ledger)
    backed_up(storage, place)
    for version in (0, 1):
        redact(ledger, ad, version)
    backed_up(storage, place)
    assert not any(SECRET.encode() in place.get(each) for each in place.keys(""))
    with storage_of("sqlite", tmp_path) as copy:
        restored(place, copy)
        assert contents(copy) == contents(storage)
    folder = FolderDestination(tmp_path / "backup")
    backed_up(storage, folder)
    again: Any = DynamoDbStorage(dynamodb, table, "ads-1")
    restored(folder, again)
    assert contents(again) == contents(storage)
