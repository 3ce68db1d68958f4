"""Statements end when their transaction's time is up, and large values wait for their turn."""

import threading
from collections.abc import Iterator

import pytest

from runtime.ledger.engine import Ledger
from runtime.ledger.errors import InvalidTransactionError, LimitExceededError
from runtime.ledger.large_values import LargeValues
from runtime.ledger.limits import LIMITS
from runtime.ledger.storage.port import StoredRevision
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import Ticks, execute, insert, run, with_ads

DOCUMENTS = 50
LARGE = "x" * 20_000


class SlowStorage(MemoryStorage):
    """Each revision that it reads takes a second; it counts them."""

    def __init__(self, ticks: Ticks) -> None:
        super().__init__()
        self.ticks = ticks
        self.read = 0

    def current(self, table_id: str, document_id: str) -> StoredRevision | None:
        self._wait()
        return super().current(table_id, document_id)

    def history(self, table_id: str, document_id: str, first: int = 0) -> Iterator[StoredRevision]:
        return self._slowly(super().history(table_id, document_id, first))

    def revisions(self, table_id: str) -> Iterator[StoredRevision]:
        return self._slowly(super().revisions(table_id))

    def _slowly(self, revisions: Iterator[StoredRevision]) -> Iterator[StoredRevision]:
        for revision in revisions:
            self._wait()
            yield revision

    def _wait(self) -> None:
        self.read += 1
        self.ticks.now_s += 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM Ads WHERE n < 0",
        "SELECT COUNT(*) FROM Ads",
        "SELECT * FROM Ads WHERE category = 'c' AND n < 0",
        "SELECT * FROM history(Ads) AS h WHERE h.data.n < 0",
        "UPDATE Ads SET n = 1 WHERE n < 0",
        "DELETE FROM Ads WHERE n < 0",
        "FROM Ads AS a WHERE a.n < 0 REMOVE a.n",
        "INSERT INTO Ads (SELECT VALUE a FROM Ads AS a WHERE a.n < 0)",
        "SELECT VALUE (SELECT MAX(a.n) FROM Ads AS a) FROM << 1 >> AS x",
    ],
)
def test_a_scan_ends_with_its_transactions_time(statement: str) -> None:
    ticks = Ticks()
    storage = SlowStorage(ticks)
    ledger = with_ads(storage, monotonic=ticks)
    for n in range(DOCUMENTS):
        insert(ledger, n=n, category="c")
    transaction = ledger.begin()
    storage.read = 0
    with pytest.raises(InvalidTransactionError, match=f"^Transaction {transaction.id} has expired"):
        execute(transaction, statement)
    assert storage.read <= LIMITS.transaction_lifetime_s + 1
    assert not transaction.is_open


def test_rows_that_nobody_reads_from_a_store_end_too() -> None:
    class Hurrying(Ticks):
        def __call__(self) -> float:
            self.now_s += 1
            return super().__call__()

    ledger = with_ads(MemoryStorage(), monotonic=Hurrying())
    numbers = ", ".join(map(str, range(100)))
    with pytest.raises(InvalidTransactionError, match="has expired"):
        execute(
            ledger.begin(),
            f"SELECT COUNT(*) FROM <<{numbers}>> AS a, <<{numbers}>> AS b, <<{numbers}>> AS c",
        )


def test_a_change_of_too_many_documents_ends_before_it_has_read_them_all() -> None:
    storage = SlowStorage(Ticks())
    ledger = with_ads(storage)
    for n in range(LIMITS.transaction_documents_max * 3):
        insert(ledger, n=n)
    storage.read = 0
    with pytest.raises(LimitExceededError, match="more than 40 documents"):
        run(ledger, "UPDATE Ads SET n = 1")
    assert storage.read <= LIMITS.transaction_documents_max + 2


def test_own_insertions_can_be_deleted_beside_as_many_others_as_there_may_be() -> None:
    ledger = with_ads(MemoryStorage())
    transaction = ledger.begin()
    for n in range(LIMITS.transaction_documents_max):
        execute(transaction, "INSERT INTO Ads ?", {"n": n})
    deleted = execute(transaction, "DELETE FROM Ads")
    assert len(deleted) == LIMITS.transaction_documents_max
    assert transaction.commit().sequence_no is None


def test_threads_wait_for_each_other_with_large_values_only() -> None:
    turns = LargeValues(1)
    ledger = with_ads(MemoryStorage(), large_values=turns)
    insert(ledger, text=LARGE, category="large")
    insert(ledger, text="small", category="small")
    turns.enter(len(LARGE), lambda: None)
    done = threading.Event()

    def read(category: str) -> None:
        run(ledger, "SELECT * FROM Ads WHERE category = ?", category)
        done.set()

    small = threading.Thread(target=read, args=("small",))
    small.start()
    small.join(10)
    assert done.is_set()
    done.clear()
    large = threading.Thread(target=read, args=("large",))
    large.start()
    assert not done.wait(0.2)
    turns.leave()
    large.join(10)
    assert done.is_set()


def test_who_waits_for_a_turn_expires_too() -> None:
    turns = LargeValues(1)
    ticks = Ticks()
    ledger = with_ads(MemoryStorage(), large_values=turns, monotonic=ticks)
    insert(ledger, text=LARGE)
    held = threading.Event()
    ended = threading.Event()

    def hold() -> None:
        turns.enter(len(LARGE), lambda: None)
        held.set()
        ended.wait(10)
        turns.leave()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    transaction = ledger.begin()
    later = threading.Timer(0.1, lambda: setattr(ticks, "now_s", ticks.now_s + 31))
    later.start()
    with pytest.raises(InvalidTransactionError, match="has expired"):
        execute(transaction, "SELECT * FROM Ads")
    ended.set()
    holder.join()
    later.join()


def test_a_turn_ends_with_its_statement_even_if_that_fails() -> None:
    turns = LargeValues(1)
    ledger: Ledger = with_ads(MemoryStorage(), large_values=turns)
    insert(ledger, text=LARGE, n="no number")
    transaction = ledger.begin()
    execute(transaction, "SELECT * FROM Ads")
    with pytest.raises(Exception, match="number"):
        execute(ledger.begin(), "SELECT SUM(a.n) FROM Ads AS a")
    other = threading.Thread(target=turns.enter, args=(len(LARGE), lambda: None))
    other.start()
    other.join(10)
    assert not other.is_alive()
