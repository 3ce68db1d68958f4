"""Taking snapshots: periods without gap or overlap, states as of their ends, and interruptions."""

from datetime import timedelta
from pathlib import Path

import pytest

from runtime.ledger import ion
from runtime.ledger.errors import CorruptJournalError
from runtime.ledger.exports.errors import DestinationUnavailableError
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.layout import parsed
from runtime.ledger.exports.reader import ExportReader, find_final_manifest
from runtime.ledger.imports.importer import import_journal
from runtime.ledger.storage.port import StoredBlock
from runtime.snapshot.restore import restore_journal
from runtime.snapshot.verify import verify
from runtime.snapshots.errors import SnapshotRefusedError
from runtime.snapshots.layout import journal_prefix
from runtime.snapshots.manifest import Manifest
from tests.fakes import MemoryStorage
from tests.foreign_journal import vehicles
from tests.runtime.snapshot.memory_bucket import FailingBucket, MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World, exact, replayed

TRIES_MAX = 500


def states(world: World, manifest: Manifest) -> dict[str, str]:
    found = [
        revision
        for shard in range(len(world.journals))
        for revision in world.snapshots.revisions(manifest, shard)
    ]
    assert len({revision.ad_id for revision in found}) == len(found)
    return exact({revision.ad_id: revision for revision in found})


def test_periods_follow_one_another_block_by_block() -> None:
    world = World(MemoryBucket(), **SMALL)
    manifests: list[Manifest] = []
    for _ in range(4):
        world.change(30)
        manifests.append(world.snapshot())
    for shard, journal in enumerate(world.journals):
        head = journal.head()
        assert head is not None
        parts = [manifest.ledgers[shard] for manifest in manifests]
        assert [part.first for part in parts] == [0, *(p.tip.sequence_no + 1 for p in parts[:-1])]
        assert parts[-1].tip.sequence_no == head.sequence_no
        assert parts[-1].tip.block_hash == head.block_hash.hex()
        assert sum(part.blocks for part in parts) == head.sequence_no + 1


def test_states_are_those_of_the_ends() -> None:
    world = World(MemoryBucket(), **SMALL)
    for _ in range(3):
        world.change(40)
        manifest = world.snapshot()
        expected = replayed(world.journals)
        assert states(world, manifest) == exact(expected)
        deleted = sum(revision.deleted for revision in expected.values())
        assert sum(part.deleted for part in manifest.ledgers) == deleted
        assert sum(part.ads for part in manifest.ledgers) == len(expected) - deleted


