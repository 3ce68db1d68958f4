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
_DENIED: Final = "AccessDeniedException"
_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_CONFLICT: Final = "TransactionConflict"
_CANCELLED_UNAVAILABLE: Final = {"ProvisionedThroughputExceeded", "ThrottlingError"}


@contextmanager
def wrapped(what: str, updates_from: int | None = None) -> Generator[None]:
    """Raise the ledger's errors for botocore's; `what` says what was being done, and to what.

    `updates_from` is the first of a transaction's items that is an update.
    """
    try:
        yield
    except ClientError as error:
        raise _client_error(what, error, updates_from) from error
    except (ConnectionError, HTTPClientError) as error:
        raise UnavailableError(f"cannot {what}, the outcome is unknown: {error}") from error
    except BotoCoreError as error:
        raise StorageError(f"cannot {what}: {error}") from error


def _client_error(what: str, error: ClientError, updates_from: int | None) -> StorageError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code == "TransactionCanceledException":
        return _cancelled(what, error.response.get("CancellationReasons", []), error, updates_from)
    if code == _DENIED:
        return StorageError(
            f"cannot {what}: {error}. Redactions need the right to dynamodb:UpdateItem, which the"
            " workers' roles are without: redact with a role that has it"
        )
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _UNAVAILABLE or status >= SERVER_ERROR_STATUS:
        return UnavailableError(f"cannot {what}, the outcome is unknown: {error}")
    return StorageError(f"cannot {what}: {error}")


def _cancelled(
    what: str, reasons: list[dict[str, Any]], error: ClientError, updates_from: int | None
) -> StorageError:
    """Why a transaction was cancelled; nothing of it was written. The block is its first item."""
    codes = [str(reason.get("Code", "None")) for reason in reasons]
    if codes and codes[0] == _CONDITION_FAILED:
        return HeadMovedError(f"cannot {what}: the block is there already; read the head again")
    if updates_from is not None and _CONDITION_FAILED in codes[updates_from:]:
        return HeadMovedError(f"cannot {what}: what it redacts has been rewritten; read it again")
    if _CONFLICT in codes:
        return HeadMovedError(f"cannot {what}: another writer is at it; read the head again")
    if _CANCELLED_UNAVAILABLE.intersection(codes):
        return UnavailableError(f"cannot {what}, DynamoDB throttles: {error}")
    refused = [f"item {i}: {code}" for i, code in enumerate(codes) if code != "None"]
    return StorageError(
        f"cannot {what}, nothing was written: {', '.join(refused) or error}. A condition that"
        " failed on another item than 0 means that the journal holds it without its block: verify"
    )
