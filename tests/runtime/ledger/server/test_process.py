"""The command: starting, stopping, and kill -9 in the middle of writes."""

import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pyqldb.config.retry_config import RetryConfig

from tests.contention import contention
from tests.runtime.ledger.server.process import ROOT, ServerProcess
from tests.runtime.ledger.server.serving import Clients, run

KILLS = 3
WRITERS = 3
RESTART_S_MAX = 1.0


def test_it_says_where_it_serves_and_stops_when_asked(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with ServerProcess(tmp_path) as process, ExitStack() as stack:
            assert process.announced == f"serving {tmp_path} at {process.url}\n"
            assert process.url.startswith("http://127.0.0.1:")
            clients = Clients(process.url, stack)
            assert clients.boto3("qldb").list_ledgers()["Ledgers"] == []
            status, errors = process.end(number)
            assert (status, errors) == (0, "")


def test_ledgers_are_there_after_a_restart(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as process, ExitStack() as stack:
        clients = Clients(process.url, stack)
        driver = clients.ledger(Tags={"a": "1"})
        run(driver, "CREATE TABLE Cars")
        run(driver, "INSERT INTO Cars ?", {"vin": "a"})
        described = clients.boto3("qldb").describe_ledger(Name="cars")
        process.end()
    arguments = ("--region", "eu-west-1", "--account", "123456789012", "--ledgers-max", "1")
    with ServerProcess(tmp_path, 0, *arguments) as process, ExitStack() as stack:
        clients = Clients(process.url, stack)
        qldb = clients.boto3("qldb")
        again = qldb.describe_ledger(Name="cars")
        assert again["CreationDateTime"] == described["CreationDateTime"]
        assert again["Arn"] == "arn:aws:qldb:eu-west-1:123456789012:ledger/cars"
        assert [dict(row) for row in run(clients.driver("cars"), "SELECT * FROM Cars")] == [
            {"vin": "a"}
        ]
        with pytest.raises(qldb.exceptions.LimitExceededException):
            qldb.create_ledger(Name="second", PermissionsMode="STANDARD")


def test_a_taken_directory_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    with ServerProcess(tmp_path), ServerProcess(tmp_path) as second:
        status, errors = second.wait()
    assert status == 1
    assert errors.startswith(f"cannot serve {tmp_path} on 127.0.0.1:0: another server works in")


@pytest.mark.parametrize("port", [-1, 65_536])
def test_what_is_no_port_is_an_error_of_usage(tmp_path: Path, port: int) -> None:
    with ServerProcess(tmp_path, port) as process:
        status, errors = process.wait()
    assert status == 2
    assert errors.splitlines()[-1].endswith(f"'{port}' is no port: give a number up to 65535")


def test_what_only_exports_and_streams_need_is_not_imported_at_the_start() -> None:
    code = "import sys, runtime.ledger.server.__main__; print(*sys.modules)"
    asked = [sys.executable, "-c", code]
    done = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"boto3", "botocore", "google.protobuf"} & set(done.stdout.split())


class Writer(threading.Thread):
    """Inserts numbers until the server is gone; knows which were acknowledged."""

    def __init__(self, clients: Clients, first: int) -> None:
        super().__init__()
        self.driver = clients.driver("cars", retry_config=RetryConfig(0))
        self.number = first
        self.acknowledged: list[int] = []

    def run(self) -> None:
        while True:
            try:
                run(self.driver, "INSERT INTO Cars ?", {"n": self.number})
            except (BotoCoreError, ClientError):
                return
            self.acknowledged.append(self.number)
            self.number += 1


def test_no_acknowledged_write_is_lost_by_kills(tmp_path: Path) -> None:
    slowdown = contention()
    acknowledged: list[int] = []
    attempted: set[int] = set()
    restarts_s: list[float] = []
    random_ = random.Random(20301)
    process, port = ServerProcess(tmp_path), 0
    with process, ExitStack() as stack:
        driver = Clients(process.url, stack).ledger()
        run(driver, "CREATE TABLE Cars")
        port = process.port
        process.end()
    for kill in range(KILLS):
        with ServerProcess(tmp_path, port) as process, ExitStack() as stack:
            restarts_s.append(process.start_s)
            clients = Clients(process.url, stack)
            writers = [Writer(clients, kill * 10**6 + i * 10**4) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(random_.uniform(0.2, 0.5))
            process.kill()
            for writer in writers:
                writer.join()
                acknowledged += writer.acknowledged
                attempted |= {*writer.acknowledged, writer.number}
    with ServerProcess(tmp_path, port) as process, ExitStack() as stack:
        restarts_s.append(process.start_s)
        clients = Clients(process.url, stack)
        stored = run(clients.driver("cars"), "SELECT VALUE c.n FROM Cars AS c")
        run(clients.driver("cars"), "INSERT INTO Cars ?", {"n": -1})
    assert len(acknowledged) > KILLS
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert set(stored) <= attempted
    assert max(restarts_s) < RESTART_S_MAX * max(slowdown, contention())
