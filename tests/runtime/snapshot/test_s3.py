"""Snapshots in a bucket of S3's, from a journal in DynamoDB, into a state table."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.emulator.servers import CloudServer
from runtime.ledger.exports.folder import FolderDestination
from runtime.ledger.exports.s3 import S3Destination
from runtime.project_state.projection import project
from runtime.snapshot.restore import restore_journal, restore_states
from runtime.snapshot.verify import verify
from runtime.state.table import StateTable
from tests.emulator import client
from tests.fakes import MemoryStorage
from tests.runtime.snapshot.worlds import SMALL, World, exact, replayed
from tests.state_table import dynamodb, state_table_name

__all__ = ["dynamodb", "state_table_name"]


@pytest.fixture
def s3(cloud: CloudServer) -> Iterator[Any]:
    found = client(cloud, "s3")
    yield found
    found.close()


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"snapshots-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def test_an_object_is_new_once(s3: Any, bucket: str) -> None:
    store = S3Destination(s3, bucket)
    assert store.put_new("requests/000001.json", b"first", "text/plain")
    assert not store.put_new("requests/000001.json", b"second", "text/plain")
    assert store.get("requests/000001.json") == b"first"


def test_a_file_is_new_once_whoever_comes_first(tmp_path: Path) -> None:
    store = FolderDestination(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        put = partial(store.put_new, "requests/000001.json", content_type="text/plain")
        won = list(pool.map(lambda number: put(data=b"%d" % number), range(40)))
    assert won.count(True) == 1
    assert store.get("requests/000001.json") == b"%d" % won.index(True)
    assert list(store.keys("")) == ["requests/000001.json"]


def test_taken_verified_and_restored(
    s3: Any, bucket: str, dynamodb: Any, state_table_name: str
) -> None:
    store = S3Destination(s3, bucket)
    world = World(store, **SMALL)
    for _ in range(2):
        world.change(15)
        manifest = world.snapshot()
    assert verify(store, manifest.snapshot_id).faults == []

    restored = MemoryStorage()
    restore_journal(store, manifest.snapshot_id, 0, restored)
    assert list(restored.blocks(0)) == list(world.journals[0].blocks(0))

    table = StateTable(dynamodb, state_table_name)
    count = restore_states(store, manifest.snapshot_id, partial(project, table=table))
    expected = replayed(world.journals)
    assert count == len(expected)
    found = {ad_id: table.get(ad_id) for ad_id in expected}
    assert exact({ad_id: each for ad_id, each in found.items() if each}) == exact(expected)

    key = manifest.ledgers[0].state[0].key
    s3.put_object(Bucket=bucket, Key=key, Body=store.get(key)[:-1])
    assert [fault.key for fault in verify(store, manifest.snapshot_id).faults] == [key]
    versions = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert len(versions) == 2
