"""The lag of one projection behind one ledger.

The newest blocks are read, and the projection is asked which version it has of the ads in them.
That measures what readers see, needs no metric, and is right while writes go on: a projection is
behind from the first block on of which it lacks a version.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runtime.ads.revision import AdRevision
from runtime.journal.revisions import block_revisions
from runtime.ledger.storage.port import JournalStorage

NO_BLOCK = -1

Versions = Callable[[Sequence[str]], Mapping[str, int]]
"""The version that a projection has of each of these ads, of those that it has."""


@dataclass(frozen=True, slots=True)
class Change:
    """A version of an ad and the block that brought it."""

    sequence_no: int
    ad_id: str
    version: int
    tx_time: str


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest blocks of a ledger: which they are, and what they changed, oldest first."""

    first: int
    head: int
    """The newest block; -1 for an empty ledger."""
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one projection is behind one ledger."""

    projection: str
    ledger: str
    head: int
    """The newest block."""
    applied: int
    """The newest block up to which nothing is lacking; -1 for none."""
    blocks: int
    ads: int
    """How many ads it has an older version of, or lacks."""
    seconds: float
    """Since the first block was committed of which something is lacking."""
    at_least: bool
    """Whether it is behind from the first block on that was looked at, so perhaps more."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old the records were that a consumer of the stream was given last."""

    projection: str
    seconds: float | None
    """None where it was given none for a while, as when nothing is written."""


def recent(journal: JournalStorage, blocks: int) -> Recent:
    """The newest `blocks` blocks. Raises what the journal raises."""
    head = journal.head()
    if head is None:
        return Recent(0, NO_BLOCK, [])
    first = max(0, head.sequence_no - blocks + 1)
    changes = [
        _change(block.sequence_no, revision)
        for block in journal.blocks(first, head.sequence_no)
        for revision in block_revisions(block.ion)
    ]
    return Recent(first, head.sequence_no, changes)


def measured(
    projection: str, ledger: str, looked_at: Recent, versions: Versions, now: datetime
) -> Lag:
    """The lag by what a projection has of the changes in the blocks that were looked at."""
    changes, head = looked_at.changes, looked_at.head
    ads = list(dict.fromkeys(change.ad_id for change in changes))
    known: Mapping[str, int] = versions(ads) if ads else {}
    lacking = [each for each in changes if each.version > known.get(each.ad_id, -1)]
    if not lacking:
        return Lag(projection, ledger, head, head, 0, 0, 0.0, at_least=False)
    since = min(lacking, key=lambda change: change.sequence_no)
    return Lag(
        projection=projection,
        ledger=ledger,
        head=head,
        applied=since.sequence_no - 1,
        blocks=head - since.sequence_no + 1,
        ads=len({change.ad_id for change in lacking}),
        seconds=round(max((now - datetime.fromisoformat(since.tx_time)).total_seconds(), 0.0), 3),
        at_least=looked_at.first > 0 and since == changes[0],
    )


def _change(sequence_no: int, revision: AdRevision) -> Change:
    return Change(sequence_no, revision.ad_id, revision.version, revision.tx_time)
