"""Which revisions of a document were active between two moments."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from runtime.ledger.errors import StatementError


def utc(moment: datetime) -> datetime:
    """The moment in UTC; one without an offset is taken to be UTC, as Ion's unknown offset is."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def check_range(start: datetime | None, end: datetime | None, now: datetime) -> None:
    """Raise StatementError unless start <= end <= now, as far as they are given."""
    if start is not None and end is not None and utc(start) > utc(end):
        raise StatementError(
            f"history starts at {start.isoformat()}, after its end at {end.isoformat()}"
        )
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and utc(moment) > now:
            raise StatementError(
                f"history's {name} {moment.isoformat()} is in the future; it is {now.isoformat()}"
            )


def active_between(
    revisions: Iterable[Any], start: datetime | None, end: datetime | None
) -> Iterator[Any]:
    """Those of the revisions that were the newest of their document at some moment of the range.

    `revisions` are Ion structs, each document's together and oldest first. Both ends are included;
    a revision is active from its txTime until just before its successor's.
    """
    held: Any = None
    for revision in revisions:
        if held is not None:
            follows = held["metadata"]["id"] == revision["metadata"]["id"]
            until = utc(revision["metadata"]["txTime"]) if follows else None
            if _overlaps(held, until, start, end):
                yield held
        held = revision
    if held is not None and _overlaps(held, None, start, end):
        yield held


def _overlaps(
    revision: Any, until: datetime | None, start: datetime | None, end: datetime | None
) -> bool:
    if end is not None and utc(revision["metadata"]["txTime"]) > utc(end):
        return False
    return start is None or until is None or until > utc(start)
