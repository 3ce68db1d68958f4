"""What memory a server takes at worst while clients scan documents of very many values at once.

The server is a process of its own, started as people start it; Linux tells the most it ever held.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from runtime.ledger.driver import embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.storage.sqlite import SqliteStorage
from tests.runtime.ledger.server.process import ServerProcess
from tests.runtime.ledger.server.serving import Clients

LEDGER: Final = "large"
MEMORY_MB_MAX: Final = 300
VALUES: Final = 20_000
"""In each document: 40 KB as Ion, 5 MB once they are decoded."""
SCANNERS: Final = 8
WRITERS: Final = 2
STATEMENTS: Final = (
    "SELECT * FROM Large",
    "SELECT COUNT(*), MAX(l.n) FROM Large AS l",
    "SELECT * FROM _ql_committed_Large AS l WHERE l.data.n >= 0",
    "SELECT l.n, l.items[0] FROM Large AS l WHERE 7 IN l.items",
    "SELECT * FROM history(Large) AS h",
    "UPDATE Large AS l SET l.n = 1 WHERE l.items[0] = 8",
)
"""Each of them decodes every document."""
EXPIRED: Final = "InvalidSessionException"

Advance = Callable[[int], None]


def fill(folder: Path, documents: int) -> None:
    """Put a ledger of large documents where a server will find it."""
    (folder / "ledgers").mkdir()
    storage = SqliteStorage(folder / "ledgers" / f"{LEDGER}.sqlite")
    driver = embedded_driver(Ledger(storage, name=LEDGER))
    for statement in ("CREATE TABLE Large", "CREATE TABLE Small"):
        driver.execute_lambda(lambda t, s=statement: t.execute_statement(s))
    for n in range(documents):
        document = {"n": n, "items": [7] * VALUES}
        driver.execute_lambda(lambda t, d=document: t.execute_statement("INSERT INTO Large ?", d))
    driver.close()
    storage.close()


def peak_mb(folder: Path, seconds: float, advance: Advance = lambda _: None) -> tuple[float, int]:
    """The most memory the server held, in MB, and how many scans were answered in that time."""
    with (
        ServerProcess(folder) as server,
        ExitStack() as stack,
        ThreadPoolExecutor(SCANNERS + WRITERS) as threads,
    ):
        clients = Clients(server.url, stack)
        ends_at_s = time.monotonic() + seconds
        sessions = [clients.boto3("qldb-session") for _ in range(SCANNERS)]
        drivers = [clients.driver(LEDGER) for _ in range(WRITERS)]

        def scan(number: int) -> int:
            count = 0
            while time.monotonic() < ends_at_s:
                count += _scanned(sessions[number], STATEMENTS[(number + count) % len(STATEMENTS)])
            return count

        def write(number: int) -> None:
            row = {"writer": number}
            while time.monotonic() < ends_at_s:
                drivers[number].execute_lambda(
                    lambda t: t.execute_statement("INSERT INTO Small ?", row)
                )

        writing = [threads.submit(write, number) for number in range(WRITERS)]
        scanning = [threads.submit(scan, number) for number in range(SCANNERS)]
        while time.monotonic() < ends_at_s:
            time.sleep(1)
            advance(1)
        for each in writing:
            each.result()
        return server.peak_mb, sum(each.result() for each in scanning)


def _scanned(client: Any, statement: str) -> bool:
    """Run a statement and fetch all its pages, as drivers do; False when it took too long."""
    answer = client.send_command(StartSession={"LedgerName": LEDGER})
    token = answer["StartSession"]["SessionToken"]

    def send(name: str, **fields: Any) -> Any:
        return client.send_command(SessionToken=token, **{name: fields})[name]

    try:
        identity = send("StartTransaction")["TransactionId"]
        page = send("ExecuteStatement", TransactionId=identity, Statement=statement)["FirstPage"]
        while following := page.get("NextPageToken"):
            page = send("FetchPage", TransactionId=identity, NextPageToken=following)["Page"]
    except ClientError as error:
        if error.response["Error"]["Code"] != EXPIRED:
            raise
        return False
    finally:
        send("EndSession")
    return True
