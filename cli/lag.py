"""`adledger lag`: how far each projection is behind the ledger, measured from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Final

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from rich.console import Console
from rich.table import Table

from cli.cloud import Cloud, reaching
from cli.errors import FailedError, UnreachableError
from cli.screen import Screen
from cli.stream import Age, events_age, stream_lag
from runtime.lag.lag import Lag, Versions, recent
from runtime.lag.lags import Lags
from runtime.search_index.errors import SearchIndexError
from runtime.search_index.index import AdIndex
from runtime.state.errors import StateError
from runtime.state.table import StateTable

SEARCH_ALIAS: Final = "ads"
SEARCH_TIMEOUT_S: Final = 10
SIGNED_SERVICE: Final = "es"
UNKNOWN: Final = "-"
_NOTHING: Final = dict.fromkeys(field.name for field in fields(Lag))


def lag(screen: Screen, cloud: Cloud, blocks: int, seconds_max: float | None) -> None:
    """Show every projection's lag; FailedError when one is more seconds behind than it may be."""
    journals, now = cloud.journals(), datetime.now(UTC)
    lags = Lags(journals, {"state": _state(cloud), "search": _search(cloud)})
    with reaching("the journal"):
        looked_at = {name: recent(journal, blocks) for name, journal in journals.items()}
        found = lags.measure(blocks)
    found += stream_lag(cloud, looked_at, now)
    age = events_age(cloud, now)
    rows = [*map(asdict, found), _NOTHING | asdict(age)]
    screen.show(rows, lambda console: _show(console, found, age))
    if seconds_max is not None:
        _check([*found, age], seconds_max)


def _check(found: Sequence[Lag | Age], seconds_max: float) -> None:
    late = [each for each in found if (each.seconds or 0) > seconds_max]
    if late:
        named = [f"{each.projection} of {getattr(each, 'ledger', 'all')}" for each in late]
        raise FailedError(f"more than {seconds_max:g} s behind: {', '.join(named)}")


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

    index = AdIndex(client, SEARCH_ALIAS)

    def versions(ad_ids: Sequence[str]) -> Mapping[str, int]:
        try:
            return index.versions(ad_ids)
        except SearchIndexError as error:
            raise UnreachableError(f"the search index is not reached: {error}") from error

    return versions


def _show(console: Console, found: Sequence[Lag], age: Age) -> None:
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
    seconds = UNKNOWN if age.seconds is None else f"{age.seconds:.1f}"
    table.add_row(age.projection, "all", *[UNKNOWN] * 4, seconds)
    console.print(table)
