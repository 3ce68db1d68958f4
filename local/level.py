"""Brings the projections level with the ledger: reads every journal, verifies it, projects it.

Runs at every start. It makes good what a stop can lose: the search index, which is kept in memory,
and blocks whose stream record went with the emulator. Running it again changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from opensearchpy import OpenSearch

from local.errors import LevelError
from runtime.ads.revision import AdRevision
from runtime.journal.projection import Projection
from runtime.journal.records import block_records
from runtime.journal.revisions import decode
from runtime.ledger.errors import LedgerError
from runtime.ledger.hashing import ion_hash
from runtime.ledger.storage.dynamodb import DynamoDbStorage
from runtime.ledger.verify import verify_blocks
from runtime.project_search import projection as search_projection
from runtime.project_state import projection as state_projection
from runtime.search_index.index import AdIndex
from runtime.state.table import StateTable

CHUNK = 500
"""Ads projected at once."""
SEARCH_ALIAS = "ads"
STREAM_ARN = "arn:aws:qldb:::stream/level"
"""Stands in records that nobody keeps."""
FAILURES_NAMED_MAX = 3

Progress = Callable[[str, int, int], None]
"""What is being done, how far, and how far it goes."""


@dataclass(frozen=True, slots=True)
class Levelled:
    """What was found and done."""

    blocks: int
    ads: int
    state_written: int
    documents_written: int


def level(
    dynamodb: Any,
    search: OpenSearch,
    outputs: dict[str, str],
    ledgers: Sequence[str],
    progress: Progress = lambda *_: None,
) -> Levelled:
    """Verify every ledger and project what the projections lack.

    Raises LevelError when a journal does not verify or an ad cannot be projected.
    """
    newest: dict[str, AdRevision] = {}
    blocks = 0
    for name in ledgers:
        storage = DynamoDbStorage(dynamodb, outputs["journalTableName"], name)
        blocks += _read(storage, name, newest, progress)
    table = StateTable(dynamodb, outputs["stateTableName"])
    index = AdIndex(search, SEARCH_ALIAS)
    index.ensure()
    stale = _stale(table, list(newest.values()))
    _project("state", stale, lambda found: state_projection.project(found, table), progress)
    _project(
        "search",
        list(newest.values()),
        lambda found: search_projection.project(found, index),
        progress,
    )
    return Levelled(blocks, len(newest), len(stale), len(newest))


def _read(
    storage: DynamoDbStorage, name: str, newest: dict[str, AdRevision], progress: Progress
) -> int:
    """Verify one journal from its first block, keeping each ad's newest revision on the way."""
    head = storage.head()
    if head is None:
        return 0
    total, what = head.sequence_no + 1, f"verify {name}"

    def passing() -> Iterator[bytes]:
        for done, block in enumerate(storage.blocks(0, head.sequence_no), 1):
            for record in block_records(block.ion, STREAM_ARN):
                newest.update((revision.ad_id, revision) for revision in decode(record.data))
            yield block.ion
            progress(what, done, total)

    try:
        verify_blocks(passing(), ion_hash=ion_hash)
    except LedgerError as error:
        raise LevelError(
            f"the journal of {name} does not verify: {error}. "
            "Nothing was projected; keep the home as it is and look into it"
        ) from error
    return total


def _stale(table: StateTable, revisions: Sequence[AdRevision]) -> list[AdRevision]:
    """The revisions that the state table lacks."""
    known = table.versions(revision.ad_id for revision in revisions)
    return [each for each in revisions if known.get(each.ad_id, -1) < each.version]


def _project(
    what: str, revisions: Sequence[AdRevision], project: Projection, progress: Progress
) -> None:
    done = 0
    for chunk in _chunks(revisions):
        failures = project(chunk)
        if failures:
            reasons = [failure.reason for failure in failures.values()][:FAILURES_NAMED_MAX]
            raise LevelError(f"{len(failures)} ads cannot be projected: {'; '.join(reasons)}")
        done += len(chunk)
        progress(f"project {what}", done, len(revisions))


def _chunks(revisions: Iterable[AdRevision]) -> Iterator[list[AdRevision]]:
    rest = iter(revisions)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
