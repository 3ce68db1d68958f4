"""The qldb-session protocol: which requests are well formed, and what each failure is called."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from runtime.ledger import errors

START_SESSION = "StartSession"
COMMANDS = (
    START_SESSION,
    "StartTransaction",
    "ExecuteStatement",
    "FetchPage",
    "CommitTransaction",
    "AbortTransaction",
    "EndSession",
)
_TOKEN = "SessionToken"  # noqa: S105 - the member's name.

TOKEN_CHARACTERS_MAX = 1024
STATEMENT_CHARACTERS_MAX = 100_000
ION_BINARY_BYTES_MAX = 131_072
ION_TEXT_CHARACTERS_MAX = 1_048_576
DIGEST_BYTES = 32

_TOKEN_PATTERN = re.compile(r"[A-Za-z0-9+/=-]{4,1024}")
_TRANSACTION_ID = re.compile(r"[A-Za-z0-9-]{22}")
_LEDGER_NAME = re.compile(r"(?!\d+$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_LEDGER_NAME_CHARACTERS_MAX = 32

Check = Callable[[Any], str | None]
"""From a value to what is wrong with it, if anything."""


@dataclass(frozen=True, slots=True)
class Command:
    """One well-formed request."""

    name: str
    token: str
    """Empty for StartSession, which has none."""
    fields: Mapping[str, Any]


def parse(request: Mapping[str, Any]) -> Command:
    """The command of a request; RequestError naming every fault when it is not well formed."""
    names = [name for name in request if name in _FIELDS and request[name] is not None]
    known = len(names) + (_TOKEN in request)
    faults: list[str] = []
    if known != len(request):
        faults += [f"{n}: unknown member" for n in request if n not in _FIELDS and n != _TOKEN]
    if len(names) != 1:
        given = ", ".join(names) if names else "none"
        raise errors.RequestError(
            "; ".join([*faults, f"exactly one command is needed of {', '.join(COMMANDS)}: {given}"])
        )
    name = names[0]
    token = request.get(_TOKEN)
    faults += _token_faults(name, token)
    fields = request[name]
    if not isinstance(fields, Mapping):
        faults.append(f"{name}: must be a structure")
    else:
        faults += _field_faults(name, cast("Mapping[str, Any]", fields))
    if faults:
        raise errors.RequestError("; ".join(faults))
    return Command(name, token or "", cast("Mapping[str, Any]", fields))


def _token_faults(name: str, token: Any) -> list[str]:
    if name == START_SESSION:
        return [] if token is None else [f"{_TOKEN}: {START_SESSION} takes none"]
    fault = _is_token(token) if token is not None else "is missing"
    return [f"{_TOKEN}: {fault}"] if fault else []


def _field_faults(name: str, fields: Mapping[str, Any]) -> list[str]:
    required, optional = _FIELDS[name]
    faults = [f"{name}.{f}: is missing" for f in required if fields.get(f) is None]
    for field, value in fields.items():
        check = required.get(field) or optional.get(field)
        if check is None:
            faults.append(f"{name}.{field}: unknown member")
        elif value is not None:
            fault = check(value)
            faults += [f"{name}.{field}: {fault}"] if fault else []
    return faults


def _matches(pattern: re.Pattern[str], wanted: str) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and pattern.fullmatch(value) else f"must be {wanted}"

    return check


def _is_ledger_name(value: Any) -> str | None:
    if (
        isinstance(value, str)
        and len(value) <= _LEDGER_NAME_CHARACTERS_MAX
        and _LEDGER_NAME.fullmatch(value)
    ):
        return None
    return (
        f"must be 1 to {_LEDGER_NAME_CHARACTERS_MAX} letters, digits and single inner hyphens,"
        " not digits alone"
    )


def _is_statement(value: Any) -> str | None:
    if isinstance(value, str) and 1 <= len(value) <= STATEMENT_CHARACTERS_MAX:
        return None
    return f"must be text of 1 to {STATEMENT_CHARACTERS_MAX} characters"


def _is_digest(value: Any) -> str | None:
    if isinstance(value, bytes) and len(value) == DIGEST_BYTES:
        return None
    return f"must be {DIGEST_BYTES} bytes"


def _are_parameters(value: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return "must be a list"
    found = ((i, _holder_fault(v)) for i, v in enumerate(cast("list[Any]", value)))
    return ", ".join(f"[{i}] {fault}" for i, fault in found if fault) or None


def _holder_fault(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "must be a structure"
    holder = {k: v for k, v in cast("Mapping[str, Any]", value).items() if v is not None}
    if len(holder) == 1:
        binary, text = holder.get("IonBinary"), holder.get("IonText")
        if isinstance(binary, bytes) and 1 <= len(binary) <= ION_BINARY_BYTES_MAX:
            return None
        if isinstance(text, str) and 1 <= len(text) <= ION_TEXT_CHARACTERS_MAX:
            return None
    return (
        f"must hold either IonBinary of 1 to {ION_BINARY_BYTES_MAX} bytes"
        f" or IonText of 1 to {ION_TEXT_CHARACTERS_MAX} characters"
    )


_is_token = _matches(
    _TOKEN_PATTERN, f"4 to {TOKEN_CHARACTERS_MAX} letters, digits and the characters +/=-"
)
_is_transaction_id = _matches(_TRANSACTION_ID, "22 letters and digits")

_FIELDS: Mapping[str, tuple[Mapping[str, Check], Mapping[str, Check]]] = {
    START_SESSION: ({"LedgerName": _is_ledger_name}, {}),
    "StartTransaction": ({}, {}),
    "ExecuteStatement": (
        {"TransactionId": _is_transaction_id, "Statement": _is_statement},
        {"Parameters": _are_parameters},
    ),
    "FetchPage": ({"TransactionId": _is_transaction_id, "NextPageToken": _is_token}, {}),
    "CommitTransaction": ({"TransactionId": _is_transaction_id, "CommitDigest": _is_digest}, {}),
    "AbortTransaction": ({}, {}),
    "EndSession": ({}, {}),
}
"""Required and optional fields of each command."""


@dataclass(frozen=True, slots=True)
class ServiceException:
    """A failure as a QLDB client sees it."""

    code: str
    message: str
    http_status: int


_OCC_CODE = "OccConflictException"
_OCC_MESSAGE = (
    "Optimistic concurrency control (OCC) failure encountered while committing the transaction"
)
_EXCEPTIONS: tuple[tuple[type[errors.LedgerError], str, int], ...] = (
    (errors.ConflictError, _OCC_CODE, 400),
    # Others were always first: nothing was committed, and the client is to try again.
    (errors.HeadMovedError, _OCC_CODE, 400),
    (errors.InvalidSessionError, "InvalidSessionException", 400),
    (errors.LimitExceededError, "LimitExceededException", 400),
    (errors.StatementError, "BadRequestException", 400),
    (errors.RequestError, "BadRequestException", 400),
    (errors.CommitDigestError, "BadRequestException", 400),
    # Drivers repeat a transaction on 500 and 503. This one may have happened, so it is neither.
    (errors.UnknownOutcomeError, "UnknownOutcomeException", 504),
    (errors.CapacityError, "CapacityExceededException", 503),
    (errors.StorageError, "CapacityExceededException", 503),
    (errors.LedgerError, "InternalFailure", 500),
)


def service_exception(error: errors.LedgerError) -> ServiceException:
    """What QLDB would have called the error; the first that fits, so the special come first."""
    code, status = next((c, s) for kind, c, s in _EXCEPTIONS if isinstance(error, kind))
    message = f"{_OCC_MESSAGE}: {error}" if code == _OCC_CODE else str(error)
    return ServiceException(code, message, status)
