"""An audit passes what was committed, and names whatever else a store says."""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.ledger.audit import FINDINGS_MAX, audit
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.storage.port import JournalStorage
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.fakes import MemoryStorage
from tests.runtime.ledger.exports.exporting import busy_ledger, redact_first
from tests.runtime.ledger.ledgers import SET_N, STORAGES, insert, run, storage_of

FLIPS = 150


def busy(storage: JournalStorage) -> Ledger:
    """Everything a journal can have, a redaction included."""
    ledger = busy_ledger(storage)
    ad = insert(ledger, n=1, category="x", note="secret")
    run(ledger, SET_N, 2, ad)
    redact_first(ledger, ad)
    return ledger


@pytest.fixture(params=STORAGES)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStorage]:
    with storage_of(request.param, tmp_path) as storage:
        yield storage


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A ledger's file."""
    path = tmp_path_factory.mktemp("audit") / "ledger.sqlite"
    storage = SqliteStorage(path)
    busy(storage)
    storage.close()
    return path.read_bytes()


@pytest.fixture
def file(template: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(template)
    return path


def changed(path: Path, statement: str, *parameters: Any) -> int:
    """Change the file behind the ledger's back; how many rows were changed."""
    connection = sqlite3.connect(path)
    with connection:
        count = connection.execute(statement, parameters).rowcount
    connection.close()
    return count


def findings(path: Path) -> list[str]:
    storage = SqliteStorage(path)
    try:
        return [finding.what for finding in audit(storage).findings]
    finally:
        storage.close()


def test_a_ledger_of_every_kind_of_block_holds(storage: JournalStorage) -> None:
    ledger = busy(storage)
    told: list[tuple[int, int]] = []
    found = audit(storage, ledger.digest().value, lambda done, total: told.append((done, total)))
    assert found.findings == []
    assert found.holds
    blocks = ledger.digest().sequence_no + 1
    assert (found.blocks, found.digest) == (blocks, ledger.digest().value)
    assert found.revisions > blocks / 2
    assert found.index_entries > 10
    assert told[-1] == (blocks, blocks)


def test_an_empty_store_holds() -> None:
    found = audit(MemoryStorage())
    assert (found.holds, found.blocks, found.digest) == (True, 0, b"")


def test_another_digest_is_a_finding(storage: JournalStorage) -> None:
    busy(storage)
    [finding] = audit(storage, bytes(32)).findings
    assert "the journal was rewritten" in finding.what


@pytest.mark.parametrize("damage", ["x'e00100ea8d616263ff'", "x'00'"])
def test_what_an_index_was_made_of_is_found_damaged(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ledger.sqlite"
    storage = SqliteStorage(path)
    ledger = Ledger(storage, name="ads-0")
    run(ledger, "CREATE TABLE Ads")
    document = insert(ledger, n=1, category="x")
    run(ledger, "CREATE INDEX ON Ads (category)")
    run(ledger, SET_N, 2, document)
    assert audit(storage).holds
    storage.close()
    where = "WHERE document_id = ? AND version = 0"
    assert changed(path, f"UPDATE revision SET ion = {damage} {where}", document) == 1
    [finding] = findings(path)
    assert finding.startswith(f"version 0 of document {document}")
    assert finding.endswith("is not what its block holds")


CHANGES = [
    ("UPDATE revision SET ion = x'e00100ea0f' WHERE version = 1", "is not what its block holds"),
    ("DELETE FROM revision WHERE version = 0 AND sequence_no = 4", "is missing"),
    ("UPDATE revision SET deleted = 1 WHERE sequence_no = 4", "is not what its block holds"),
    ("UPDATE revision SET sequence_no = 5 WHERE sequence_no = 4", "is not what its block holds"),
    ("UPDATE revision SET version = 7 WHERE version = 1", "is missing"),
    ("UPDATE revision SET document_id = 'x' WHERE sequence_no = 4", "is missing"),
    ("UPDATE revision SET table_id = 'x' WHERE sequence_no = 4", "is missing"),
    (
        (
            "INSERT INTO revision SELECT table_id, document_id, 99, sequence_no, deleted, ion"
            " FROM revision WHERE sequence_no = 4"
        ),
        "revisions, its journal has",
    ),
    ("DELETE FROM index_entry", "lacks document"),
    ("UPDATE index_entry SET key = zeroblob(32)", "lacks document"),
    ("UPDATE index_entry SET document_id = document_id || 'x'", "lacks document"),
    ("UPDATE index_entry SET index_id = 'x'", "lacks document"),
    ("UPDATE index_entry SET version = version + 1", "lacks document"),
    ("UPDATE block SET block_hash = zeroblob(32) WHERE sequence_no = 5", "is not its hash"),
    ("UPDATE block SET peaks = zeroblob(64) WHERE sequence_no = 5", "the peaks kept with block 5"),
    ("UPDATE block SET catalog_sequence_no = 0 WHERE sequence_no = 5", "newest definition"),
    ("UPDATE block SET ion = zeroblob(99) WHERE sequence_no = 5", "the journal: block 5: "),
    ("DELETE FROM block WHERE sequence_no = 5", "the journal: block 5: its sequenceNo is 6"),
    ("DELETE FROM block WHERE sequence_no = 0", "the journal: block 0"),
]


@pytest.mark.parametrize(("statement", "what"), CHANGES)
def test_what_was_changed_behind_its_back_is_named(file: Path, statement: str, what: str) -> None:
    assert findings(file) == []
    assert changed(file, statement) > 0
    found = findings(file)
    assert any(what in each for each in found), found
    assert len(found) <= FINDINGS_MAX


def test_every_flipped_bit_of_a_row_is_found_or_changes_no_answer(file: Path) -> None:
    """Only an entry that is too many is no finding."""
    chance = random.Random(5)
    columns = [("block", "ion"), ("block", "block_hash"), ("block", "peaks"), ("revision", "ion")]
    for _ in range(FLIPS):
        table, column = chance.choice(columns)
        connection = sqlite3.connect(file)
        rows = (
            connection.execute(f"SELECT rowid, {column} FROM block")
            if table == "block"
            else (
                connection.execute("SELECT table_id || document_id || version, ion FROM revision")
            )
        )
        key, value = chance.choice(rows.fetchall())
        connection.close()
        flipped = bytearray(value)
        bit = chance.randrange(len(flipped) * 8)
        flipped[bit // 8] ^= 1 << bit % 8
        where = "rowid" if table == "block" else "table_id || document_id || version"
        update = f"UPDATE {table} SET {column} = ? WHERE {where} = ?"
        assert changed(file, update, bytes(flipped), key) == 1
        with contextlib.suppress(LedgerError):
            assert findings(file), (table, column, key, bit)
        assert changed(file, update, value, key) == 1
    assert findings(file) == []


def test_data_that_should_be_redacted_are_a_finding(tmp_path: Path) -> None:
    with_secret, redacted = tmp_path / "before.sqlite", tmp_path / "after.sqlite"
    storage = SqliteStorage(with_secret)
    ledger = busy_ledger(storage)
    ad = insert(ledger, n=1, note="secret")
    run(ledger, SET_N, 2, ad)
    storage.close()
    redacted.write_bytes(with_secret.read_bytes())
    storage = SqliteStorage(redacted)
    ledger = Ledger(storage, name="ads-0")
    first = redact_first(ledger, ad)
    assert audit(storage).holds
    storage.close()
    connection = sqlite3.connect(redacted)
    connection.execute("ATTACH ? AS before", (str(with_secret),))
    for name, key in (("block", "sequence_no"), ("revision", "document_id")):
        known = f"SELECT ion FROM before.{name} AS b WHERE b.{key} = {name}.{key}"
        at = "sequence_no" if name == "block" else "version"
        number = first if name == "block" else 0
        extra = "" if name == "block" else " AND b.version = 0"
        where = f"{at} = {number}" + ("" if name == "block" else f" AND document_id = '{ad}'")
        connection.execute(f"UPDATE {name} SET ion = ({known}{extra}) WHERE {where}")
    connection.commit()
    connection.close()
    [finding] = findings(redacted)
    assert "still has the data that block" in finding
