"""Refusals as RFC 9457 problems: one stable type for each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.ads.faults import Fault

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:adledger:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of refusal: what clients may build upon."""

    name: str
    status: int
    title: str


BROKEN_JSON = Kind("broken-json", 400, "The body is not JSON")
BAD_HEADER = Kind("bad-header", 400, "A header cannot be read")
NOT_FOUND = Kind("not-found", 404, "There is nothing here")
CONFLICT = Kind("conflict", 409, "Others are changing the same thing")
VERSION_MISMATCH = Kind("version-mismatch", 412, "The ad is at another version")
TOO_LARGE = Kind("too-large", 413, "The body is too large")
NOT_INDEXED = Kind("not-indexed", 409, "This ledger has no index for this")
INVALID = Kind("invalid", 422, "Some inputs cannot be accepted")
KEY_REUSED = Kind("idempotency-key-reused", 422, "The idempotency key belongs to another ad")
DAMAGED = Kind("damaged", 500, "What is stored of this cannot be read")
INTERNAL = Kind("internal", 500, "This went wrong on our side")
UNAVAILABLE = Kind("unavailable", 503, "A store behind this service does not answer")


class ProblemError(Exception):
    """A request refused: becomes the answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(kind, detail, tuple(faults), headers or {})


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, ready to be sent."""

    kind: Kind
    detail: str
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def body(self) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": TYPE_PREFIX + self.kind.name,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "faults": [{"field": f.field, "message": f.message} for f in self.faults],
        }
