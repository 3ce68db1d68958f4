"""Verification: one flipped bit anywhere is found and named, and so is what is missing or added."""

import random

import pytest

from runtime.snapshot.verify import Verification, verify
from runtime.snapshots import documents
from runtime.snapshots.errors import NoSuchSnapshotError
from runtime.snapshots.layout import manifest_key
from runtime.snapshots.manifest import Manifest, ObjectEntry
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World

SEED = 7
FLIPS = 150


def snapshots(count: int = 3, **sizes: int) -> tuple[MemoryBucket, World, str]:
    """A bucket with some snapshots, and the last one's id."""
    bucket = MemoryBucket()
    world = World(bucket, **sizes)
    newest = ""
    for _ in range(count):
        world.change(25)
        newest = world.snapshot().snapshot_id
    return bucket, world, newest


def durable(bucket: MemoryBucket) -> list[str]:
    return sorted(key for key in bucket.objects if not key.startswith("work/"))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def keys(found: Verification) -> set[str]:
    return {fault.key for fault in found.faults}


def test_what_was_written_holds() -> None:
    bucket, world, newest = snapshots(**SMALL)
    reported: list[str] = []
    found = verify(bucket, newest, report=reported.append)
    assert found.holds
    assert found.snapshots == 3
    assert found.blocks == sum(len(list(journal.blocks(0))) for journal in world.journals)
    parts = world.snapshots.get(newest).ledgers
    assert found.ads == sum(part.ads + part.deleted for part in parts)
    assert found.digests == {part.ledger: part.tip.digest for part in parts}
    assert set(reported) == set(durable(bucket))
    assert found.objects == len(reported)


def test_an_earlier_snapshot_is_verified_without_the_later_ones() -> None:
    bucket, _, _ = snapshots()
    assert verify(bucket, "000002").snapshots == 2
    for key in durable(bucket):
        if "000003" in key:
            del bucket.objects[key]
    assert verify(bucket, "000002").holds


def test_every_object_with_one_flipped_bit_is_named() -> None:
    bucket, _, newest = snapshots(2, **SMALL)
    chance = random.Random(SEED)
    for key in durable(bucket):
        data = bucket.objects[key]
        bucket.objects[key] = flipped(data, chance.randrange(len(data) * 8))
        assert key in keys(verify(bucket, newest)), key
        bucket.objects[key] = data
    assert verify(bucket, newest).holds


def test_any_flipped_bit_is_found_and_named() -> None:
    bucket, _, newest = snapshots(2)
    chance = random.Random(SEED)
    for _ in range(FLIPS):
        key = chance.choice(durable(bucket))
        data = bucket.objects[key]
        bit = chance.randrange(len(data) * 8)
        bucket.objects[key] = flipped(data, bit)
        assert key in keys(verify(bucket, newest)), (key, bit)
        bucket.objects[key] = data


def test_every_bit_of_a_manifest_counts() -> None:
    bucket, _, newest = snapshots(1)
    key = manifest_key(newest)
    data = bucket.objects[key]
    for bit in range(0, len(data) * 8, 97):
        bucket.objects[key] = flipped(data, bit)
        assert keys(verify(bucket, newest)) == {key}, bit


def test_every_missing_object_is_named() -> None:
    bucket, _, newest = snapshots(2, **SMALL)
    for key in durable(bucket):
        if key != manifest_key(newest):
            data = bucket.objects.pop(key)
            faults = {fault.key: fault.reason for fault in verify(bucket, newest).faults}
            assert "missing" in faults[key], key
            bucket.objects[key] = data


def test_an_added_object_is_named() -> None:
    bucket, _, newest = snapshots(1)
    for key in (f"journal/{newest}/ads-0/note.txt", f"state/{newest}/ads-9/00000.jsonl"):
        bucket.objects[key] = b"?"
        assert keys(verify(bucket, newest)) == {key}
        del bucket.objects[key]


def with_forged_object(bucket: MemoryBucket, world: World, key: str, data: bytes) -> None:
    """Change an object of the newest snapshot, and its manifest so that the hashes fit."""
    manifest = world.snapshots.newest()
    assert manifest is not None
    bucket.objects[key] = data
    forged = ObjectEntry.of(key, data)
    text = bucket.objects[manifest_key(manifest.snapshot_id)]
    entry = next(entry for entry in manifest.objects() if entry.key == key)
    document = documents.read("forged", text)
    for part in document["ledgers"]:
        for each in (*part["journal"], *part["state"]):
            if each["key"] == entry.key:
                each.update(size=forged.size, sha256=forged.sha256)
    name = manifest_key(manifest.snapshot_id)
    bucket.objects[name] = documents.written(document)
    assert Manifest.from_bytes(name, bucket.objects[name]) != manifest


def test_a_block_forged_with_its_manifest_is_named() -> None:
    bucket, world, newest = snapshots(2)
    key = next(key for key in durable(bucket) if f"journal/{newest}" in key and ".ion" in key)
    data = bucket.objects[key].replace(b"title ", b"tITLE ", 1)
    assert data != bucket.objects[key]
    with_forged_object(bucket, world, key, data)
    [fault] = verify(bucket, newest).faults
    assert (fault.snapshot_id, fault.key) == (newest, key)
    assert "its hash does not follow from its data" in fault.reason


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda data: data.replace(b'"10.50"', b'"10.5"').replace(b"title ", b"tITLE "), "ad "),
        (lambda data: b"".join(data.splitlines(keepends=True)[1:]), "manifests/"),
        (lambda data: b"".join(reversed(data.splitlines(keepends=True))), "ad "),
        (lambda data: data + b"{}\n", "not an ad's revision"),
    ],
)
def test_ads_forged_with_their_manifest_are_named(change: object, what: str) -> None:
    bucket, world, newest = snapshots(2)
    key = f"state/{newest}/ads-0/00000.jsonl"
    assert callable(change)
    with_forged_object(bucket, world, key, change(bucket.objects[key]))
    [fault] = verify(bucket, newest).faults
    assert what in (fault.key if what.startswith("manifests") else fault.reason)


def test_a_kept_digest_tells_a_bucket_that_was_made_up() -> None:
    bucket, world, newest = snapshots(1)
    kept = {part.ledger: part.tip.digest for part in world.snapshots.get(newest).ledgers}
    assert verify(bucket, newest, digests=kept).holds
    made_up, _, _ = snapshots(1)
    assert verify(made_up, newest).holds
    [first, second] = verify(made_up, newest, digests=kept).faults[:2] * 2
    assert first.key == second.key == manifest_key(newest)
    assert "not the one that was kept" in first.reason


def test_faults_behind_a_damaged_manifest_are_still_named() -> None:
    bucket, _, newest = snapshots(3)
    damaged = manifest_key("000002")
    bucket.objects[damaged] = flipped(bucket.objects[damaged], 4000)
    state = f"state/{newest}/ads-0/00000.jsonl"
    bucket.objects[state] = flipped(bucket.objects[state], 99)
    assert keys(verify(bucket, newest)) == {damaged, state}


def test_what_is_not_there_cannot_be_verified() -> None:
    bucket, _, _ = snapshots(1)
    for wrong in ("000002", "1", "../000001"):
        with pytest.raises(NoSuchSnapshotError, match="no finished snapshot"):
            verify(bucket, wrong)
