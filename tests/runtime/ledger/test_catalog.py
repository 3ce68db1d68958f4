"""Tables and indexes: how they come and go, what they are limited to, who notices."""

import pytest

from runtime.ledger.engine import Ledger
from runtime.ledger.errors import ConflictError, LimitExceededError, StatementError
from runtime.ledger.limits import Limits
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import BY_CATEGORY, INSERT, SET_N, execute, insert, run, with_ads
from tests.runtime.ledger.storages import CountingStorage

TABLES = "SELECT * FROM information_schema.user_tables"


def named(ledger: Ledger) -> dict[str, str]:
    return {str(row["name"]): str(row["status"]) for row in run(ledger, TABLES)}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(MemoryStorage(), name="ads-0")


def test_a_table_has_a_row(ledger: Ledger) -> None:
    table_id = run(ledger, "CREATE TABLE Ads")[0]["tableId"]
    run(ledger, "CREATE INDEX ON Ads (category)")
    (row,) = run(ledger, TABLES)
    assert (row["tableId"], row["name"], row["status"]) == (table_id, "Ads", "ACTIVE")
    (index,) = row["indexes"]
    assert (index["expr"], index["status"], len(index["indexId"])) == ("[category]", "ONLINE", 22)


def test_tables_are_dropped_and_undropped(ledger: Ledger) -> None:
    table_id = run(ledger, "CREATE TABLE Ads")[0]["tableId"]
    run(ledger, INSERT, {"n": 1})
    run(ledger, "DROP TABLE Ads")
    assert named(ledger) == {"Ads": "INACTIVE"}
    with pytest.raises(StatementError, match="no such table: Ads"):
        run(ledger, INSERT, {"n": 2})
    assert len(run(ledger, f"SELECT * FROM history('{table_id}')")) == 1
    run(ledger, f'UNDROP TABLE "{table_id}"')
    assert named(ledger) == {"Ads": "ACTIVE"}
    assert run(ledger, "SELECT VALUE a.n FROM Ads AS a") == [1]


def test_a_name_is_free_again_after_a_drop(ledger: Ledger) -> None:
    old = run(ledger, "CREATE TABLE Ads")[0]["tableId"]
    run(ledger, "DROP TABLE Ads")
    run(ledger, "CREATE TABLE Ads")
    assert sorted(row["status"] for row in run(ledger, TABLES)) == ["ACTIVE", "INACTIVE"]
    with pytest.raises(StatementError, match="exists already"):
        run(ledger, f'UNDROP TABLE "{old}"')


def test_a_table_exists_once(ledger: Ledger) -> None:
    run(ledger, "CREATE TABLE Ads")
    with pytest.raises(StatementError, match="table Ads exists already"):
        run(ledger, "CREATE TABLE Ads")


@pytest.mark.parametrize("name", ["_ql_committed_Ads", "a" * 129, "Año", "a-b", "1a"])
def test_names_are_checked(ledger: Ledger, name: str) -> None:
    with pytest.raises(StatementError):
        run(ledger, f'CREATE TABLE "{name}"')


def test_an_index_exists_once(ledger: Ledger) -> None:
    run(ledger, "CREATE TABLE Ads")
    run(ledger, "CREATE INDEX ON Ads (category)")
    with pytest.raises(StatementError, match="index on category already"):
        run(ledger, "CREATE INDEX ON Ads (category)")


def test_a_dropped_index_is_not_used() -> None:
    storage = CountingStorage()
    ledger = with_ads(storage)
    insert(ledger, category="cars", n=1)
    (row,) = run(ledger, TABLES)
    index_id = row["indexes"][0]["indexId"]
    run(ledger, f'DROP INDEX "{index_id}" ON Ads WITH (purge = true)')
    storage.taken()
    assert run(ledger, BY_CATEGORY, "cars") == [1]
    assert "lookup" not in storage.taken()
    with pytest.raises(StatementError, match="no index with the id"):
        run(ledger, f'DROP INDEX "{index_id}" ON Ads WITH (purge = true)')


def test_limits_are_kept() -> None:
    limits = Limits(tables_active_max=2, tables_total_max=3, table_indexes_max=1)
    ledger = Ledger(MemoryStorage(), name="ads-0", limits=limits)
    run(ledger, "CREATE TABLE A")
    run(ledger, "CREATE TABLE B")
    with pytest.raises(LimitExceededError, match="one too many: the ledger has 2 active tables"):
        run(ledger, "CREATE TABLE C")
    run(ledger, "DROP TABLE B")
    run(ledger, "CREATE TABLE C")
    run(ledger, "DROP TABLE C")
    with pytest.raises(LimitExceededError, match="has 3 tables, dropped ones counted"):
        run(ledger, "CREATE TABLE D")
    run(ledger, "CREATE INDEX ON A (x)")
    with pytest.raises(LimitExceededError, match="has 1 indexes"):
        run(ledger, "CREATE INDEX ON A (y)")
    with pytest.raises(StatementError, match="1 to 128"):
        run(ledger, f'CREATE INDEX ON A ("{"f" * 129}")')


