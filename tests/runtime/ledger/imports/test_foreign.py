"""Ledgers that QLDB left behind move in: blocks as they are, tables and indexes told from them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runtime.ledger import ion
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.imports.errors import DamagedExportError
from runtime.ledger.storage.port import JournalStorage
from tests.fakes import MemoryStorage
from tests.foreign_journal import ForeignJournal, Put, vehicles
from tests.memory_destination import MemoryDestination
from tests.runtime.ledger.exports.exporting import export, user_tables
from tests.runtime.ledger.imports.importing import contents, import_all
from tests.runtime.ledger.ledgers import STORAGES, Clock, run, storage_of
from tests.runtime.ledger.storages import CountingStorage


def ledger_on(storage: JournalStorage) -> Ledger:
    return Ledger(storage, name="vehicles", now=Clock())


def imported(journal: ForeignJournal, storage: JournalStorage | None = None) -> Ledger:
    storage = storage or MemoryStorage()
    found = import_all(journal.exported(), storage, digest=journal.digest())
    assert found.digest == journal.digest()
    return ledger_on(storage)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("kind", STORAGES)
def test_blocks_are_kept_as_they_are(kind: str, binary: bool, tmp_path: Path) -> None:
    journal, _ = vehicles()
    with storage_of(kind, tmp_path) as storage:
        import_all(journal.exported(binary=binary), storage, digest=journal.digest())
        assert [block.ion for block in storage.blocks(0)] == [
            ion.encode(block) for block in journal.blocks
        ]
        assert ledger_on(storage).digest().strand_id == journal.strand_id


def test_documents_history_and_tables_are_there() -> None:
    journal, ids = vehicles()
    ledger = imported(journal)
    vehicles_found = run(ledger, "SELECT * FROM Vehicle")
    assert sorted(ion.text(row) for row in vehicles_found) == [
        '{VIN:"vin0",Color:"Red"}',
        '{VIN:"vin9",Color:"Red"}',
    ]
    assert run(ledger, "SELECT VALUE p.GovId FROM Person AS p") == ["LEWISR261LL"]
    assert run(ledger, "SELECT VALUE g.a FROM Gone AS g") == [2]
    history = run(ledger, "SELECT * FROM history(Vehicle) AS h")
    assert len(history) == 6
    [deleted] = [r for r in history if r["metadata"]["id"] == ids[1] and r["metadata"]["version"]]
    assert "data" not in deleted
    [redacted] = [r for r in history if "dataHash" in r]
    assert redacted["metadata"]["id"] == ids[0]
    tables = run(ledger, "SELECT * FROM information_schema.user_tables")
    assert sorted((t["name"], t["status"]) for t in tables) == [
        ("Gone", "ACTIVE"),
        ("Gone", "INACTIVE"),
        ("Person", "ACTIVE"),
        ("Unused", "ACTIVE"),
        ("Vehicle", "ACTIVE"),
    ]
    assert user_tables(ledger)["Vehicle"]["tableId"] == journal.table_ids["Vehicle"]


def test_indexes_are_used_for_documents_from_before_them() -> None:
    journal, ids = vehicles()
    storage = CountingStorage()
    ledger = imported(journal, storage)
    fields = [index["expr"] for index in user_tables(ledger)["Vehicle"]["indexes"]]
    assert fields == ["[VIN]", "[Color]"]
    storage.taken()
    found = run(ledger, "SELECT VALUE id FROM Vehicle AS v BY id WHERE v.Color = 'Red'")
    assert sorted(found) == sorted([ids[0], ids[2]])
    assert run(ledger, "SELECT VALUE id FROM Vehicle AS v BY id WHERE v.VIN = 'vin1'") == []
    assert run(ledger, "SELECT VALUE id FROM Vehicle AS v BY id WHERE v.VIN = 'vin9'") == [ids[2]]
    calls = storage.taken()
    assert "documents" not in calls
    assert "revisions" not in calls


@pytest.mark.parametrize("kind", STORAGES)
def test_the_chain_goes_on(kind: str, tmp_path: Path) -> None:
    journal, ids = vehicles()
    with storage_of(kind, tmp_path) as storage:
        ledger = imported(journal, storage)
        run(ledger, "UPDATE Vehicle SET Color = 'Blue' WHERE VIN = 'vin0'")
        run(ledger, "INSERT INTO Unused VALUE {'a': 1}")
        run(ledger, "CREATE INDEX ON Person (GovId)")
        run(ledger, "DROP TABLE Gone")
        index_id = user_tables(ledger)["Vehicle"]["indexes"][0]["indexId"]
        run(ledger, f'DROP INDEX "{index_id}" ON Vehicle WITH (purge = true)')
        assert run(ledger, "SELECT VALUE v.Color FROM Vehicle AS v WHERE v.VIN = 'vin0'") == [
            "Blue"
        ]
        [version] = run(
            ledger,
            "SELECT VALUE v.metadata.version FROM _ql_committed_Vehicle AS v"
            " WHERE v.metadata.id = ?",
            ids[0],
        )
        assert version == 2
        blocks = [Block.from_ion(block.ion) for block in storage.blocks(0)]
        assert len(blocks) == len(journal.blocks) + 5
        assert {block.strand_id for block in blocks} == {journal.strand_id}
        for before, after in pairwise(blocks):
            assert after.previous_block_hash == before.block_hash


def test_what_went_on_is_exported_and_imported_again() -> None:
    journal, _ = vehicles()
    storage, copy, destination = MemoryStorage(), MemoryStorage(), MemoryDestination()
    ledger = imported(journal, storage)
    run(ledger, "UPDATE Vehicle SET Color = 'Blue' WHERE VIN = 'vin0'")
    run(ledger, "CREATE INDEX ON Person (GovId)")
    run(ledger, "INSERT INTO Person VALUE {'GovId': 'x'}")
    early = ion.decode(next(storage.blocks(0)).ion)["blockTimestamp"]
    export(storage, destination, inclusive_start=early)
    import_all(destination, copy)
    assert list(copy.blocks(0)) == list(storage.blocks(0))
    assert contents(copy) == contents(storage)
    other = ledger_on(copy)
    assert user_tables(other) == user_tables(ledger)
    assert run(other, "SELECT VALUE p FROM Person AS p WHERE p.GovId = 'x'")


def test_an_export_can_be_read_in_two_parts() -> None:
    journal, ids = vehicles()
    whole = journal.exported()
    storage = MemoryStorage()
    for keep in (2, 4, 100):
        destination = MemoryDestination()
        destination.objects = dict(whole.objects)
        [manifest] = [key for key in whole.objects if key.endswith(".manifest")]
        keys = [str(k) for k in next(ion.stream(whole.objects[manifest]))["keys"]][:keep]
        destination.objects[manifest] = ion.encode({"keys": keys})
        import_all(destination, storage)
    assert [block.ion for block in storage.blocks(0)] == [ion.encode(b) for b in journal.blocks]
    ledger = ledger_on(storage)
    assert run(ledger, "SELECT VALUE id FROM Vehicle AS v BY id WHERE v.VIN = 'vin9'") == [ids[2]]
    active = "SELECT VALUE t.name FROM information_schema.user_tables AS t WHERE status = 'ACTIVE'"
    assert sorted(run(ledger, active)) == ["Gone", "Person", "Unused", "Vehicle"]


def test_tables_whose_making_is_not_told_are_there_with_their_documents() -> None:
    journal = ForeignJournal()
    journal.define("", with_info=False)
    journal.commit(Put("T", "JUJgkIcNbhS2goq8RqLuZ4", 0, {"a": 1}))
    assert run(imported(journal), "SELECT VALUE t.a FROM T AS t") == [1]


def test_an_index_that_cannot_be_told_from_others_is_kept() -> None:
    journal = ForeignJournal()
    journal.define("CREATE TABLE T")
    journal.define("CREATE INDEX ON T (a)")
    journal.define('DROP INDEX "4tPW3fUhaVhDinRgKRLhGU" ON T WITH (purge = true)')
    journal.define("CREATE INDEX ON T (b)")
    journal.define("CREATE INDEX ON T (c)")
    journal.define('DROP INDEX "5PLf9SXwndd63lPaSIa0O6" ON T WITH (purge = true)')
    journal.define("CREATE INDEX ON T (b)")
    journal.commit(Put("T", "JUJgkIcNbhS2goq8RqLuZ4", 0, {"a": 1, "b": 2, "c": 3}))
    ledger = imported(journal)
    indexes = [index["expr"] for index in user_tables(ledger)["T"]["indexes"]]
    assert indexes == ["[c]", "[b]"]
    for field, number in (("a", 1), ("b", 2), ("c", 3)):
        found = run(ledger, f"SELECT VALUE t.{field} FROM T AS t WHERE t.{field} = {number}")
        assert found == [number]


def test_a_table_is_undropped() -> None:
    journal = ForeignJournal()
    journal.define("CREATE TABLE T")
    journal.commit(Put("T", "JUJgkIcNbhS2goq8RqLuZ4", 0, {"a": 1}))
    journal.define("DROP TABLE T")
    journal.define(f'UNDROP TABLE "{journal.table_ids["T"]}"')
    assert run(imported(journal), "SELECT VALUE t.a FROM T AS t") == [1]


def test_statements_that_only_look_like_definitions_define_nothing() -> None:
    journal = ForeignJournal()
    for text in ("SELECT 'create table x' FROM T", "create something else", "-- drop", "DROP IT("):
        journal.define(text)
    assert run(imported(journal), "SELECT * FROM information_schema.user_tables") == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b.pop("entriesHash"), "lacks, or has too many of, its members: entriesHash"),
        (lambda b: b.update(more=1), "its members: more"),
        (lambda b: b.update(blockHash=bytes(32)), "blockHash does not follow"),
        (lambda b: b.update(previousBlockHash=bytes(32)), "previousBlockHash is not"),
        (lambda b: b["entriesHashList"].pop(0), "entriesHash is not the Merkle root"),
        (lambda b: b["transactionInfo"].update(more=1), "hash of its transactionInfo"),
        (lambda b: b["revisions"].pop(), "Merkle root of its revisions"),
        (lambda b: b["revisions"][0].update(hash=bytes(32)), "revision 0: its hash does not"),
        (lambda b: b["revisions"][1]["data"].update(Color="Gold"), "revision 1: its hash does not"),
        (
            lambda b: b["revisions"][1]["metadata"].update(version=7),
            "revision 1: its hash does not",
        ),
        (lambda b: b["revisions"][1]["metadata"].update(txId="x"), "revision 1: its txId"),
        (lambda b: b["revisions"][1]["blockAddress"].update(sequenceNo=1), "its blockAddress"),
        (lambda b: b["revisions"][1].update(dataHash=bytes(32)), "both data and dataHash"),
        (lambda b: b["revisions"][1].pop("metadata"), "its members: metadata"),
        (lambda b: b["revisions"][1].update(metadata=5), "its metadata is not a plain struct"),
        (lambda b: b.update(revisions=5), "layout of a block"),
        (lambda b: b.update(transactionInfo=5), "hash of its transactionInfo"),
        (lambda b: b.update(entriesHashList=None), "layout of a block"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(damage: Any, message: str) -> None:
    journal, _ = vehicles()
    number = 7
    damage(journal.blocks[number])
    storage = MemoryStorage()
    with pytest.raises(DamagedExportError, match=message) as raised:
        import_all(journal.exported(), storage)
    assert (raised.value.sequence_no, raised.value.key.rpartition(".")[0][-3:]) == (number, "6-8")
    assert storage.head().sequence_no == number - 1


def test_a_strand_that_changes_is_told() -> None:
    journal, _ = vehicles()
    other, _ = vehicles()
    journal.blocks[5] = other.blocks[5]
    with pytest.raises(Exception, match=f"block 5 of strand {other.strand_id}"):
        import_all(journal.exported(), MemoryStorage())


def test_a_document_without_its_table_is_told() -> None:
    journal = ForeignJournal()
    journal.commit(Put("T", "JUJgkIcNbhS2goq8RqLuZ4", 0, {"a": 1}))
    del journal.blocks[0]["transactionInfo"]
    with pytest.raises(DamagedExportError, match="which table"):
        import_all(journal.exported(), MemoryStorage())
