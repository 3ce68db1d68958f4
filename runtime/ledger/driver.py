"""pyqldb's own driver on a ledger in this process: no network, no credentials, no service model."""

# Before pyqldb: it puts back into amazon.ion what pyqldb's ionhash looks for.
import runtime.ledger.ion  # noqa: F401  # pyright: ignore[reportUnusedImport]

# isort: split
import random
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from pyqldb.config.retry_config import RetryConfig
from pyqldb.driver.qldb_driver import QldbDriver

from runtime.ledger.engine import Ledger
from runtime.ledger.errors import LedgerError
from runtime.ledger.identifiers import new_id
from runtime.ledger.protocol import START_SESSION, service_exception
from runtime.ledger.session import SessionService

SERVICE_NAME = "qldb-session"
CONCURRENT_TRANSACTIONS_MAX = 50
RETRIES_MAX = 24
BACKOFF_BASE_MS = 1.0
BACKOFF_MAX_MS = 200.0
_NEVER_S = (float("inf"), float("inf"))
"""Sessions in process do not expire: there is no server to protect from clients that went away."""


class EmbeddedClient:
    """A qldb-session client whose service is an object."""

    def __init__(self, service: SessionService) -> None:
        """Take the service to ask."""
        self._service = service
        self._metadata = _metadata(200)

    def send_command(self, **request: Any) -> dict[str, Any]:
        """What boto3's client would answer; ClientError for what the service refuses."""
        try:
            answer = self._service.send_command(request)
        except LedgerError as error:
            raise _client_error(error) from error
        # Drivers take the request id of StartSession for the session's id.
        answer["ResponseMetadata"] = _metadata(200) if START_SESSION in request else self._metadata
        return answer


class EmbeddedSession(boto3.Session):
    """A boto3 session with one service, of which nothing is looked up."""

    def __init__(self, service: SessionService) -> None:
        """Take the service to ask; boto3's own set-up, which reads files, is left out."""
        self._embedded_client = EmbeddedClient(service)

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> EmbeddedClient:
        """The one client there is."""
        del args, kwargs
        if service_name != SERVICE_NAME:
            raise ValueError(f"this session serves {SERVICE_NAME} alone, not {service_name}")
        return self._embedded_client


def embedded_driver(ledger: Ledger, **options: Any) -> QldbDriver:
    """A QldbDriver that runs its transactions on this ledger.

    `options` are QldbDriver's; by default up to 50 transactions run at a time and a conflict is
    retried 24 times with a short, jittered backoff.
    """
    service = SessionService({ledger.name: ledger}, session_lifetime_s=_NEVER_S, trusts_values=True)
    concurrent = options.get("max_concurrent_transactions") or CONCURRENT_TRANSACTIONS_MAX
    options.setdefault("config", Config(max_pool_connections=concurrent))
    options.setdefault("retry_config", RetryConfig(RETRIES_MAX, custom_backoff=backoff_ms))
    return QldbDriver(ledger.name, boto3_session=EmbeddedSession(service), **options)


def backoff_ms(retry_attempt: int, error: Exception, transaction_id: str | None) -> float:
    """How long to wait before a transaction is tried again: any time up to a bound that doubles."""
    del error, transaction_id
    bound_ms = min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2.0**retry_attempt)
    return random.uniform(0, bound_ms)  # noqa: S311 - it only spreads the retries.


def _client_error(error: LedgerError) -> ClientError:
    exception = service_exception(error)
    response: Mapping[str, Any] = {
        "Error": {"Code": exception.code, "Message": exception.message},
        "ResponseMetadata": _metadata(exception.http_status),
    }
    return ClientError(response, "SendCommand")


def _metadata(http_status: int) -> dict[str, Any]:
    request_id = new_id()
    return {
        "RequestId": request_id,
        "HTTPStatusCode": http_status,
        "HTTPHeaders": {"x-amzn-requestid": request_id},
        "RetryAttempts": 0,
    }
