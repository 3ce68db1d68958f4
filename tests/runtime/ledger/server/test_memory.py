"""The memory of a server stays bounded whatever many sessions leave open at a time."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.ledger import ion
from runtime.ledger.driver import embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.server.process import ServerProcess
from tests.runtime.ledger.server.serving import Clients, run, serving

SCANNERS = 4
INSERTS = 14
VALUES = 40_000
"""In each document: 80 KB as Ion, 12 MB once they are decoded."""
SOME_MB = 150
"""Far less than the documents would take that one transaction inserts, were they kept decoded."""
ROOM = 200_000
TABLE_ROWS = 50
ROW = "z" * 120_000
LATER_S = 0.01


class Open:
    """A session with a transaction that is left open."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._token = client.send_command(StartSession={"LedgerName": "cars"})["StartSession"][
            "SessionToken"
        ]
        begun = client.send_command(SessionToken=self._token, StartTransaction={})
        self._transaction = begun["StartTransaction"]["TransactionId"]

    def execute(self, statement: str, *values: Any) -> None:
        fields = {
            "TransactionId": self._transaction,
            "Statement": statement,
            "Parameters": [{"IonBinary": ion.encode(value)} for value in values],
        }
        self._client.send_command(SessionToken=self._token, ExecuteStatement=fields)

    def end(self) -> None:
        self._client.send_command(SessionToken=self._token, EndSession={})

    def insert_until_refused(self, document: Any) -> ClientError | None:
        try:
            for _ in range(INSERTS):
                self.execute("INSERT INTO Rows ?", document)
        except ClientError as error:
            return error
        return None


def fill(folder: Path) -> None:
    (folder / "ledgers").mkdir()
    storage = SqliteStorage(folder / "ledgers" / "cars.sqlite")
    driver = embedded_driver(Ledger(storage, name="cars"))
    run(driver, "CREATE TABLE Rows")
    for _ in range(TABLE_ROWS // 25):
        run(driver, f"INSERT INTO Rows << {', '.join('?' * 25)} >>", *([{"p": ROW}] * 25))
    driver.close()
    storage.close()


@pytest.mark.timeout(120)
def test_uncommitted_documents_of_many_values_take_little_memory(tmp_path: Path) -> None:
    fill(tmp_path)
    with ServerProcess(tmp_path) as server, ExitStack() as stack:
        client = Clients(server.url, stack).boto3("qldb-session")
        for _ in range(SCANNERS):
            Open(client).execute("SELECT * FROM Rows")
        assert Open(client).insert_until_refused({"p": [7] * VALUES}) is None
        assert server.peak_mb < SOME_MB


def test_sessions_together_are_refused_what_they_may_not_hold(tmp_path: Path) -> None:
    options = ServerOptions(uncommitted_bytes_max=ROOM)
    with serving(tmp_path, options) as clients:
        run(clients.ledger(), "CREATE TABLE Rows")
        client = clients.boto3("qldb-session")
        refused = Open(client).insert_until_refused({"p": ROW})
        assert refused is not None
        answer = refused.response
        assert answer["Error"]["Code"] == "CapacityExceededException"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert f"may hold {ROOM} bytes" in answer["Error"]["Message"]
        small = Open(client)
        small.execute("INSERT INTO Rows ?", {"p": "small"})


def test_a_driver_tries_again_until_there_is_room(tmp_path: Path) -> None:
    options = ServerOptions(uncommitted_bytes_max=ROOM)
    with serving(tmp_path, options) as clients, ThreadPoolExecutor(1) as threads:
        driver = clients.ledger()
        run(driver, "CREATE TABLE Rows")
        other = Open(clients.boto3("qldb-session"))
        other.execute("INSERT INTO Rows ?", {"p": ROW})
        waiting = threads.submit(run, clients.driver("cars"), "INSERT INTO Rows ?", {"p": ROW})
        time.sleep(LATER_S)
        other._client.send_command(SessionToken=other._token, EndSession={})
        assert len(waiting.result(30)) == 1
