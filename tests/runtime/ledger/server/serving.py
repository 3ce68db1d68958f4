"""A server over real HTTP, and the clients people point at it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

import runtime.ledger.ion  # noqa: F401  Before pyqldb, whose ionhash needs it.

# isort: split
from pyqldb.config.retry_config import RetryConfig
from pyqldb.driver.qldb_driver import QldbDriver

from runtime.ledger.server.client import boto3_session
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.server import LedgerServer

CREDENTIALS = {
    "region_name": "eu-west-1",
    "aws_access_key_id": "any",
    "aws_secret_access_key": "any",
}


@cache
def session() -> boto3.Session:
    """One for all clients: reading the services' descriptions takes longer than most tests."""
    return boto3_session(**CREDENTIALS)


class Clients:
    """Makes clients of one server and closes them with it."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self.url = url
        self._stack = stack

    def boto3(self, service: str) -> Any:
        config = Config(retries={"max_attempts": 0})
        client = session().client(service, endpoint_url=self.url, config=config)
        self._stack.callback(client.close)
        return client

    def driver(self, ledger: str, **options: Any) -> QldbDriver:
        options.setdefault("retry_config", RetryConfig(4, custom_backoff=lambda *_: 1))
        driver = QldbDriver(ledger, boto3_session=session(), endpoint_url=self.url, **options)
        self._stack.callback(driver._client.close)
        self._stack.callback(_close, driver)
        return driver

    def ledger(self, name: str = "cars", **options: Any) -> QldbDriver:
        """A new ledger and a driver for it."""
        settings = {"PermissionsMode": "ALLOW_ALL", "DeletionProtection": False, **options}
        self.boto3("qldb").create_ledger(Name=name, **settings)
        return self.driver(name)


def _close(driver: QldbDriver) -> None:
    """End the driver's sessions; the server may have been ended by the test."""
    with suppress(BotoCoreError):
        driver.close()


@contextmanager
def serving(
    directory: Path, options: ServerOptions | None = None, **ports: Any
) -> Iterator[Clients]:
    """A server on a free port of the loopback, stopped at the end."""
    with LedgerServer(directory, options=options, **ports) as server, ExitStack() as stack:
        yield Clients(server.url, stack)


def run(driver: QldbDriver, statement: str, *parameters: Any) -> list[Any]:
    """Run one statement in a transaction of its own."""
    return driver.execute_lambda(lambda t: list(t.execute_statement(statement, *parameters)))
