"""The registry and the ledgers' files; what a crash leaves half done is finished."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import CorruptJournalError, StorageError
from runtime.ledger.server.arns import Arns
from runtime.ledger.server.ledgers import Ledgers
from runtime.ledger.server.registry import ACTIVE, CREATING, DELETING, LedgerRecord, Registry
from runtime.ledger.server.registry_file import RegistryFile
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.ledgers import run

ARNS = Arns("us-east-1", "000000000000")
CARS = LedgerRecord("cars", CREATING, datetime(2030, 1, 1, tzinfo=UTC), "ALLOW_ALL", False, "")


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Registry, Ledgers]]:
    folder.mkdir(exist_ok=True)
    file = RegistryFile(folder / "registry.sqlite")
    registry = Registry(file)
    ledgers = Ledgers(
        folder / "ledgers",
        registry,
        SqliteStorage,
        lambda storage, name: Ledger(storage, name=name),
        ARNS,
    )
    try:
        yield registry, ledgers
    finally:
        ledgers.close()
        file.close()


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "ledgers").iterdir()}


def test_a_ledger_is_a_file(tmp_path: Path) -> None:
    with opened(tmp_path) as (registry, ledgers):
        assert ledgers.create(CARS, 5) is None
        assert registry.find("cars") == replace(CARS, state=ACTIVE)
        assert (list(ledgers), len(ledgers)) == (["cars"], 1)
        assert ledgers["cars"] is ledgers["cars"]
        assert ledgers.get("trucks") is None
    assert files(tmp_path) == {"cars.sqlite"}


def test_a_deleted_ledger_leaves_nothing(tmp_path: Path) -> None:
    closed: list[Ledger] = []
    with opened(tmp_path) as (registry, ledgers):
        ledgers.create(CARS, 5)
        ledger = ledgers["cars"]
        run(ledger, "CREATE TABLE Cars")
        assert ledgers.delete("cars", closed.append)
        assert closed == [ledger]
        assert registry.find("cars") is None
        assert files(tmp_path) == set()
        assert not ledgers.delete("cars", closed.append)
        assert ledgers.create(CARS, 5) is None
        assert list(ledgers["cars"].blocks()) == []


def test_a_protected_ledger_is_not_deleted(tmp_path: Path) -> None:
    with opened(tmp_path) as (_, ledgers):
        ledgers.create(replace(CARS, deletion_protection=True), 5)
        assert not ledgers.delete("cars", lambda _: None)
        assert ledgers["cars"].name == "cars"


def test_an_interrupted_creation_is_finished(tmp_path: Path) -> None:
    with opened(tmp_path) as (registry, ledgers):
        assert registry.add(CARS, 5) is None
        assert "cars" not in ledgers
    with opened(tmp_path) as (registry, ledgers):
        record = registry.find("cars")
        assert record is not None
        assert record.state == ACTIVE
        assert "cars" in ledgers


@pytest.mark.parametrize("companion", ["", "-wal", "-shm"])
def test_an_interrupted_deletion_is_finished(tmp_path: Path, companion: str) -> None:
    with opened(tmp_path) as (registry, ledgers):
        ledgers.create(CARS, 5)
        registry.tag(ARNS.ledger("cars"), {"a": "1"}, 50)
        assert registry.begin_deletion("cars")
        (tmp_path / "ledgers" / f"cars.sqlite{companion}").touch()
    with opened(tmp_path) as (registry, ledgers):
        assert registry.find("cars") is None
        assert registry.tags(ARNS.ledger("cars")) == {}
        assert files(tmp_path) == set()
        assert "cars" not in ledgers


def test_a_ledger_being_deleted_is_not_to_be_had(tmp_path: Path) -> None:
    with opened(tmp_path) as (registry, ledgers):
        ledgers.create(CARS, 5)
        assert registry.begin_deletion("cars")
        assert "cars" not in ledgers
        record = registry.find("cars")
        assert record is not None
        assert record.state == DELETING


def test_a_ledgers_file_that_was_put_there_is_taken_in(tmp_path: Path) -> None:
    with opened(tmp_path / "old") as (_, ledgers):
        ledgers.create(CARS, 5)
        run(ledgers["cars"], "CREATE TABLE Cars")
    (tmp_path / "new" / "ledgers").mkdir(parents=True)
    (tmp_path / "new" / "ledgers" / "not_a_name.sqlite").touch()
    (tmp_path / "old" / "ledgers" / "cars.sqlite").rename(
        tmp_path / "new" / "ledgers" / "cars.sqlite"
    )
    with opened(tmp_path / "new") as (registry, ledgers):
        assert list(ledgers) == ["cars"]
        [first] = ledgers["cars"].blocks()
        record = registry.find("cars")
        assert record is not None
        assert record.deletion_protection
        assert record.created_at == Block.from_ion(first.ion).block_timestamp


def test_a_file_that_tells_no_time_began_when_it_was_last_changed(tmp_path: Path) -> None:
    (tmp_path / "ledgers").mkdir(parents=True)
    path = tmp_path / "ledgers" / "cars.sqlite"
    path.write_bytes(b"no journal at all" * 1000)
    os.utime(path, (0, 1_900_000_000))
    with opened(tmp_path) as (registry, ledgers):
        assert list(ledgers) == ["cars"]
        record = registry.find("cars")
        assert record is not None
        assert record.created_at == datetime.fromtimestamp(1_900_000_000, UTC)


def test_what_is_no_registry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    path.write_bytes(b"certainly not a database" * 100)
    with pytest.raises(CorruptJournalError, match="restore it"):
        RegistryFile(path)


def test_a_registry_of_another_format_is_refused(tmp_path: Path) -> None:
    file = RegistryFile(tmp_path / "registry.sqlite")
    file.rows("PRAGMA user_version = 9")
    file.close()
    with pytest.raises(StorageError, match="format 9"):
        RegistryFile(tmp_path / "registry.sqlite")


def test_a_failed_change_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as (registry, _):
        registry.add(CARS, 5)
        assert registry.tag("arn", {"a": "1"}, 1)
        assert not registry.tag("arn", {"b": "2"}, 1)
        assert registry.tags("arn") == {"a": "1"}
        assert registry.add(CARS, 5) == "exists"
        assert registry.add(replace(CARS, name="other"), 1) == "full"
