"""`adledger lag`: how far each projection is behind the ledger, measured from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from rich.console import Console
from rich.table import Table

from cli.cloud import Cloud, reaching
from cli.errors import FailedError, UnreachableError
from cli.screen import Screen
from runtime.lag.lag import Lag, Versions
from runtime.lag.lags import Lags
from runtime.search_index.errors import SearchIndexError
from runtime.search_index.index import AdIndex
from runtime.state.errors import StateError
from runtime.state.table import StateTable

SEARCH_ALIAS: Final = "ads"
SEARCH_TIMEOUT_S: Final = 10
SIGNED_SERVICE: Final = "es"


def lag(screen: Screen, cloud: Cloud, blocks: int, seconds_max: float | None) -> None:
    """Show every projection's lag; FailedError when one is more seconds behind than it may be."""
    lags = Lags(cloud.journals(), {"state": _state(cloud), "search": _search(cloud)})
    with reaching("the journal"):
        found = lags.measure(blocks)
    screen.show([asdict(each) for each in found], lambda console: _show(console, found))
    late = [each for each in found if seconds_max is not None and each.seconds > seconds_max]
    if late:
        named = ", ".join(f"{each.projection} of {each.ledger}" for each in late)
        raise FailedError(f"more than {seconds_max:g} s behind: {named}")


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
