"""Where the system is, by the program's outputs, and clients for it."""

import json
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import FailedError, UnreachableError, UsageError
from runtime.ledger.errors import LedgerError, StorageError, UnavailableError
from runtime.ledger.storage.dynamodb import DynamoDbStorage

EMBEDDED_PATH: Final = "/_aws/execute-api/"
"""How the embedded cloud's APIs are known; everything else of it is at the same place."""
EMBEDDED_REGION: Final = "eu-west-1"
EMBEDDED_KEY: Final = "test"
CONNECT_TIMEOUT_S: Final = 3
READ_TIMEOUT_S: Final = 10
CALL_ATTEMPTS_MAX: Final = 3
READERS_MAX: Final = 16
"""Ledgers looked at at once."""


class Cloud:
    """The deployed system, or the embedded one. Methods raise CliError."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        """Nothing is asked yet."""
        self._outputs = outputs

    @classmethod
    def at(cls, path: Path) -> "Cloud":
        """What an outputs file names: `pulumi stack output --json`, or the embedded stack's."""
        try:
            outputs = json.loads(path.read_text())
        except OSError as error:
            raise UsageError(
                f"cannot read {path}: {error.strerror}. Run `make up`, or give the file that "
                "`pulumi stack output --json` wrote with --outputs"
            ) from error
        except ValueError as error:
            raise UsageError(f"{path} is not JSON: {error}") from error
        if not isinstance(outputs, dict):
            raise UsageError(f"{path} is not a JSON object of outputs")
        return cls(outputs)

    def output(self, name: str) -> str:
        """One of the program's outputs."""
        value = self._outputs.get(name)
        if not isinstance(value, str) or not value:
            raise UsageError(f"the outputs have no {name}; deploy the program again")
        return value

    @property
    def embedded_url(self) -> str | None:
        """Where the embedded cloud is; None for AWS."""
        found = urlsplit(str(self._outputs.get("publisherApiEndpoint", "")))
        if not found.path.startswith(EMBEDDED_PATH):
            return None
        return f"{found.scheme}://{found.netloc}"

    @cached_property
    def session(self) -> boto3.Session:
        """The caller's own credentials; the emulator's for the embedded cloud."""
        if self.embedded_url is None:
            return boto3.Session()
        return boto3.Session(
            aws_access_key_id=EMBEDDED_KEY,
            aws_secret_access_key=EMBEDDED_KEY,
            region_name=EMBEDDED_REGION,
        )

    def client(self, service: str) -> Any:
        """A boto3 client that gives up soon."""
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": CALL_ATTEMPTS_MAX},
            max_pool_connections=READERS_MAX,
        )
        with reaching(f"AWS for {service}"):
            return self.session.client(service, endpoint_url=self.embedded_url, config=config)

    def ledgers(self) -> list[str]:
        """The names of all ledgers, by shard."""
        return self.output("ledgerNames").split(",")

    def journals(self, names: list[str] | None = None) -> dict[str, DynamoDbStorage]:
        """The ledgers by name, those that hold nothing yet too; those named, if any are."""
        client, table = self.client("dynamodb"), self.output("journalTableName")
        unknown = sorted({*(names or ())} - {*self.ledgers()})
        if unknown:
            known = ", ".join(self.ledgers())
            raise FailedError(f"there is no ledger {', '.join(unknown)}, only {known}")
        return {name: DynamoDbStorage(client, table, name) for name in names or self.ledgers()}

    def filled(self, names: list[str] | None = None) -> dict[str, DynamoDbStorage]:
        """The ledgers that hold something, by name; those named, if any are."""
        found, table = self.journals(names), self.output("journalTableName")
        with reaching(f"table {table}"), ThreadPoolExecutor(READERS_MAX) as pool:
            heads = list(pool.map(lambda journal: journal.head(), found.values()))
        filled = {n: j for (n, j), head in zip(found.items(), heads, strict=True) if head}
        missing = [name for name in names or () if name not in filled]
        if missing:
            raise FailedError(f"table {table} has no block of {', '.join(missing)}")
        return filled


@contextmanager
def reaching(what: str) -> Generator[None]:
    """The one place where errors of stores and of botocore become ours."""
    try:
        yield
    except UnavailableError as error:
        raise UnreachableError(f"{what} is not reached: {error}") from error
    except StorageError as error:
        raise FailedError(f"{what}: {error}") from error
    except ClientError as error:
        raise FailedError(f"{what} refuses: {error}") from error
    except BotoCoreError as error:
        raise UnreachableError(f"{what} is not reached: {error}") from error
    except LedgerError as error:
        raise FailedError(f"{what}: {error}. Verify the ledger") from error
