"""pyqldb over the wire: what a program written for QLDB does."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from amazon.ion.core import Timestamp
from amazon.ion.simple_types import IonPyDecimal, IonPySymbol, IonPyText
from botocore.exceptions import ClientError
from pyqldb.config.retry_config import RetryConfig
from pyqldb.errors import ExecuteError

from runtime.ledger import ion
from runtime.ledger.limits import Limits
from runtime.ledger.server.options import ServerOptions
from tests.runtime.ledger.server.serving import Clients, run, serving

HISTORY = "SELECT * FROM history(Cars) AS h WHERE h.metadata.id = ?"


def with_cars(clients: Clients) -> Any:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    run(driver, "CREATE INDEX ON Cars (vin)")
    return driver


def test_a_document_lives_and_its_history_stays(clients: Clients) -> None:
    driver = with_cars(clients)
    [inserted] = run(driver, "INSERT INTO Cars ?", {"vin": "a", "price": Decimal("90.250")})
    document_id = inserted["documentId"]
    assert len(document_id) == 22
    assert run(driver, "UPDATE Cars SET colour = ? WHERE vin = ?", "red", "a") == [inserted]
    [car] = run(driver, "SELECT * FROM Cars WHERE vin = ?", "a")
    assert ion.text(car) == '{vin:"a",price:90.250,colour:"red"}'
    assert run(driver, "DELETE FROM Cars WHERE vin = ?", "a") == [inserted]
    assert run(driver, "SELECT * FROM Cars") == []
    revisions = sorted(run(driver, HISTORY, document_id), key=lambda r: r["metadata"]["version"])
    assert [r["metadata"]["version"] for r in revisions] == [0, 1, 2]
    assert [r.get("data", {}).get("colour") for r in revisions] == [None, "red", None]
    assert "data" not in revisions[2]
    assert all(len(r["hash"]) == 32 for r in revisions)


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "null.struct",
        "true",
        "12345678901234567890123",
        "-0.",
        "1.50",
        "2.5e0",
        "2030-01-02T",
        "2030-01-02T03:04:05.678+01:00",
        "symbol",
        '"text"',
        '{{"clob"}}',
        "{{AAEC}}",
        "[1,[2],{a:3}]",
        "(s exp)",
        "cm::annotated::1",
    ],
)
def test_ion_values_come_back_as_they_were(clients: Clients, value: str) -> None:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    run(driver, "INSERT INTO Cars ?", ion.parse(f"{{v:{value}}}"))
    [row] = run(driver, "SELECT VALUE c.v FROM Cars AS c")
    assert ion.encode(row) == ion.encode(ion.parse(value))


def test_rows_keep_the_types_that_drivers_decode(clients: Clients) -> None:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    run(driver, "INSERT INTO Cars ?", ion.parse("{d:1.50,s:sym,t:2030-01-02T,x:'''text'''}"))
    [row] = run(driver, "SELECT * FROM Cars")
    assert isinstance(row["d"], IonPyDecimal)
    assert isinstance(row["s"], IonPySymbol)
    assert isinstance(row["t"], Timestamp)
    assert isinstance(row["x"], IonPyText)


def test_a_conflict_is_retried_and_both_changes_stay(clients: Clients) -> None:
    first, second = with_cars(clients), clients.driver("cars")
    run(first, "INSERT INTO Cars ?", {"vin": "a", "n": 0})
    attempts: list[int] = []

    def add(transaction: Any) -> None:
        attempts.append(1)
        [n] = transaction.execute_statement("SELECT VALUE c.n FROM Cars AS c WHERE c.vin = 'a'")
        if len(attempts) == 1:
            run(second, "UPDATE Cars SET n = 10 WHERE vin = 'a'")
        transaction.execute_statement("UPDATE Cars SET n = ? WHERE vin = 'a'", n + 1)

    first.execute_lambda(add)
    assert len(attempts) == 2
    assert run(first, "SELECT VALUE c.n FROM Cars AS c") == [11]


def clash(clients: Clients, read: str, written: str) -> tuple[dict[str, Any], int]:
    """What the server says to one who read something while another wrote; and its HTTP status."""
    first, second = clients.driver("cars"), clients.driver("cars")

    def change(transaction: Any) -> None:
        list(transaction.execute_statement(read))
        run(second, written)
        transaction.execute_statement("INSERT INTO Cars ?", {"vin": "new"})

    with pytest.raises(ClientError) as raised:
        first.execute_lambda(change, RetryConfig(0))
    response = raised.value.response
    return response["Error"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_conflict_is_told_as_qldb_tells_it_and_says_what_it_is_about(clients: Clients) -> None:
    driver = with_cars(clients)
    [row] = run(driver, "INSERT INTO Cars ?", {"vin": "a", "n": 0})
    by_vin = "SELECT * FROM Cars AS c WHERE c.vin = 'a'"
    of_document = clash(clients, by_vin, "UPDATE Cars SET n = 2 WHERE vin = 'a'")
    of_predicate = clash(clients, by_vin, "INSERT INTO Cars {'vin': 'a'}")
    for error, status in (of_document, of_predicate):
        assert (error["Code"], status) == ("OccConflictException", 400)
        assert error["Message"].startswith("Optimistic concurrency control (OCC) failure")
    document = f"document {row['documentId']} of table Cars, read at version 0, was changed to"
    assert document in of_document[0]["Message"]
    assert 'predicate vin = "a" on table Cars came to match document' in of_predicate[0]["Message"]


def test_long_results_come_in_pages(clients: Clients) -> None:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    for first in range(0, 480, 40):
        run(driver, "INSERT INTO Cars ?", [{"n": n} for n in range(first, first + 40)])
    numbers = run(driver, "SELECT VALUE c.n FROM Cars AS c")
    assert sorted(numbers) == list(range(480))

    with ThreadPoolExecutor() as executor:
        ahead = clients.driver("cars", read_ahead=2, executor=executor)
        assert sorted(run(ahead, "SELECT VALUE c.n FROM Cars AS c")) == list(range(480))


def test_statements_between_pages_do_not_change_them(clients: Clients) -> None:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    for first in range(0, 240, 40):
        run(driver, "INSERT INTO Cars ?", [{"n": n} for n in range(first, first + 40)])

    def read_while_changing(transaction: Any) -> list[int]:
        cursor = transaction.execute_statement("SELECT VALUE c.n FROM Cars AS c")
        start = [next(cursor)]
        transaction.execute_statement("UPDATE Cars SET n = 1000 WHERE n = 239")
        return [*start, *cursor]

    assert sorted(driver.execute_lambda(read_while_changing)) == list(range(240))


def test_tables_are_listed(clients: Clients) -> None:
    driver = clients.ledger()
    for name in ("Cars", "Owners"):
        run(driver, f"CREATE TABLE {name}")
    run(driver, "DROP TABLE Owners")
    assert list(driver.list_tables()) == ["Cars"]


def test_reads_and_writes_are_counted(clients: Clients) -> None:
    driver = with_cars(clients)
    run(driver, "INSERT INTO Cars << {'vin': 'a'}, {'vin': 'b'} >>")

    def read(transaction: Any) -> tuple[Any, Any]:
        cursor = transaction.execute_statement("SELECT * FROM Cars")
        list(cursor)
        return cursor.get_consumed_ios(), cursor.get_timing_information()

    ios, timing = driver.execute_lambda(read)
    assert ios["ReadIOs"] >= 2
    assert timing["ProcessingTimeMilliseconds"] >= 1


def test_nothing_of_an_aborted_transaction_stays(clients: Clients) -> None:
    driver = with_cars(clients)

    def change_mind(transaction: Any) -> None:
        transaction.execute_statement("INSERT INTO Cars ?", {"vin": "a"})
        transaction.abort()

    with pytest.raises(Exception, match=r"[Aa]bort"):
        driver.execute_lambda(change_mind)
    assert run(driver, "SELECT * FROM Cars") == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELEC x", "BadRequestException"),
        ("SELECT * FROM Nowhere", "BadRequestException"),
        ("DELETE FROM Nowhere", "BadRequestException"),
        ("CREATE TABLE Cars", "BadRequestException"),
        ("INSERT INTO Cars VALUE 5", "BadRequestException"),
    ],
)
def test_what_cannot_be_run_is_refused(clients: Clients, statement: str, code: str) -> None:
    driver = with_cars(clients)
    with pytest.raises(ClientError) as raised:
        run(driver, statement)
    assert raised.value.response["Error"]["Code"] == code
    assert run(driver, "SELECT VALUE name FROM information_schema.user_tables") == ["Cars"]


def test_too_many_documents_are_refused(clients: Clients) -> None:
    driver = with_cars(clients)
    with pytest.raises(ClientError) as raised:
        run(driver, "INSERT INTO Cars ?", [{"n": n} for n in range(41)])
    assert raised.value.response["Error"]["Code"] == "LimitExceededException"
    assert run(driver, "SELECT * FROM Cars") == []


def test_an_unknown_ledger_has_no_sessions(clients: Clients) -> None:
    with pytest.raises((ClientError, ExecuteError)) as raised:
        run(clients.driver("nowhere"), "SELECT * FROM Cars")
    assert "nowhere" in str(raised.value)


def test_a_transaction_expires_and_its_session_stays_usable(tmp_path: Path) -> None:
    options = ServerOptions(limits=Limits(transaction_lifetime_s=0.3))
    with serving(tmp_path, options) as clients:
        driver = with_cars(clients)

        def dawdle(transaction: Any) -> None:
            transaction.execute_statement("INSERT INTO Cars ?", {"vin": "late"})
            time.sleep(0.4)
            transaction.execute_statement("INSERT INTO Cars ?", {"vin": "later"})

        with pytest.raises(ClientError, match=r"Transaction \w{22} has expired") as raised:
            driver.execute_lambda(dawdle)
        assert raised.value.response["Error"]["Code"] == "InvalidSessionException"
        assert run(driver, "SELECT * FROM Cars") == []


def test_a_session_expires_and_the_driver_gets_another(tmp_path: Path) -> None:
    with serving(tmp_path, ServerOptions(session_lifetime_s=(0.2, 0.3))) as clients:
        driver = with_cars(clients)
        session = clients.boto3("qldb-session")
        token = session.send_command(StartSession={"LedgerName": "cars"})["StartSession"][
            "SessionToken"
        ]
        time.sleep(0.4)
        with pytest.raises(session.exceptions.InvalidSessionException, match="has expired"):
            session.send_command(SessionToken=token, StartTransaction={})
        with pytest.raises(session.exceptions.InvalidSessionException, match="No such session"):
            session.send_command(SessionToken=token, StartTransaction={})
        assert run(driver, "SELECT * FROM Cars") == []


def test_too_many_sessions_are_refused(tmp_path: Path) -> None:
    with serving(tmp_path, ServerOptions(sessions_max=2)) as clients:
        clients.ledger()
        session = clients.boto3("qldb-session")
        tokens = [
            session.send_command(StartSession={"LedgerName": "cars"})["StartSession"][
                "SessionToken"
            ]
            for _ in range(3)
        ]
        with pytest.raises(session.exceptions.LimitExceededException):
            session.send_command(SessionToken=tokens[2], StartTransaction={})
        session.send_command(SessionToken=tokens[0], EndSession={})
        session.send_command(SessionToken=tokens[2], StartTransaction={})


def test_sessions_end_with_their_ledger(clients: Clients) -> None:
    old = with_cars(clients)
    run(old, "INSERT INTO Cars ?", {"vin": "a"})
    session = clients.boto3("qldb-session")
    started = session.send_command(StartSession={"LedgerName": "cars"})
    token = started["StartSession"]["SessionToken"]
    clients.boto3("qldb").delete_ledger(Name="cars")
    with pytest.raises(session.exceptions.InvalidSessionException, match="No such session"):
        session.send_command(SessionToken=token, StartTransaction={})
    again = with_cars(clients)
    assert run(again, "SELECT * FROM Cars") == []
    assert run(old, "SELECT * FROM Cars") == []


def test_writers_that_add_one_lose_none(clients: Clients) -> None:
    driver = with_cars(clients)
    run(driver, "INSERT INTO Cars ?", {"vin": "a", "n": 0})

    def add(transaction: Any) -> None:
        [n] = transaction.execute_statement("SELECT VALUE c.n FROM Cars AS c WHERE c.vin = 'a'")
        transaction.execute_statement("UPDATE Cars SET n = ? WHERE vin = 'a'", n + 1)

    def write() -> None:
        patient = RetryConfig(50, custom_backoff=lambda *_: 5)
        for _ in range(5):
            driver.execute_lambda(add, patient)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run(driver, "SELECT VALUE c.n FROM Cars AS c") == [20]
