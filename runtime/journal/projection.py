"""What every projection shares: the newest revision counts, and how a failed write is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.ads.revision import AdRevision


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an ad may have been left at an older revision."""

    reason: str
    lasting: bool
    """Whether another attempt is bound to fail as well."""


class Projection(Protocol):
    """Brings a store level with revisions, whoever has them: a stream's batch or a replay."""

    def __call__(self, revisions: Sequence[AdRevision], /) -> Mapping[str, Failure]:
        """Failures by ad id; every other ad is now at the newest of its revisions, or a newer one.

        Revisions may come in any order and any number of times.
        """
        ...


def newest(revisions: Iterable[AdRevision]) -> list[AdRevision]:
    """The newest revision of each ad, by first appearance: it alone decides what a store holds."""
    found: dict[str, AdRevision] = {}
    for revision in revisions:
        known = found.get(revision.ad_id)
        if known is None or revision.version > known.version:
            found[revision.ad_id] = revision
    return list(found.values())
