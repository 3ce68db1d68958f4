"""What all transactions hold together is bounded, and given back however they end."""

import gc
from typing import Any

import pytest

from runtime.ledger import ion
from runtime.ledger.budgets import Budget, Budgets
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import CapacityError, ConflictError
from runtime.ledger.results import MEMORY_BYTES_MAX, PAGE_VALUES_MAX, Results
from runtime.ledger.session import SessionService
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import Ticks, execute, insert, run, with_ads

ROOM = 100_000
TEXT = "x" * 30_000
NUMBERS = list(range(10_000))
"""Large as Ion already: such documents are kept as Ion alone."""
LIFETIME_S = 60.0


def budgets(uncommitted: int = ROOM, results: int = ROOM, files: int = 8) -> Budgets:
    return Budgets(
        uncommitted=Budget(uncommitted, "bytes"),
        decoded=Budget(1_000),
        results=Budget(results, "bytes"),
        results_in_memory=Budget(10_000),
        result_files=Budget(files, "files"),
    )


class Client:
    """One client of a service on one ledger."""

    def __init__(self, service: SessionService) -> None:
        self.service = service
        self.token = service.send_command({"StartSession": {"LedgerName": "ads"}})["StartSession"][
            "SessionToken"
        ]
        self.begin()

    def send(self, name: str, **fields: Any) -> Any:
        return self.service.send_command({"SessionToken": self.token, name: fields})[name]

    def begin(self) -> None:
        self.transaction = self.send("StartTransaction")["TransactionId"]

    def execute(self, statement: str, *values: Any) -> Any:
        return self.send(
            "ExecuteStatement",
            TransactionId=self.transaction,
            Statement=statement,
            Parameters=[{"IonBinary": ion.encode(value)} for value in values],
        )


def served(bounds: Budgets, ticks: Ticks) -> tuple[SessionService, Ledger]:
    ledger = with_ads(MemoryStorage(), budgets=bounds, monotonic=ticks)
    service = SessionService(
        {"ads": ledger},
        session_lifetime_s=(LIFETIME_S, LIFETIME_S),
        budgets=bounds,
        monotonic=ticks,
    )
    return service, ledger


def test_a_statement_beyond_the_budget_of_all_is_refused_and_leaves_nothing() -> None:
    bounds = budgets()
    ledger = with_ads(MemoryStorage(), budgets=bounds)
    first, second = ledger.begin(), ledger.begin()
    for transaction in (first, second, first):
        execute(transaction, "INSERT INTO Ads ?", {"text": TEXT})
    held = bounds.uncommitted.held
    with pytest.raises(CapacityError, match=r"may hold 100000 bytes.*try it again"):
        execute(second, "INSERT INTO Ads ?", {"text": TEXT})
    assert bounds.uncommitted.held == held
    first.commit()
    execute(second, "INSERT INTO Ads ?", {"text": TEXT})
    second.commit()
    assert bounds.uncommitted.held == 0
    assert len(run(ledger, "SELECT * FROM Ads")) == 4


@pytest.mark.parametrize("end", ["commit", "abort", "conflict", "drop"])
def test_every_end_gives_back_what_was_held(end: str) -> None:
    bounds = budgets()
    ledger = with_ads(MemoryStorage(), budgets=bounds)
    insert(ledger, n=1)
    transaction = ledger.begin()
    execute(transaction, "UPDATE Ads SET n = 2")
    assert bounds.uncommitted.held > 0
    if end == "commit":
        transaction.commit()
    elif end == "abort":
        transaction.abort()
    elif end == "conflict":
        run(ledger, "UPDATE Ads SET n = 3")
        with pytest.raises(ConflictError):
            transaction.commit()
    del transaction
    gc.collect()
    assert bounds.uncommitted.held == bounds.decoded.held == 0


