"""`adledger snapshot restore`: fresh tables out of a folder, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli.__main__ import main
from local.emulator.servers import CloudServer
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.state.table import StateTable
from tests.runtime.snapshot.memory_bucket import MemoryBucket
from tests.runtime.snapshot.worlds import SMALL, World, exact, replayed
from tests.state_table import dynamodb, state_table_name

__all__ = ["dynamodb", "state_table_name"]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Two ledgers and two snapshots of them."""
    world = World(MemoryBucket(), **SMALL)
    for _ in range(2):
        world.change(40)
        world.snapshot()
    yield world
    world.ads.close()


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    """A copy of the bucket."""
    assert isinstance(world.store, MemoryBucket)
    for key, data in world.store.objects.items():
        path = tmp_path / "bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "bucket"


@pytest.fixture
def outputs(cloud: CloudServer, tmp_path: Path) -> str:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({"publisherApiEndpoint": f"{cloud.url}/_aws/execute-api/x"}))
    return str(path)


@pytest.fixture
def journal_table(dynamodb: Any) -> Iterator[str]:
    name = f"journal-{uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
        ],
    )
    yield name
    dynamodb.delete_table(TableName=name)


def test_fresh_tables_are_what_was_snapshotted(
    world: World,
    folder: Path,
    outputs: str,
    dynamodb: Any,
    journal_table: str,
    state_table_name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["snapshot", "restore", "000002", "--folder", str(folder), "--outputs", outputs]
    into = ["--journal-table", journal_table, "--state-table", state_table_name]
    assert main([*command, *into]) == 0
    parts = world.snapshots.get("000002").ledgers
    tips = {part.ledger: part.tip.sequence_no for part in parts}
    shown = capsys.readouterr().out
    for name, tip in tips.items():
        assert f"✓ {name}: {tip + 1} blocks added, restored up to block {tip}\n" in shown
    for _ in range(2):  # Again changes nothing, and says so.
        assert main([*command, *into, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        added = {each["ledger"]: each["blocksAdded"] for each in told["ledgers"]}
        assert added == dict.fromkeys(tips, 0)
    assert [ledger["digest"] for ledger in told["ledgers"]] == [part.tip.digest for part in parts]
    for name, journal in world.by_name.items():
        assert list(DynamoDbStorage(dynamodb, journal_table, name).blocks(0)) == list(
            journal.blocks(0)
        )
    expected = replayed(world.journals)
    table = StateTable(dynamodb, state_table_name)
    found = {ad_id: table.get(ad_id) for ad_id in expected}
    assert exact({ad: one for ad, one in found.items() if one}) == exact(expected)
    assert told["ads"] == len(expected)
    assert main([*command, *into]) == 0
    assert f"✓ ads-1: all blocks up to {tips['ads-1']} were there" in capsys.readouterr().out


def test_an_interrupted_restoration_goes_on_and_tells_what_it_added(
    world: World,
    folder: Path,
    outputs: str,
    journal_table: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = ["--folder", str(folder), "--outputs", outputs, "--journal-table", journal_table]
    assert main(["snapshot", "restore", "000001", *where, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["ledgers"]
    assert main(["snapshot", "restore", "000002", *where, "--json"]) == 0
    second = json.loads(capsys.readouterr().out)["ledgers"]
    for before, after in zip(first, second, strict=True):
        assert before["blocksAdded"] == before["head"] + 1 == before["tip"] + 1
        assert after["head"] == after["tip"] == before["head"] + after["blocksAdded"]
        assert after["blocksAdded"] > 0


def test_a_journal_that_has_later_blocks_is_left_and_told_as_not_restored(
    world: World,
    folder: Path,
    outputs: str,
    dynamodb: Any,
    journal_table: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = ["--folder", str(folder), "--outputs", outputs, "--journal-table", journal_table]
    assert main(["snapshot", "restore", "000002", *where]) == 0
    capsys.readouterr()
    assert main(["snapshot", "restore", "000001", *where]) == 1
    shown = capsys.readouterr()
    parts = zip(*(world.snapshots.get(one).ledgers for one in ("000001", "000002")), strict=True)
    for then, now in parts:
        head = DynamoDbStorage(dynamodb, journal_table, now.ledger).head()
        assert head is not None
        assert head.sequence_no == now.tip.sequence_no
        assert f"✗ {now.ledger}: nothing restored" in shown.out
        assert f"the snapshot ends at block {then.tip.sequence_no}" in shown.out
        assert f"the journal already at {now.tip.sequence_no}\n" in shown.out
        assert f"digest at block {now.tip.sequence_no}: {now.tip.digest}" in shown.out
    assert "nothing was restored" in shown.err
    assert "restore into an empty table" in shown.err
    assert main(["snapshot", "restore", "000001", *where, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["ledgers"]
    assert [each["blocksAdded"] for each in told] == [0] * len(told)
    assert all(each["head"] > each["tip"] for each in told)


def test_a_damaged_snapshot_is_not_restored(
    world: World, folder: Path, outputs: str, state_table_name: str, journal_table: str
) -> None:
    command = ["snapshot", "restore", "000002", "--folder", str(folder), "--outputs", outputs]
    part = world.snapshots.get("000001").ledgers[0]
    for key, into in (
        (part.journal[-1].key, ["--journal-table", journal_table]),
        (world.snapshots.get("000002").ledgers[0].state[0].key, ["--state-table", "x"]),
    ):
        path = folder / key
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        assert main([*command, *into]) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([], 2),
        (["--folder", "nowhere", "--state-table", "x"], 2),
        (["--bucket", "no-such-bucket", "--state-table", "x"], 1),
        (["--state-table", "x"], 2),
    ],
)
def test_what_cannot_be_restored(
    outputs: str, more: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["snapshot", "restore", "000001", "--outputs", outputs, *more]) == code
    assert capsys.readouterr().err.startswith("✗ ")


def test_a_snapshot_that_is_not_there_and_a_table_that_is_not(
    folder: Path, outputs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--folder", str(folder), "--outputs", outputs]
    assert main(["snapshot", "restore", "000009", *where, "--state-table", "x"]) == 1
    assert "no finished snapshot 000009" in capsys.readouterr().err
    assert main(["snapshot", "restore", "000001", *where, "--journal-table", "none"]) == 1
