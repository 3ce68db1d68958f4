"""Which problem each foreseen error is to a client."""

from collections.abc import Mapping

from runtime.ads.errors import (
    AdError,
    AdNotFoundError,
    ConflictError,
    InvalidAdError,
    KeyReusedError,
    NotIndexedError,
    UnavailableError,
    VersionMismatchError,
)
from runtime.web.problem import (
    CONFLICT,
    INVALID,
    KEY_REUSED,
    NOT_FOUND,
    NOT_INDEXED,
    UNAVAILABLE,
    VERSION_MISMATCH,
    Kind,
    Problem,
    ProblemError,
)

RETRY_AFTER_S = 1
Kinds = Mapping[type[Exception], Kind]
KINDS: Kinds = {
    AdNotFoundError: NOT_FOUND,
    ConflictError: CONFLICT,
    KeyReusedError: KEY_REUSED,
    NotIndexedError: NOT_INDEXED,
    UnavailableError: UNAVAILABLE,
    VersionMismatchError: VERSION_MISMATCH,
}
_WORTH_A_RETRY = (CONFLICT, UNAVAILABLE)


def problem_of(error: Exception, kinds: Kinds) -> Problem | None:
    """The problem to answer with; None for an error that nobody foresaw."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, InvalidAdError):
        return Problem(INVALID, str(error), error.faults)
    kind = next((kinds[ancestor] for ancestor in type(error).__mro__ if ancestor in kinds), None)
    if kind is None:
        return None
    # Only the domain's own words are meant for clients.
    detail = str(error) if isinstance(error, AdError) else f"{kind.title}."
    headers = {"Retry-After": str(RETRY_AFTER_S)} if kind in _WORTH_A_RETRY else {}
    return Problem(kind, detail, (), headers)
