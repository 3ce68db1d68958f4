"""What one transaction sees, writes, refuses and conflicts with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.ledger import ion
from runtime.ledger.block import Block
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import (
    CommitDigestError,
    ConflictError,
    InvalidTransactionError,
    LimitExceededError,
    StatementError,
)
from runtime.ledger.hashing import CommitDigest, statement_digest
from runtime.ledger.limits import Limits
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import (
    ALL,
    BY_CATEGORY,
    BY_ID,
    DELETE,
    INSERT,
    SET_N,
    STORAGES,
    Clock,
    Ticks,
    execute,
    insert,
    run,
    storage_of,
    value,
    with_ads,
)


@pytest.fixture(params=STORAGES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with storage_of(request.param, tmp_path) as storage:
        yield with_ads(storage)


def newest(ledger: Ledger) -> Block:
    return Block.from_ion(list(ledger.blocks())[-1].ion)


def test_a_transaction_sees_its_own_writes(ledger: Ledger) -> None:
    kept = insert(ledger, category="cars", n=1)
    gone = insert(ledger, category="cars", n=2)
    transaction = ledger.begin()
    made = str(execute(transaction, INSERT, {"category": "cars", "n": 3})[0]["documentId"])
    execute(transaction, SET_N, 10, kept)
    execute(transaction, DELETE, gone)
    assert sorted(execute(transaction, BY_CATEGORY, "cars")) == [3, 10]
    assert sorted(execute(transaction, ALL)) == [3, 10]
    assert execute(transaction, BY_ID, made)[0]["n"] == 3
    assert execute(transaction, BY_ID, gone) == []
    assert sorted(run(ledger, ALL)) == [1, 2]
    transaction.commit()
    assert sorted(run(ledger, ALL)) == [3, 10]


def test_a_document_touched_often_gets_one_revision(ledger: Ledger) -> None:
    ad = insert(ledger, category="cars", n=1)
    transaction = ledger.begin()
    execute(transaction, SET_N, 2, ad)
    execute(transaction, "SELECT VALUE a.n FROM Ads AS a BY id WHERE id = ?", ad)
    execute(transaction, SET_N, 3, ad)
    transaction.commit()
    block = newest(ledger)
    assert [(r.document_id, r.version, r.data["n"]) for r in block.revisions] == [(ad, 1, 3)]
    assert [statement.text for statement in block.statements][1].startswith("SELECT")
    documents = ion.decode(list(ledger.blocks())[-1].ion)["transactionInfo"]["documents"]
    assert list(documents[ad]["statements"]) == [0, 2]
    assert documents[ad]["tableName"] == "Ads"


def test_what_was_made_and_deleted_at_once_never_was(ledger: Ledger) -> None:
    blocks = len(list(ledger.blocks()))
    transaction = ledger.begin()
    made = str(execute(transaction, INSERT, {"n": 1})[0]["documentId"])
    execute(transaction, DELETE, made)
    assert transaction.commit().sequence_no is None
    assert len(list(ledger.blocks())) == blocks


def test_a_deletion_is_a_revision_without_data(ledger: Ledger) -> None:
    ad = insert(ledger, category="cars", n=1)
    run(ledger, SET_N, 2, ad)
    run(ledger, DELETE, ad)
    assert run(ledger, BY_ID, ad) == []
    assert run(ledger, BY_CATEGORY, "cars") == []
    history = run(ledger, "SELECT * FROM history(Ads) AS h WHERE h.metadata.id = ?", ad)
    assert [row["metadata"]["version"] for row in history] == [0, 1, 2]
    assert [row.get("data") is None for row in history] == [False, False, True]


def test_values_move_between_index_keys(ledger: Ledger) -> None:
    ad = insert(ledger, category="cars", n=1)
    run(ledger, "UPDATE Ads AS a BY id SET a.category = 'boats' WHERE id = ?", ad)
    assert (run(ledger, BY_CATEGORY, "cars"), run(ledger, BY_CATEGORY, "boats")) == ([], [1])
    run(ledger, "UPDATE Ads AS a BY id SET a.category = 'cars' WHERE id = ?", ad)
    assert (run(ledger, BY_CATEGORY, "cars"), run(ledger, BY_CATEGORY, "boats")) == ([1], [])


def test_two_changes_of_one_document_conflict(ledger: Ledger) -> None:
    ad = insert(ledger, category="cars", n=1)
    first, second = ledger.begin(), ledger.begin()
    execute(first, SET_N, 2, ad)
    execute(second, SET_N, 3, ad)
    number = first.commit().sequence_no
    with pytest.raises(ConflictError) as conflict:
        second.commit()
    assert str(conflict.value) == (
        f"document {ad} of table Ads, read at version 0, was changed to version 1 in block {number}"
    )
    assert run(ledger, BY_ID, ad)[0]["n"] == 2


def test_a_reader_conflicts_too_when_it_writes_elsewhere(ledger: Ledger) -> None:
    read, written = insert(ledger, n=1), insert(ledger, n=2)
    transaction = ledger.begin()
    execute(transaction, BY_ID, read)
    execute(transaction, SET_N, 5, written)
    run(ledger, DELETE, read)
    with pytest.raises(ConflictError, match=f"document {read} .*was deleted by version 1"):
        transaction.commit()


def test_two_reads_are_of_one_moment(ledger: Ledger) -> None:
    one, two = insert(ledger, n=1), insert(ledger, n=2)
    transaction = ledger.begin()
    execute(transaction, BY_ID, one)
    run(ledger, SET_N, 9, one)
    execute(transaction, BY_ID, two)
    with pytest.raises(ConflictError):
        transaction.commit()


def test_one_read_of_one_document_never_conflicts(ledger: Ledger) -> None:
    ad = insert(ledger, n=1)
    transaction = ledger.begin()
    execute(transaction, BY_ID, ad)
    run(ledger, SET_N, 9, ad)
    transaction.commit()


def test_a_document_is_read_the_same_twice(ledger: Ledger) -> None:
    ad = insert(ledger, n=1)
    transaction = ledger.begin()
    assert execute(transaction, BY_ID, ad)[0]["n"] == 1
    run(ledger, SET_N, 9, ad)
    assert execute(transaction, BY_ID, ad)[0]["n"] == 1


def test_an_absent_document_is_read_as_well(ledger: Ledger) -> None:
    drawn = iter(["0123456789012345678901"])
    other = insert(ledger, n=1)
    transaction = ledger.begin()
    execute(transaction, BY_ID, "0123456789012345678901")
    execute(transaction, SET_N, 5, other)
    ledger._new_document_id = lambda: next(drawn)
    insert(ledger, n=2)
    with pytest.raises(ConflictError, match="found absent, was changed to version 0"):
        transaction.commit()


def test_an_index_lookup_conflicts_with_a_phantom(ledger: Ledger) -> None:
    target = insert(ledger, category="other", n=0)
    transaction = ledger.begin()
    assert execute(transaction, BY_CATEGORY, "cars") == []
    execute(transaction, SET_N, 1, target)
    phantom = insert(ledger, category="cars", n=5)
    with pytest.raises(ConflictError) as conflict:
        transaction.commit()
    assert 'predicate category = "cars" on table Ads' in str(conflict.value)
    assert phantom in str(conflict.value)


def test_an_index_lookup_does_not_conflict_with_other_keys(ledger: Ledger) -> None:
    target = insert(ledger, category="other", n=0)
    transaction = ledger.begin()
    execute(transaction, BY_CATEGORY, "cars")
    execute(transaction, SET_N, 1, target)
    insert(ledger, category="boats", n=5)
    transaction.commit()
    assert run(ledger, BY_ID, target)[0]["n"] == 1


def test_a_document_moved_to_the_key_is_a_phantom(ledger: Ledger) -> None:
    moved = insert(ledger, category="boats", n=1)
    target = insert(ledger, category="other", n=0)
    transaction = ledger.begin()
    execute(transaction, BY_CATEGORY, "cars")
    execute(transaction, SET_N, 1, target)
    run(ledger, "UPDATE Ads AS a BY id SET a.category = 'cars' WHERE id = ?", moved)
    with pytest.raises(ConflictError, match=moved):
        transaction.commit()


def test_a_lookup_repeated_finds_the_same(ledger: Ledger) -> None:
    insert(ledger, category="cars", n=1)
    transaction = ledger.begin()
    assert execute(transaction, BY_CATEGORY, "cars") == [1]
    insert(ledger, category="cars", n=2)
    assert execute(transaction, BY_CATEGORY, "cars") == [1]
    with pytest.raises(ConflictError):
        transaction.commit()


def test_a_scan_conflicts_with_any_change_of_the_table(ledger: Ledger) -> None:
    insert(ledger, n=1)
    transaction = ledger.begin()
    execute(transaction, ALL)
    execute(transaction, INSERT, {"n": 7})
    other = insert(ledger, n=2)
    with pytest.raises(ConflictError, match=f"table Ads, read as a whole, had document {other}"):
        transaction.commit()


def test_a_scan_does_not_conflict_with_another_table(ledger: Ledger) -> None:
    run(ledger, "CREATE TABLE Other")
    transaction = ledger.begin()
    execute(transaction, ALL)
    execute(transaction, INSERT, {"n": 7})
    run(ledger, "INSERT INTO Other ?", {"n": 1})
    transaction.commit()


def test_inserts_never_conflict(ledger: Ledger) -> None:
    transactions = [ledger.begin() for _ in range(5)]
    for n, transaction in enumerate(transactions):
        execute(transaction, INSERT, {"category": "cars", "n": n})
    for transaction in reversed(transactions):
        transaction.commit()
    assert sorted(run(ledger, BY_CATEGORY, "cars")) == [0, 1, 2, 3, 4]


def test_a_failed_statement_leaves_nothing_behind(ledger: Ledger) -> None:
    transaction = ledger.begin()
    execute(transaction, INSERT, {"n": 1})
    with pytest.raises(StatementError):
        execute(transaction, "INSERT INTO Ads << {'n': 2}, 3 >>")
    execute(transaction, INSERT, {"n": 4})
    transaction.commit()
    assert sorted(run(ledger, ALL)) == [1, 4]
    assert [statement.text for statement in newest(ledger).statements] == [INSERT, INSERT]


def test_a_statement_that_fails_half_way_leaves_nothing_behind() -> None:
    ledger = with_ads(MemoryStorage(), limits=Limits(transaction_documents_max=2))
    transaction = ledger.begin()
    with pytest.raises(LimitExceededError):
        execute(transaction, "INSERT INTO Ads << {'n': 1}, {'n': 2}, {'n': 3} >>")
    assert execute(transaction, ALL) == []
    execute(transaction, INSERT, {"n": 4})
    transaction.commit()
    assert run(ledger, ALL) == [4]


def test_a_definition_that_fails_with_its_transaction_is_gone(ledger: Ledger) -> None:
    transaction = ledger.begin()
    execute(transaction, "CREATE TABLE Brief")
    execute(transaction, "INSERT INTO Brief ?", {"n": 1})
    assert execute(transaction, "SELECT VALUE b.n FROM Brief AS b") == [1]
    transaction.abort()
    with pytest.raises(StatementError, match="no such table: Brief"):
        run(ledger, "SELECT * FROM Brief")


def test_the_digest_counts_failed_statements(ledger: Ledger) -> None:
    transaction = ledger.begin()
    digest = CommitDigest(transaction.id)
    for statement, parameters in (
        (INSERT, [{"n": 1}]),
        ("SELEKT", []),
        (BY_CATEGORY, ["cars"]),
    ):
        values = [value(parameter) for parameter in parameters]
        digest.add(statement_digest(statement, values))
        if statement == "SELEKT":
            with pytest.raises(StatementError):
                transaction.execute(statement, values)
        else:
            transaction.execute(statement, values)
    assert transaction.commit(digest.value).digest == digest.value


def test_another_digest_commits_nothing(ledger: Ledger) -> None:
    transaction = ledger.begin()
    execute(transaction, INSERT, {"n": 1})
    with pytest.raises(CommitDigestError, match=transaction.id):
        transaction.commit(bytes(32))
    assert run(ledger, ALL) == []
    with pytest.raises(InvalidTransactionError):
        transaction.commit()


def test_a_finished_transaction_runs_nothing(ledger: Ledger) -> None:
    committed, aborted = ledger.begin(), ledger.begin()
    execute(aborted, INSERT, {"n": 1})
    committed.commit()
    aborted.abort()
    for transaction in (committed, aborted):
        with pytest.raises(InvalidTransactionError, match=transaction.id):
            execute(transaction, ALL)
        with pytest.raises(InvalidTransactionError, match=transaction.id):
            transaction.commit()
    assert run(ledger, ALL) == []


def test_a_transaction_expires() -> None:
    ticks = Ticks()
    ledger = with_ads(MemoryStorage(), monotonic=ticks)
    transaction = ledger.begin()
    execute(transaction, INSERT, {"n": 1})
    ticks.now_s += 29.9
    execute(transaction, INSERT, {"n": 2})
    ticks.now_s += 0.1
    assert not transaction.is_open
    for _ in range(2):
        with pytest.raises(InvalidTransactionError, match=r"^Transaction .{22} has expired$"):
            transaction.commit()
    assert run(ledger, ALL) == []


def test_parameters_are_counted(ledger: Ledger) -> None:
    with pytest.raises(StatementError, match="1 parameters, 2 were given"):
        execute(ledger.begin(), BY_CATEGORY, "cars", "boats")


def test_only_structs_are_documents(ledger: Ledger) -> None:
    for document in (1, "text", [1], None):
        with pytest.raises(StatementError):
            run(ledger, "INSERT INTO Ads VALUE ?", document)


@pytest.mark.parametrize(
    ("limits", "statements", "message"),
    [
        (Limits(transaction_documents_max=2), [INSERT] * 3, "more than 2 documents"),
        (Limits(document_bytes_max=9), [INSERT], "the limit is 9"),
        (Limits(transaction_bytes_max=600), [INSERT] * 3, "the limit is 600"),
        (Limits(statement_characters_max=10), [INSERT], "the limit is 10"),
        (Limits(transaction_statements_max=2), [INSERT] * 3, "has run 2 statements"),
    ],
)
def test_limits_are_kept(limits: Limits, statements: list[str], message: str) -> None:
    ledger = Ledger(MemoryStorage(), name="ads-0")
    run(ledger, "CREATE TABLE Ads")
    transaction = Ledger(ledger._storage, name="ads-0", limits=limits).begin()
    for statement in statements[:-1]:
        execute(transaction, statement, {"n": 1})
    with pytest.raises(LimitExceededError, match=message):
        execute(transaction, statements[-1], {"n": 1})


def test_history_keeps_to_its_range() -> None:
    clock = Clock()
    ledger = with_ads(MemoryStorage(), now=clock)
    clock.move(10)
    ad = insert(ledger, n=0)
    for n in (1, 2):
        clock.move(10)
        run(ledger, SET_N, n, ad)
    clock.move(10)
    run(ledger, DELETE, ad)
    clock.move(60)

    def active(*times: str) -> list[int]:
        between = ", ".join(f"`2030-01-01T00:{time}Z`" for time in times)
        rows = run(
            ledger, f"SELECT * FROM history(Ads, {between}) AS h WHERE h.metadata.id = ?", ad
        )
        return [row["metadata"]["version"] for row in rows]

    assert active("00:00.000") == [0, 1, 2, 3]
    assert active("00:00.000", "00:09.999") == []
    assert active("00:10.000", "00:10.000") == [0]
    assert active("00:15.000", "00:15.000") == [0]
    assert active("00:20.000", "00:20.000") == [1]
    assert active("00:15.000", "00:30.000") == [0, 1, 2]
    assert active("00:45.000") == [3]
    with pytest.raises(StatementError, match="future"):
        active("00:00.000", "59:00.000")
    with pytest.raises(StatementError, match="before it ends"):
        active("00:20.000", "00:10.000")