def test_an_end_in_the_past_leaves_later_blocks_to_the_next_snapshot() -> None:
    world = World(MemoryBucket(), shards=1, **SMALL)
    world.change(30)
    times = [ion.decode(block.ion)["blockTimestamp"] for block in world.journals[0].blocks(0)]
    end = times[len(times) // 2] + timedelta(milliseconds=1)
    first = world.snapshot(end)
    assert first.ledgers[0].blocks == sum(time < end for time in times)
    assert states(world, first) == exact(replayed(world.journals, before=end))
    second = world.snapshot()
    assert second.ledgers[0].first == first.ledgers[0].blocks
    assert states(world, second) == exact(replayed(world.journals))


def test_the_journal_is_an_export_as_any_other() -> None:
    bucket = MemoryBucket()
    world = World(bucket, **SMALL)
    world.change(30)
    manifest = world.snapshot()
    for part, journal in zip(manifest.ledgers, world.journals, strict=True):
        prefix = journal_prefix(manifest.snapshot_id, part.ledger)
        assert find_final_manifest(bucket, prefix) == part.journal_manifest
        reader = ExportReader(bucket, part.journal_manifest)
        numbers = [block.sequence_no for block in reader.blocks()]
        assert numbers == [block.sequence_no for block in journal.blocks(0)]
        assert len(reader.objects) > 1
        assert {parsed(key) is not None for key, _ in reader.objects} == {True}
    started = next(key for key in bucket.objects if key.endswith(".started.manifest"))
    [start] = ion.stream(bucket.objects[started])
    assert (start["bucket"], start["ledgerName"]) == ("bucket", "ads-0")
    assert start["exclusiveEndTime"] == manifest.end


def test_the_manifest_is_written_last() -> None:
    bucket = MemoryBucket()
    world = World(bucket, **SMALL)
    world.change(20)
    manifest = world.snapshot()
    assert bucket.puts[-1] == f"manifests/{manifest.snapshot_id}.json"
    assert bucket.puts[0] == f"requests/{manifest.snapshot_id}.json"
    told = {entry.key for entry in manifest.objects()} | {bucket.puts[-1]}
    assert {key for key in bucket.objects if not key.startswith("work/")} == told


def test_a_ledger_without_blocks_has_an_empty_part() -> None:
    world = World(MemoryBucket(), shards=2)
    manifest = world.snapshot()
    assert [part.blocks for part in manifest.ledgers] == [0, 0]
    assert [part.journal for part in manifest.ledgers] == [(), ()]
    world.change(10)
    again = world.snapshot()
    assert sum(part.blocks for part in again.ledgers) > 10
    assert verify(world.store, again.snapshot_id).faults == []


def test_a_period_without_blocks_keeps_the_ads() -> None:
    world = World(MemoryBucket())
    world.change(20)
    first, second = world.snapshot(), world.snapshot()
    assert [part.blocks for part in second.ledgers] == [0, 0]
    assert states(world, second) == states(world, first)
    assert verify(world.store, second.snapshot_id).faults == []


def test_the_same_period_twice_is_one() -> None:
    bucket = MemoryBucket()
    world = World(bucket)
    world.change(10)
    end = world.now()
    first = world.snapshot(end)
    before = dict(bucket.objects)
    world.change(10)
    assert world.snapshot(end) == first
    assert world.snapshot(end - timedelta(days=1)) == first
    assert bucket.objects == before


def test_a_request_is_answered_with_the_unfinished_snapshot() -> None:
    world = World(MemoryBucket())
    world.change(5)
    end = world.now()
    request = world.snapshots.request(end, end)
    later = end + timedelta(days=30)
    assert world.snapshots.request(later, later) == request
    assert world.taking.take(request) is not None
    following = world.snapshots.request(later, later)
    assert (following.snapshot_id, following.previous) == ("000002", "000001")
    assert following.end > request.end


def test_the_future_is_refused() -> None:
    world = World(MemoryBucket())
    with pytest.raises(SnapshotRefusedError, match="is yet to come"):
        world.snapshots.request(world.now() + timedelta(minutes=1), world.now())


def test_it_waits_until_what_was_sealed_is_durable() -> None:
    world = World(MemoryBucket())
    world.change(3)
    world.snapshot()
    [slept] = world.slept
    assert 1 < slept < 3


def test_stopped_at_any_object_it_goes_on_and_ends_the_same() -> None:
    whole, pieces = MemoryBucket(), MemoryBucket()
    world = World(whole, **SMALL)
    world.change(60)
    end = world.now()
    expected = world.snapshot(end)
    other = World(pieces, **SMALL)
    other.journals[:] = world.journals
    tries = 0
    manifest = None
    while manifest is None:
        tries += 1
        assert tries < TRIES_MAX
        request = other.snapshots.request(end, other.now())
        manifest = other.taking.take(request, lambda: True)
    assert tries > 20
    assert manifest == expected
    durable = {key: data for key, data in whole.objects.items() if not key.startswith("work/")}
    assert {k: d for k, d in pieces.objects.items() if not k.startswith("work/")} == durable


def test_killed_at_any_put_it_goes_on_and_ends_the_same() -> None:
    whole, failing = MemoryBucket(), FailingBucket()
    world = World(whole, **SMALL)
    world.change(40)
    end = world.now()
    expected = world.snapshot(end)
    other = World(failing, **SMALL)
    other.journals[:] = world.journals
    manifest = None
    for tries in range(1, TRIES_MAX):
        failing.puts_left = 1 + tries % 7
        try:
            manifest = other.taking.take(other.snapshots.request(end, other.now()))
            break
        except DestinationUnavailableError:
            continue
    assert manifest == expected
    assert verify(failing, manifest.snapshot_id).faults == []


def test_two_at_once_do_not_harm_each_other() -> None:
    bucket = MemoryBucket()
    world = World(bucket, **SMALL)
    world.change(60)
    request = world.snapshots.request(world.now(), world.now())
    assert world.taking.take(request, lambda: True) is None

    other = World(bucket, **SMALL)
    other.journals[:] = world.journals
    turns = 0

    def disturbed() -> bool:
        nonlocal turns
        turns += 1
        if turns == 5:
            assert other.taking.take(request) is not None
        return False

    manifest = world.taking.take(request, disturbed)
    assert turns > 5
    assert manifest == world.snapshots.get(request.snapshot_id)
    assert verify(bucket, request.snapshot_id).faults == []


def test_a_damaged_journal_is_not_snapshotted() -> None:
    class DamagedStorage(MemoryStorage):
        def damage(self, number: int) -> None:
            block = self._blocks[number]
            data = block.ion.replace(b"title ", b"tITLE ", 1)
            assert data != block.ion
            self._blocks[number] = StoredBlock(
                number, block.block_hash, block.peaks, block.catalog_sequence_no, data
            )

    bucket = MemoryBucket()
    world = World(bucket, shards=1)
    world.change(12)
    damaged = DamagedStorage()
    damaged._blocks = list(world.journals[0].blocks(0))
    number = next(n for n, block in enumerate(damaged._blocks) if b"title " in block.ion)
    damaged.damage(number)
    world.journals[:] = [damaged]
    with pytest.raises(CorruptJournalError, match=f"block {number}, revision"):
        world.snapshot()
    assert world.snapshots.finished() == []


def test_another_ledger_is_refused_by_the_bucket_of_the_first() -> None:
    world = World(MemoryBucket(), shards=1)
    world.change(8)
    world.snapshot()
    other = World(world.store, shards=1, seed=2)
    other.change(8)
    with pytest.raises(SnapshotRefusedError, match="is not the one that was snapshotted"):
        other.snapshot()


def test_other_shards_are_refused_by_the_bucket_of_the_first() -> None:
    world = World(MemoryBucket(), shards=1)
    world.snapshot()
    with pytest.raises(SnapshotRefusedError, match="of the ledgers ads-0, not of ads-0, ads-1"):
        World(world.store, shards=2).snapshot()


def test_a_folder_serves_as_a_bucket(tmp_path: Path) -> None:
    world = World(FolderDestination(tmp_path), **SMALL)
    world.change(20)
    manifest = world.snapshot()
    world.change(20)
    second = world.snapshot()
    assert verify(FolderDestination(tmp_path), second.snapshot_id).faults == []
    assert world.snapshots.finished() == [manifest, second]
    assert world.snapshots.newest() == second
    assert world.snapshots.newest(second.end - timedelta(milliseconds=1)) == manifest
    assert world.snapshots.newest(manifest.end - timedelta(milliseconds=1)) is None


def test_a_journal_that_another_ledger_sealed_is_snapshotted_and_restored_as_it_is() -> None:
    journal, _ = vehicles()
    imported = MemoryStorage()
    exported = journal.exported()
    import_journal(ExportReader(exported, find_final_manifest(exported, "journal/")), imported)
    bucket = MemoryBucket()
    world = World(bucket, shards=1, **SMALL)
    world.journals[:] = [imported]
    manifest = world.snapshot()
    assert manifest.ledgers[0].tip.digest == journal.digest().hex()
    assert verify(bucket, manifest.snapshot_id).faults == []
    restored = MemoryStorage()
    restore_journal(bucket, manifest.snapshot_id, 0, restored)
    assert list(restored.blocks(0)) == list(imported.blocks(0))
