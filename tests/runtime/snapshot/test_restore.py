"""Restoring: journals bit for bit, projections to the last ad; a snapshot plus what came after."""

import random

import pytest

from runtime.ledger.exports.errors import DestinationError
from runtime.ledger.imports.errors import OtherLedgerError
from runtime.snapshot.restore import (
    BATCH_ADS_MAX,
    delta,
    project,
    restore_journal,
    restore_states,
)
from runtime.snapshots.errors import (
    NoSuchSnapshotError,
    SnapshotRefusedError,
    UnprojectedError,
    UnreadableSnapshotError,
)
from runtime.snapshots.store import CheckedObjects
from tests.fakes import MemoryStorage
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import (
    SMALL,
    MemoryProjection,
    World,
    exact,
    replayed,
)

HISTORIES = 12


def test_restored_journals_are_the_originals_bit_for_bit() -> None:
    world = World(MemoryBucket(), **SMALL)
    for _ in range(3):
        world.change(30)
        newest = world.snapshot().snapshot_id
    for shard, journal in enumerate(world.journals):
        restored = MemoryStorage()
        imported = restore_journal(world.store, newest, shard, restored)
        assert list(restored.blocks(0)) == list(journal.blocks(0))
        assert imported is not None
        assert imported.digest.hex() == world.snapshots.get(newest).ledgers[shard].tip.digest


def test_a_restored_ledger_goes_on() -> None:
    world = World(MemoryBucket())
    world.change(30)
    newest = world.snapshot().snapshot_id
    other = World(MemoryBucket())
    for shard, journal in enumerate(other.journals):
        restore_journal(world.store, newest, shard, journal)
    for ad_id in world.live:
        assert other.ads.versions("42", ad_id) == world.ads.versions("42", ad_id)
    other.live = list(world.live)
    other.change(20)
    assert other.snapshot().ledgers[0].tip.sequence_no > 0


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_snapshot_plus_delta_is_a_replay_from_the_beginning(seed: int) -> None:
    chance = random.Random(seed)
    world = World(MemoryBucket(), shards=chance.choice([1, 2, 3]), seed=seed, **SMALL)
    for _ in range(chance.randrange(1, 4)):
        world.change(chance.randrange(25))
        newest = world.snapshot()
    world.change(chance.randrange(25))
    projection = MemoryProjection()
    restore_states(world.store, newest.snapshot_id, projection)
    for shard, journal in enumerate(world.journals):
        project(delta(journal, newest, shard), projection)
    assert exact(projection.revisions) == exact(replayed(world.journals))


def test_an_older_snapshot_does_not_harm_a_live_projection() -> None:
    world = World(MemoryBucket())
    world.change(30)
    old = world.snapshot().snapshot_id
    world.change(30)
    projection = MemoryProjection()
    project(replayed(world.journals).values(), projection)
    restore_states(world.store, old, projection)
    assert exact(projection.revisions) == exact(replayed(world.journals))


def test_ads_come_in_batches() -> None:
    projection = MemoryProjection()
    world = World(MemoryBucket(), shards=1)
    world.change(20)
    manifest = world.snapshot()
    revision = next(world.snapshots.revisions(manifest, 0))
    assert project([revision] * (BATCH_ADS_MAX + 1), projection) == BATCH_ADS_MAX + 1
    assert projection.batches == [BATCH_ADS_MAX, 1]


def test_reading_goes_on_behind_an_ad() -> None:
    world = World(MemoryBucket(), shards=1, **SMALL)
    world.change(40)
    manifest = world.snapshot()
    ids = [revision.ad_id for revision in world.snapshots.revisions(manifest, 0)]
    assert ids == sorted(ids)
    for after in (ids[0], ids[len(ids) // 2], ids[-1]):
        rest = [revision.ad_id for revision in world.snapshots.revisions(manifest, 0, after)]
        assert rest == [ad_id for ad_id in ids if ad_id > after]


def test_an_ad_that_is_refused_is_told() -> None:
    world = World(MemoryBucket(), shards=1)
    world.change(10)
    manifest = world.snapshot()
    refused = next(world.snapshots.revisions(manifest, 0)).ad_id
    with pytest.raises(UnprojectedError, match=f"1 ads were not restored.*{refused}: refused"):
        restore_states(world.store, manifest.snapshot_id, MemoryProjection([refused]))


def test_an_interrupted_restoration_goes_on() -> None:
    world = World(MemoryBucket(), shards=1, **SMALL)
    world.change(20)
    first = world.snapshot().snapshot_id
    world.change(20)
    second = world.snapshot().snapshot_id
    restored = MemoryStorage()
    restore_journal(world.store, first, 0, restored)
    restore_journal(world.store, second, 0, restored)
    assert list(restored.blocks(0)) == list(world.journals[0].blocks(0))
    again = restore_journal(world.store, second, 0, restored)
    assert again is not None
    assert again.blocks_added == 0
    assert restore_journal(world.store, first, 0, restored) is not None


def test_a_ledger_in_use_is_not_restored_into() -> None:
    world = World(MemoryBucket(), shards=1)
    world.change(10)
    newest = world.snapshot().snapshot_id
    other = World(MemoryBucket(), shards=1, seed=5)
    other.change(10)
    with pytest.raises(OtherLedgerError):
        restore_journal(world.store, newest, 0, other.journals[0])


def test_a_damaged_snapshot_is_not_restored() -> None:
    bucket = MemoryBucket()
    world = World(bucket, shards=1)
    world.change(20)
    newest = world.snapshot().snapshot_id
    for key in list(bucket.objects):
        if key.startswith(("journal/", "state/")):
            data = bucket.objects[key]
            bucket.objects[key] = data[:-2] + bytes([data[-2] ^ 4]) + data[-1:]
            if key.startswith("state/"):
                with pytest.raises(UnreadableSnapshotError, match=key):
                    restore_states(bucket, newest, MemoryProjection())
            elif not key.endswith(".started.manifest"):
                with pytest.raises(UnreadableSnapshotError, match=key):
                    restore_journal(bucket, newest, 0, MemoryStorage())
            bucket.objects[key] = data


def test_a_changed_manifest_in_the_chain_is_not_restored() -> None:
    bucket = MemoryBucket()
    world = World(bucket, shards=1)
    world.change(5)
    world.snapshot()
    world.change(5)
    newest = world.snapshot().snapshot_id
    other = World(MemoryBucket(), shards=1)
    other.change(5)
    other.snapshot()
    bucket.objects["manifests/000001.json"] = other.store.get("manifests/000001.json")
    with pytest.raises(UnreadableSnapshotError, match=r"manifests/000001\.json: its SHA-256"):
        restore_journal(bucket, newest, 0, MemoryStorage())


def test_what_is_not_there_is_refused() -> None:
    world = World(MemoryBucket(), shards=1)
    newest = world.snapshot().snapshot_id
    assert restore_journal(world.store, newest, 0, MemoryStorage()) is None
    with pytest.raises(SnapshotRefusedError, match="shards 0 to 0"):
        restore_journal(world.store, newest, 1, MemoryStorage())
    with pytest.raises(NoSuchSnapshotError):
        restore_states(world.store, "000009", MemoryProjection())


def test_a_snapshots_objects_are_read_and_never_written() -> None:
    world = World(MemoryBucket(), shards=1)
    manifest = world.snapshot()
    objects = CheckedObjects(world.store, manifest.objects())
    assert list(objects.keys("requests/")) == ["requests/000001.json"]
    with pytest.raises(DestinationError, match="not to be written"):
        objects.put("requests/000001.json", b"", "text/plain")
