"""pyqldb's own driver on a ledger in the process."""

# Before pyqldb: it puts back into amazon.ion what pyqldb's ionhash looks for.
import runtime.ledger.ion  # noqa: F401

# isort: split
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pyqldb.config.retry_config import RetryConfig
from pyqldb.driver.qldb_driver import QldbDriver
from pyqldb.errors import (
    LambdaAbortedError,
    ResultClosedError,
    is_transaction_expired_exception,
)

from runtime.ledger.driver import BACKOFF_MAX_MS, EmbeddedSession, backoff_ms, embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.limits import Limits
from runtime.ledger.results import PAGE_VALUES_MAX
from runtime.ledger.session import SessionService
from runtime.ledger.verify import verify_blocks
from tests.fakes import MemoryStorage
from tests.runtime.ledger.ledgers import (
    ALL,
    BY_CATEGORY,
    BY_ID,
    DELETE,
    INSERT,
    SET_N,
    STORAGES,
    Ticks,
    execute,
    insert,
    run,
    storage_of,
    with_ads,
)
from tests.runtime.ledger.storages import FailingStorage

AD = {
    "publisherId": "p-1",
    "adTitle": "awesome title 🚗",
    "price": Decimal("10.50"),
    "category": "cars",
    "tags": ["a", "b"],
}


