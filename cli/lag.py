"""`adledger lag`: how far each projection is behind the ledger, measured from outside."""

from collections.abc import Mapping, Sequence
from typing import Final

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from rich.console import Console

from cli.cloud import Cloud, reaching
from cli.errors import FailedError, UnreachableError
from cli.screen import Screen
from cli.tables import show_table
from runtime.lag.ages import IteratorAge
from runtime.lag.errors import LagError, UnreachedError
from runtime.lag.lag import Age, Lag, Versions
from runtime.lag.lags import Lags
from runtime.lag.rows import row
from runtime.lag.stream import Stream
from runtime.search_index.errors import SearchIndexError
from runtime.search_index.index import AdIndex
from runtime.state.errors import StateError
from runtime.state.table import StateTable

SEARCH_ALIAS: Final = "ads"
SEARCH_TIMEOUT_S: Final = 10
SIGNED_SERVICE: Final = "es"
UNKNOWN: Final = "-"
COLUMNS: Final = ("projection", "ledger", "head", "applied", "blocks", "ads", "seconds")


def lag(screen: Screen, cloud: Cloud, blocks: int, seconds_max: float | None) -> None:
    """Show every projection's lag; FailedError when one is more seconds behind than it may be."""
    stream = Stream(cloud.client("kinesis"), cloud.output("streamName"))
    age = IteratorAge(cloud.client("cloudwatch"), cloud.output("eventWorkerName"))
    lags = Lags(
        cloud.journals(),
        {"state": _state(cloud), "search": _search(cloud)},
        stream.versions,
        {"events": age.seconds},
    )
    with reaching("the journal"):
        found = _measured(lags, blocks)
    screen.show([row(each) for each in found], lambda console: _show(console, found))
    if seconds_max is not None:
        check(found, seconds_max)


def check(found: Sequence[Lag | Age], seconds_max: float) -> None:
    """Raise FailedError that names what is later than so many seconds."""
    late = [each for each in found if (each.seconds or 0) > seconds_max]
    if late:
        named = [f"{each.projection} of {getattr(each, 'ledger', 'all')}" for each in late]
        raise FailedError(f"more than {seconds_max:g} s behind: {', '.join(named)}")


def _measured(lags: Lags, blocks: int) -> Sequence[Lag | Age]:
    try:
        return lags.measure(blocks)
    except UnreachedError as error:
        raise UnreachableError(str(error)) from error
    except LagError as error:
        raise FailedError(str(error)) from error


def _state(cloud: Cloud) -> Versions:
    table = StateTable(cloud.client("dynamodb"), cloud.output("stateTableName"))

    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        try:
            return table.versions(ad_ids)
        except StateError as error:
            raise UnreachableError(f"the state table is not reached: {error}") from error

    return versions


def _search(cloud: Cloud) -> Versions:
    endpoint, session = cloud.output("searchEndpoint"), cloud.session
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

    index = AdIndex(client, SEARCH_ALIAS)

    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        try:
            return index.versions(ad_ids)
        except SearchIndexError as error:
            raise UnreachableError(f"the search index is not reached: {error}") from error

    return versions


def _show(console: Console, found: Sequence[Lag | Age]) -> None:
    rows: list[Sequence[str]] = []
    styles: list[str] = []
    for each in found:
        if isinstance(each, Age):
            seconds = UNKNOWN if each.seconds is None else f"{each.seconds:.1f}"
            rows.append((each.projection, "all", *[UNKNOWN] * 4, seconds))
            styles.append("")
            continue
        more = "≥ " if each.at_least else ""
        rows.append(
            (
                *(each.projection, each.ledger, str(each.head)),
                *(f"{'≤ ' * bool(more)}{each.applied}", f"{more}{each.blocks}"),
                *(f"{more}{each.ads}", f"{more}{each.seconds:.1f}"),
            )
        )
        styles.append("yellow" if each.blocks else "green")
    show_table(console, COLUMNS, rows, whole=COLUMNS, right=COLUMNS[2:], styles=styles)
