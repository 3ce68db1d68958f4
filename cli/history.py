"""`adledger history`: everything that happened to an ad, as a table."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.cloud import Cloud, reaching
from cli.errors import FailedError
from cli.http import Http
from cli.screen import Screen, changes_text
from cli.tables import show_table
from runtime.ad_ledger.documents import revision_of
from runtime.ads.shards import shard_of
from runtime.ledger.engine import Ledger

PAGES_MAX: Final = 10_000


def history(screen: Screen, cloud: Cloud, ad_id: str, publisher_id: str | None) -> None:
    """Show every version with what it changed; the publisher is looked up where it is not given."""
    owner = publisher_id or owner_of(cloud, ad_id)
    items = list(versions(cloud, owner, ad_id))
    screen.show(
        {"publisherId": owner, "adId": ad_id, "items": items},
        lambda console: _show(console, owner, ad_id, items),
    )


def versions(cloud: Cloud, publisher_id: str, ad_id: str) -> Iterator[Mapping[str, Any]]:
    """The versions with their changes, oldest first."""
    http = Http(cloud.output("publisherApiEndpoint"))
    query = {"versions": "true", "diff": "true"}
    for _ in range(PAGES_MAX):
        page = http.call("GET", "publisher", publisher_id, "ad", ad_id, query=query)
        yield from page["items"]
        if page["next"] is None:
            return
        query["cursor"] = page["next"]
    raise FailedError(f"ad {ad_id} has more than {PAGES_MAX} pages of versions")


def owner_of(cloud: Cloud, ad_id: str) -> str:
    """The publisher of an ad, deleted or not, by the journal itself."""
    names = cloud.ledgers()
    own = names[shard_of(ad_id, len(names))]
    for name, journal in cloud.journals([own]).items():
        with reaching(f"ledger {name}"):
            revisions = Ledger(journal, name=name).history("Ads", ad_id) if journal.head() else ()
            first = next(iter(revisions), None)
        if first is not None:
            fields = revision_of(first).fields
            if fields is not None:
                return str(fields["publisherId"])
    raise FailedError(f"no ledger has an ad {ad_id}")


def _show(console: Console, publisher_id: str, ad_id: str, items: list[Mapping[str, Any]]) -> None:
    rows = [(str(item["version"]), item["txTime"], _what(item)) for item in items]
    show_table(
        console,
        ("version", "time", "what"),
        rows,
        whole=("version", "time"),
        right=("version",),
        title=f"ad {ad_id} of publisher {publisher_id}",
    )


def _what(item: Mapping[str, Any]) -> str | Text:
    if item.get("deleted"):
        return "deleted"
    return changes_text(item["changes"], created=item["version"] == 0)