@pytest.fixture(params=STORAGES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with storage_of(request.param, tmp_path) as storage:
        yield with_ads(storage)


@pytest.fixture
def driver(ledger: Ledger) -> Iterator[QldbDriver]:
    with embedded_driver(ledger) as driver:
        yield driver


def rows(driver: QldbDriver, statement: str, *parameters: Any) -> list[Any]:
    return list(driver.execute_lambda(lambda t: t.execute_statement(statement, *parameters)))


def test_a_document_lives_its_life(driver: QldbDriver) -> None:
    ad = rows(driver, INSERT, AD)[0]["documentId"]
    (found,) = rows(driver, BY_ID, ad)
    assert {key: found[key] for key in AD} == AD
    assert str(found["price"]) == "10.50"
    rows(driver, "UPDATE Ads AS a BY id SET a.price = ? WHERE id = ?", Decimal("11.00"), ad)
    assert str(rows(driver, BY_ID, ad)[0]["price"]) == "11.00"
    rows(driver, DELETE, ad)
    assert rows(driver, BY_ID, ad) == []
    history = rows(driver, "SELECT * FROM history(Ads) AS h WHERE h.metadata.id = ?", ad)
    assert [row["metadata"]["version"] for row in history] == [0, 1, 2]
    assert "data" not in history[2]


def test_tables_are_listed(driver: QldbDriver) -> None:
    rows(driver, "CREATE TABLE Other")
    assert sorted(driver.list_tables()) == ["Ads", "Other"]


def test_one_lambda_is_one_transaction(driver: QldbDriver, ledger: Ledger) -> None:
    blocks = len(list(ledger.blocks()))

    def move(transaction: Any) -> None:
        for n in range(3):
            transaction.execute_statement(INSERT, {"category": "cars", "n": n})
        found = list(transaction.execute_statement(BY_CATEGORY, "cars"))
        transaction.execute_statement(INSERT, {"category": "sums", "n": sum(found)})

    driver.execute_lambda(move)
    assert rows(driver, BY_CATEGORY, "sums") == [3]
    assert len(list(ledger.blocks())) == blocks + 1


def test_an_aborted_lambda_has_no_effect(driver: QldbDriver) -> None:
    def abandon(transaction: Any) -> None:
        transaction.execute_statement(INSERT, AD)
        transaction.abort()

    with pytest.raises(LambdaAbortedError):
        driver.execute_lambda(abandon)
    assert rows(driver, ALL) == []


def test_a_stream_of_pages(driver: QldbDriver, ledger: Ledger) -> None:
    total = PAGE_VALUES_MAX + 10
    for first in range(0, total, 40):
        transaction = ledger.begin()
        for n in range(first, min(first + 40, total)):
            execute(transaction, INSERT, {"n": n})
        transaction.commit()
    kept: list[Any] = []

    def stream(transaction: Any) -> tuple[list[Any], Any]:
        cursor = transaction.execute_statement(ALL)
        kept.append(cursor)
        return list(cursor), cursor.get_consumed_ios()

    values, consumed = driver.execute_lambda(stream)
    assert sorted(values) == list(range(total))
    assert consumed == {"ReadIOs": total}
    assert kept[0].get_timing_information()["ProcessingTimeMilliseconds"] >= 1
    with pytest.raises(ResultClosedError):
        next(kept[0])
    buffered = driver.execute_lambda(lambda t: t.execute_statement(ALL))
    assert len(list(buffered)) == total
    assert buffered.get_consumed_ios() == {"ReadIOs": total}


def test_reads_cost_something(driver: QldbDriver) -> None:
    ad = rows(driver, INSERT, AD)[0]["documentId"]
    for statement, parameter in ((BY_ID, ad), (BY_CATEGORY, "cars")):
        cursor = driver.execute_lambda(
            lambda t, s=statement, p=parameter: t.execute_statement(s, p)
        )
        assert cursor.get_consumed_ios()["ReadIOs"] >= 1


def test_refusals_have_codes(driver: QldbDriver) -> None:
    for statement in ("SELEKT", "SELECT * FROM Nowhere", "CREATE TABLE Ads", "DELETE FROM Nowhere"):
        with pytest.raises(ClientError) as refused:
            rows(driver, statement)
        assert refused.value.response["Error"]["Code"] == "BadRequestException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    rows(driver, INSERT, AD)


def test_a_conflict_is_retried(driver: QldbDriver, ledger: Ledger) -> None:
    ad = insert(ledger, n=0)
    attempts: list[int] = []

    def change(transaction: Any) -> None:
        (n,) = transaction.execute_statement(
            "SELECT VALUE a.n FROM Ads AS a BY id WHERE id = ?", ad
        )
        attempts.append(n)
        if len(attempts) < 4:
            run(ledger, SET_N, len(attempts) * 10, ad)
        transaction.execute_statement(SET_N, n + 1, ad)

    driver.execute_lambda(change)
    assert attempts == [0, 10, 20, 30]
    assert run(ledger, BY_ID, ad)[0]["n"] == 31


def test_a_conflict_that_stays_is_told(driver: QldbDriver, ledger: Ledger) -> None:
    ad = insert(ledger, n=0)

    def change(transaction: Any) -> None:
        transaction.execute_statement(SET_N, 1, ad)
        run(ledger, SET_N, 2, ad)

    with pytest.raises(ClientError) as refused:
        driver.execute_lambda(change, RetryConfig(retry_limit=2, base=0))
    assert refused.value.response["Error"]["Code"] == "OccConflictException"
    message = refused.value.response["Error"]["Message"]
    assert message.startswith("Optimistic concurrency control (OCC) failure encountered")
    assert f"document {ad} of table Ads, read at version 2, was changed to version 3" in message


def test_a_conflict_about_a_predicate_is_told(driver: QldbDriver, ledger: Ledger) -> None:
    def add(transaction: Any) -> None:
        list(transaction.execute_statement(BY_CATEGORY, "cars"))
        insert(ledger, category="cars", n=1)
        transaction.execute_statement(INSERT, AD)

    with pytest.raises(ClientError) as refused:
        driver.execute_lambda(add, RetryConfig(retry_limit=0))
    message = refused.value.response["Error"]["Message"]
    assert 'predicate category = "cars" on table Ads came to match document' in message


def test_an_expired_transaction_is_not_retried() -> None:
    ticks = Ticks()
    ledger = with_ads(MemoryStorage(), monotonic=ticks)
    attempts: list[str] = []

    def dawdle(transaction: Any) -> None:
        attempts.append(transaction.transaction_id)
        transaction.execute_statement(INSERT, AD)
        ticks.now_s += 31

    with embedded_driver(ledger) as driver:
        with pytest.raises(ClientError) as refused:
            driver.execute_lambda(dawdle)
        assert is_transaction_expired_exception(refused.value)
        assert len(attempts) == 1
        assert rows(driver, ALL) == []


def test_a_stale_session_is_replaced(ledger: Ledger) -> None:
    with embedded_driver(ledger) as driver:
        rows(driver, ALL)
        service: SessionService = driver._client._service
        service._sessions.clear()
        assert rows(driver, INSERT, AD) != []


@pytest.mark.parametrize("effect", ["before", "after"])
def test_an_unanswered_append_has_one_effect(effect: str) -> None:
    storage = FailingStorage()
    ledger = with_ads(storage, limits=Limits(backoff_base_ms=0.0))
    with embedded_driver(ledger) as driver:
        for method in ("append", "head"):
            storage.plan = {method: [effect]}
            rows(driver, INSERT, {"category": "cars", "n": 1})
        assert rows(driver, BY_CATEGORY, "cars") == [1, 1]


def test_an_unknown_outcome_is_not_repeated() -> None:
    storage = FailingStorage()
    ledger = with_ads(storage, limits=Limits(backoff_base_ms=0.0, unavailable_attempts_max=2))
    with embedded_driver(ledger) as driver:
        storage.plan = {"append": ["after"], "blocks": ["before"] * 5}
        with pytest.raises(ClientError) as refused:
            rows(driver, INSERT, {"category": "cars", "n": 1})
        assert refused.value.response["Error"]["Code"] == "UnknownOutcomeException"
        storage.plan = {}
        assert rows(driver, BY_CATEGORY, "cars") == [1]


def test_eight_threads_count_on_one_document(ledger: Ledger) -> None:
    threads_count, times = 8, 15
    ad = insert(ledger, n=0)
    failures: list[BaseException] = []
    with embedded_driver(ledger) as driver:

        def count(transaction: Any) -> None:
            (n,) = transaction.execute_statement(
                "SELECT VALUE a.n FROM Ads AS a BY id WHERE id = ?", ad
            )
            transaction.execute_statement(SET_N, n + 1, ad)

        def work() -> None:
            try:
                for _ in range(times):
                    driver.execute_lambda(count)
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(threads_count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        history = rows(driver, "SELECT * FROM history(Ads) AS h WHERE h.metadata.id = ?", ad)
    assert [row["metadata"]["version"] for row in history] == list(range(threads_count * times + 1))
    assert [row["data"]["n"] for row in history] == list(range(threads_count * times + 1))
    verify_blocks(block.ion for block in ledger.blocks())


def test_options_are_the_drivers(ledger: Ledger) -> None:
    with embedded_driver(ledger, max_concurrent_transactions=1) as driver:
        assert rows(driver, ALL) == []


def test_the_session_serves_nothing_else(ledger: Ledger) -> None:
    session = EmbeddedSession(SessionService({ledger.name: ledger}))
    with pytest.raises(ValueError, match="qldb-session alone, not s3"):
        session.client("s3")


def test_the_backoff_is_bounded() -> None:
    waits = [backoff_ms(attempt, ValueError(), None) for attempt in range(30) for _ in range(20)]
    assert min(waits) >= 0
    assert max(waits) <= BACKOFF_MAX_MS