def test_what_expired_transactions_hold_is_there_for_those_who_try_again() -> None:
    bounds, ticks = budgets(), Ticks()
    service, _ = served(bounds, ticks)
    stale, waiting = Client(service), Client(service)
    for _ in range(3):
        stale.execute("INSERT INTO Ads ?", {"text": TEXT})
    ticks.now_s += 31
    waiting.begin()
    waiting.execute("INSERT INTO Ads ?", {"text": TEXT})
    assert bounds.uncommitted.held < 2 * len(TEXT)


def test_sessions_that_expire_or_end_give_back_what_they_hold() -> None:
    bounds, ticks = budgets(10 * ROOM, results=10_000_000), Ticks()
    service, ledger = served(bounds, ticks)
    for _ in range(5):
        transaction = ledger.begin()
        for n in range(40):
            execute(transaction, "INSERT INTO Ads ?", {"n": n, "text": "x" * 800})
        transaction.commit()
    del transaction
    cross = "SELECT a.text FROM Ads AS a, << 1, 2, 3 >> AS b"
    clients = [Client(service) for _ in range(3)]
    for client in clients:
        client.execute(cross)
    assert bounds.results.held > 3 * 200_000
    assert bounds.result_files.held == 3
    assert bounds.results_in_memory.held == 0
    clients[0].send("EndSession")
    clients[1].send("AbortTransaction")
    assert bounds.result_files.held == 1
    ticks.now_s += LIFETIME_S + 2
    Client(service)
    gc.collect()
    held = (bounds.uncommitted, bounds.decoded, bounds.results, bounds.result_files)
    assert [each.held for each in held] == [0, 0, 0, 0]


def test_results_without_room_are_refused_and_those_before_stay() -> None:
    bounds = budgets(results=2_000)
    results = Results(bounds)
    first = results.collect(range(2 * PAGE_VALUES_MAX), lambda: None)
    held = bounds.results.held
    with pytest.raises(CapacityError, match="may hold 2000 bytes"):
        results.collect(range(4 * PAGE_VALUES_MAX), lambda: None)
    assert bounds.results.held == held
    assert len(results.page(first.next_token or "").values) == PAGE_VALUES_MAX


def test_files_of_results_are_counted() -> None:
    bounds = budgets(results=10 * MEMORY_BYTES_MAX, files=1)
    rows = ["x" * 200] * (3 * PAGE_VALUES_MAX)
    one, other = Results(bounds), Results(bounds)
    one.collect(rows, lambda: None)
    with pytest.raises(CapacityError, match="may hold 1 files"):
        other.collect(rows, lambda: None)
    one.clear()
    other.collect(rows, lambda: None)


@pytest.mark.parametrize("data", [{"items": NUMBERS}, {"items": [1]}], ids=["large", "small"])
def test_what_is_not_kept_decoded_reads_and_commits_the_same(data: dict[str, Any]) -> None:
    bounds = budgets(uncommitted=10_000_000)
    bounds.decoded.take(1_000)
    ledger = with_ads(MemoryStorage(), budgets=bounds)
    insert(ledger, category="old", **data)
    transaction = ledger.begin()
    execute(transaction, "UPDATE Ads SET n = 1 WHERE category = 'old'")
    execute(transaction, "UPDATE Ads SET category = 'new' WHERE category = 'old'")
    execute(transaction, "INSERT INTO Ads ?", {"category": "new", "n": 1, **data})
    found = execute(transaction, "SELECT * FROM Ads WHERE category = 'new'")
    transaction.commit()
    again = run(ledger, "SELECT * FROM Ads WHERE category = 'new'")
    assert [len(rows) for rows in (found, again)] == [2, 2]
    assert all(row["n"] == 1 and list(row["items"]) == data["items"] for row in [*found, *again])
    assert run(ledger, "SELECT * FROM Ads WHERE category = 'old'") == []
    late = ledger.begin()
    execute(late, "SELECT * FROM Ads WHERE category = 'third'")
    execute(late, "INSERT INTO Ads ?", {"n": 2})
    insert(ledger, category="third", **data)
    with pytest.raises(ConflictError, match="came to match"):
        late.commit()
