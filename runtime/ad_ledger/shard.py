"""One ledger of ads: its tables, its driver, and its failures in the domain's words."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from typing import Any, Protocol, TypeVar

from botocore.exceptions import ClientError
from pyqldb.config.retry_config import RetryConfig
from pyqldb.errors import SessionPoolEmptyError

from runtime.ad_ledger.documents import revision_of
from runtime.ads.errors import ConflictError, UnavailableError
from runtime.ads.revision import AdRevision
from runtime.ledger.driver import RETRIES_MAX, backoff_ms, embedded_driver
from runtime.ledger.engine import Ledger
from runtime.ledger.errors import StorageError
from runtime.ledger.ion import decode, encode

ADS = "Ads"
OWNER = "publisherId"
KEYS = "IdempotencyKeys"
ACTIVE_TABLES = "SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'"
CREATE = {
    ADS: ("CREATE TABLE Ads", "CREATE INDEX ON Ads (publisherId)"),
    KEYS: ("CREATE TABLE IdempotencyKeys", 'CREATE INDEX ON IdempotencyKeys ("key")'),
}
PATIENCE_S = 10.0
"""How long a transaction is tried again; the function's own timeout has to be longer."""
Result = TypeVar("Result")


class Statements(Protocol):
    """An open transaction."""

    def execute_statement(self, statement: str, *parameters: Any) -> Iterable[Any]:
        """Run one statement; its rows as Ion values."""
        ...


class Shard:
    """A ledger that has the tables of ads from its first use on; threads may share it."""

    def __init__(self, ledger: Ledger, *, patience_s: float = PATIENCE_S) -> None:
        self.ledger = ledger
        self._name = ledger.name
        self._patience_s = patience_s
        self._driver = embedded_driver(ledger)
        self._lock = Lock()
        self._prepared = False

    def run(self, what: str, work: Callable[[Statements], Result]) -> Result:
        """Do the work in one transaction, again after each conflict; `what` is its subject.

        Raises ConflictError when others always come first, UnavailableError when storage is silent.
        """
        try:
            self._prepare()
            return self._driver.execute_lambda(work, self._retries())
        except ClientError as error:
            raise self._translated(what, error) from error
        except SessionPoolEmptyError as error:
            raise UnavailableError("Too many transactions are open here. Try again.") from error

    def history(self, ad_id: str, first: int, count: int) -> list[Any]:
        """Versions first..first+count-1 of an ad as Ion structs, those that there are.

        Raises UnavailableError when storage is silent.
        """
        with self.reading():
            return list(islice(self.ledger.history(ADS, ad_id, first), count))

    def version(self, ad_id: str, version: int | None = None) -> AdRevision | None:
        """One version of an ad, the newest by default; None where there is none."""
        with self.reading():
            row = self.ledger.version(ADS, ad_id, version)
        return None if row is None else revision_of(row)

    def ids_of(self, publisher_id: str) -> Sequence[str] | None:
        """Every ad that this publisher ever had here; None where publishers are not indexed."""
        with self.reading():
            return self.ledger.having(ADS, OWNER, decode(encode(publisher_id)))

    def ids(self) -> Iterator[str]:
        """Every ad that was ever here, read as they are asked for."""
        with self.reading():
            yield from self.ledger.documents(ADS)

    @contextmanager
    def reading(self) -> Generator[None]:
        """Around reads of the ledger outside of a transaction: its failures in our words."""
        try:
            yield
        except StorageError as error:
            raise UnavailableError(f"Ledger {self._name} does not answer. Try again.") from error

    def close(self) -> None:
        """End the driver's sessions."""
        self._driver.close()

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._lock:
            if not self._prepared:
                self._driver.execute_lambda(_create_missing_tables, self._retries())
                self._prepared = True

    def _retries(self) -> RetryConfig:
        """As the driver's own, but nothing is tried again once the caller's patience is over."""
        ends_at_s = time.monotonic() + self._patience_s

        def wait_ms(attempt: int, error: Exception, transaction_id: str | None) -> float:
            if time.monotonic() >= ends_at_s:
                raise error
            return backoff_ms(attempt, error, transaction_id)

        return RetryConfig(RETRIES_MAX, custom_backoff=wait_ms)

    def _translated(self, what: str, error: ClientError) -> Exception:
        match error.response["Error"]["Code"]:
            case "OccConflictException":
                return ConflictError(what)
            case "CapacityExceededException":
                return UnavailableError(f"Ledger {self._name} does not answer. Try again.")
            case "UnknownOutcomeException":
                return UnavailableError(
                    f"Ledger {self._name} stopped answering while {what} was being recorded. "
                    "Read it before trying again: it may have happened."
                )
            case _:
                return error


def _create_missing_tables(transaction: Statements) -> None:
    """Of several doing this at once one commits; the others conflict and then find the tables."""
    active = {str(name) for name in transaction.execute_statement(ACTIVE_TABLES)}
    for table, statements in CREATE.items():
        if table not in active:
            for statement in statements:
                transaction.execute_statement(statement)
