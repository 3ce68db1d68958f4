"""The one place where errors of botocore become the ledger's."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  That is botocore's name for it.
    HTTPClientError,
)

from runtime.ledger.errors import HeadMovedError, StorageError, UnavailableError

SERVER_ERROR_STATUS: Final = 500

_UNAVAILABLE: Final = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
}
_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_CONFLICT: Final = "TransactionConflict"
_CANCELLED_UNAVAILABLE: Final = {"ProvisionedThroughputExceeded", "ThrottlingError"}


@contextmanager
def wrapped(what: str) -> Generator[None]:
    """Raise the ledger's errors for botocore's; `what` says what was being done, and to what."""
    try:
        yield
    except ClientError as error:
        raise _client_error(what, error) from error
    except (ConnectionError, HTTPClientError) as error:
        raise UnavailableError(f"cannot {what}, the outcome is unknown: {error}") from error
    except BotoCoreError as error:
        raise StorageError(f"cannot {what}: {error}") from error


def _client_error(what: str, error: ClientError) -> StorageError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code == "TransactionCanceledException":
        return _cancelled(what, error.response.get("CancellationReasons", []), error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _UNAVAILABLE or status >= SERVER_ERROR_STATUS:
        return UnavailableError(f"cannot {what}, the outcome is unknown: {error}")
    return StorageError(f"cannot {what}: {error}")


def _cancelled(what: str, reasons: list[dict[str, Any]], error: ClientError) -> StorageError:
    """Why a transaction was cancelled; nothing of it was written. The block is its first item."""
    codes = [str(reason.get("Code", "None")) for reason in reasons]
    if codes and codes[0] == _CONDITION_FAILED:
        return HeadMovedError(f"cannot {what}: the block is there already; read the head again")
    if _CONFLICT in codes:
        return HeadMovedError(f"cannot {what}: another writer is at it; read the head again")
    if _CANCELLED_UNAVAILABLE.intersection(codes):
        return UnavailableError(f"cannot {what}, DynamoDB throttles: {error}")
    refused = [f"item {i}: {code}" for i, code in enumerate(codes) if code != "None"]
    return StorageError(
        f"cannot {what}, nothing was written: {', '.join(refused) or error}. A condition that"
        " failed on another item than 0 means that the journal holds it without its block: verify"
    )