def test_an_index_covers_what_was_there_before() -> None:
    storage = CountingStorage()
    ledger = Ledger(storage, name="ads-0")
    run(ledger, "CREATE TABLE Ads")
    for n in range(5):
        insert(ledger, category="cars" if n % 2 else "boats", n=n)
    transaction = ledger.begin()
    execute(transaction, INSERT, {"category": "cars", "n": 10})
    execute(transaction, "CREATE INDEX ON Ads (category)")
    assert sorted(execute(transaction, BY_CATEGORY, "cars")) == [1, 3, 10]
    transaction.commit()
    storage.taken()
    assert sorted(run(ledger, BY_CATEGORY, "cars")) == [1, 3, 10]
    assert "documents" not in storage.taken()


def test_too_many_documents_for_an_index() -> None:
    ledger = Ledger(MemoryStorage(), name="ads-0", limits=Limits(backfill_documents_max=2))
    run(ledger, "CREATE TABLE Ads")
    for n in range(3):
        insert(ledger, n=n)
    with pytest.raises(LimitExceededError, match="make a table with the index first"):
        run(ledger, "CREATE INDEX ON Ads (category)")


def test_an_insert_during_the_backfill_is_not_lost() -> None:
    ledger = Ledger(MemoryStorage(), name="ads-0")
    run(ledger, "CREATE TABLE Ads")
    indexing, inserting = ledger.begin(), ledger.begin()
    execute(indexing, "CREATE INDEX ON Ads (category)")
    execute(inserting, INSERT, {"category": "cars", "n": 1})
    inserting.commit()
    with pytest.raises(ConflictError):
        indexing.commit()
    indexing, inserting = ledger.begin(), ledger.begin()
    execute(indexing, "CREATE INDEX ON Ads (category)")
    execute(inserting, INSERT, {"category": "cars", "n": 2})
    indexing.commit()
    # It has read nothing, so it takes over the new definition and adds an entry.
    inserting.commit()
    assert sorted(run(ledger, BY_CATEGORY, "cars")) == [1, 2]


def test_a_new_index_conflicts_with_a_reader_that_writes() -> None:
    ledger = Ledger(MemoryStorage(), name="ads-0")
    run(ledger, "CREATE TABLE Ads")
    ad = insert(ledger, category="cars", n=1)
    transaction = ledger.begin()
    execute(transaction, SET_N, 2, ad)
    run(ledger, "CREATE INDEX ON Ads (category)")
    with pytest.raises(ConflictError, match="definition of table Ads was changed"):
        transaction.commit()


def test_a_drop_conflicts_with_a_write() -> None:
    ledger = with_ads(MemoryStorage())
    transaction = ledger.begin()
    execute(transaction, INSERT, {"n": 1})
    run(ledger, "DROP TABLE Ads")
    with pytest.raises(ConflictError, match="table Ads was dropped"):
        transaction.commit()


def test_two_tables_of_one_name_conflict() -> None:
    ledger = Ledger(MemoryStorage(), name="ads-0")
    first, second = ledger.begin(), ledger.begin()
    execute(first, "CREATE TABLE Ads")
    execute(second, "CREATE TABLE Ads")
    first.commit()
    with pytest.raises(ConflictError):
        second.commit()


def test_another_process_notices_a_new_index() -> None:
    storage = MemoryStorage()
    first = Ledger(storage, name="ads-0")
    run(first, "CREATE TABLE Ads")
    other = Ledger(storage, name="ads-0")
    insert(other, category="cars", n=1)
    run(first, "CREATE INDEX ON Ads (category)")
    # The first statement meets definitions that are out of date, and quietly starts anew.
    assert run(other, BY_CATEGORY, "cars") == [1]
    insert(other, category="cars", n=2)
    assert sorted(run(first, BY_CATEGORY, "cars")) == [1, 2]


def test_another_process_notices_a_new_table() -> None:
    storage = MemoryStorage()
    first, other = Ledger(storage, name="ads-0"), Ledger(storage, name="ads-0")
    assert run(other, TABLES) == []
    run(first, "CREATE TABLE Ads")
    insert(other, n=1)
    assert run(first, "SELECT VALUE a.n FROM Ads AS a") == [1]


def test_definitions_are_read_when_they_changed_only() -> None:
    storage = CountingStorage()
    ledger = with_ads(storage)
    insert(ledger, category="cars", n=1)
    storage.taken()
    for n in range(3):
        insert(ledger, category="cars", n=n)
        run(ledger, BY_CATEGORY, "cars")
    assert "documents" not in storage.taken()
    run(ledger, "CREATE TABLE Own")
    insert(ledger, n=1)
    assert "documents" not in storage.taken()
    other = Ledger(storage, name="ads-0")
    run(other, "CREATE TABLE Other")
    storage.taken()
    insert(ledger, n=1)
    insert(ledger, n=1)
    assert storage.taken()["documents"] == 1
