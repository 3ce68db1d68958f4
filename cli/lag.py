"""`adledger lag`: how far each projection is behind the ledger.

The newest blocks are read, and each projection is asked which version it has of the ads in them.
That measures what readers see, needs no metric, and is right while writes go on: a projection is
behind from the first block on of which it lacks a version.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from opensearchpy.exceptions import NotFoundError, OpenSearchException
from rich.console import Console
from rich.table import Table

from cli.cloud import Cloud, reaching
from cli.errors import FailedError, UnreachableError
from cli.screen import Screen
from runtime.ads.revision import AdRevision
from runtime.journal.revisions import block_revisions
from runtime.ledger.storage.port import JournalStorage
from runtime.state.errors import StateError
from runtime.state.table import StateTable

SEARCH_ALIAS: Final = "ads"
SEARCH_IDS_MAX: Final = 500
SEARCH_TIMEOUT_S: Final = 10
SIGNED_SERVICE: Final = "es"

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


def lag(screen: Screen, cloud: Cloud, blocks: int, seconds_max: float | None) -> None:
    """Show every projection's lag; FailedError when one is more seconds behind than it may be."""
    sources = {"state": _state(cloud), "search": _search(cloud)}
    found: list[Lag] = []
    for name, journal in cloud.journals().items():
        with reaching(f"ledger {name}"):
            head, first, recent = _recent(journal, blocks)
        found += [
            measured(projection, name, (first, head), recent, source, datetime.now(UTC))
            for projection, source in sources.items()
        ]
    screen.show([asdict(each) for each in found], lambda console: _show(console, found))
    late = [each for each in found if seconds_max is not None and each.seconds > seconds_max]
    if late:
        named = ", ".join(f"{each.projection} of {each.ledger}" for each in late)
        raise FailedError(f"more than {seconds_max:g} s behind: {named}")


def measured(
    projection: str,
    ledger: str,
    blocks: tuple[int, int],
    changes: Sequence[Change],
    versions: Versions,
    now: datetime,
) -> Lag:
    """The lag by what a projection has of the changes in blocks first..last."""
    first, head = blocks
    known = versions(list(dict.fromkeys(change.ad_id for change in changes)))
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
        at_least=first > 0 and since == changes[0],
    )


def _recent(journal: JournalStorage, blocks: int) -> tuple[int, int, list[Change]]:
    """The head, the first block that was looked at, and the changes between, oldest first."""
    head = journal.head()
    if head is None:
        return -1, 0, []
    first = max(0, head.sequence_no - blocks + 1)
    changes = [
        _change(block.sequence_no, revision)
        for block in journal.blocks(first, head.sequence_no)
        for revision in block_revisions(block.ion)
    ]
    return head.sequence_no, first, changes


def _change(sequence_no: int, revision: AdRevision) -> Change:
    return Change(sequence_no, revision.ad_id, revision.version, revision.tx_time)


def _state(cloud: Cloud) -> Versions:
    table = StateTable(cloud.client("dynamodb"), cloud.output("stateTableName"))

    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        try:
            return table.versions(ad_ids)
        except StateError as error:
            raise UnreachableError(f"the state table is not reached: {error}") from error

    return versions


def _search(cloud: Cloud) -> Versions:
    endpoint, session = cloud.output("searchEndpoint"), cloud.session()
    credentials, region = session.get_credentials(), session.region_name
    if credentials is None or region is None:
        raise UnreachableError("no AWS credentials or no region: set AWS_PROFILE or AWS_REGION")
    client = OpenSearch(
        hosts=[endpoint],
        http_auth=Urllib3AWSV4SignerAuth(credentials, region, SIGNED_SERVICE),
        use_ssl=endpoint.startswith("https:"),
        verify_certs=True,
        connection_class=Urllib3HttpConnection,
        timeout=SEARCH_TIMEOUT_S,
    )

    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        try:
            for at in range(0, len(ad_ids), SEARCH_IDS_MAX):
                ids = list(ad_ids[at : at + SEARCH_IDS_MAX])
                answer = client.mget(index=SEARCH_ALIAS, body={"ids": ids}, params=_NO_SOURCE)
                found |= _versions(answer["docs"])
        except NotFoundError:
            return {}
        except OpenSearchException as error:
            raise UnreachableError(f"the search index is not reached: {error}") from error
        return found

    return versions


_NO_SOURCE: Final = {"_source": "false"}


def _versions(documents: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Of those found; the index counts versions from 1."""
    return {each["_id"]: each["_version"] - 1 for each in documents if each.get("found")}


def _show(console: Console, found: Sequence[Lag]) -> None:
    table = Table()
    for column in ("projection", "ledger", "head", "applied", "blocks", "ads", "seconds"):
        table.add_column(column, justify="left" if column in ("projection", "ledger") else "right")
    for each in found:
        more = "≥ " if each.at_least else ""
        table.add_row(
            *(each.projection, each.ledger, str(each.head), f"{'≤ ' * bool(more)}{each.applied}"),
            *(f"{more}{each.blocks}", f"{more}{each.ads}", f"{more}{each.seconds:.1f}"),
            style="yellow" if each.blocks else "green",
        )
    console.print(table)
