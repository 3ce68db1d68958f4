"""`adledger list`: a publisher's ads as they are, or as they were at a time."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console

from cli.cloud import Cloud
from cli.errors import FailedError
from cli.http import Http
from cli.screen import Screen, told
from cli.tables import show_table

PAGE_ITEMS: Final = "100"
PAGES_MAX: Final = 100_000
COLUMNS: Final = ("adId", "version", "createdAt", "price", "currency", "adTitle")


def listing(screen: Screen, cloud: Cloud, publisher_id: str, at: str | None) -> None:
    """Show every ad, newest first."""
    # The API lists ads as they were by id.
    found = list(ads(cloud, publisher_id, at))
    items = sorted(found, key=lambda ad: (ad["createdAt"], ad["adId"]), reverse=True)
    screen.show(
        {"publisherId": publisher_id, "at": at, "items": items},
        lambda console: _show(console, publisher_id, at, items),
    )


def ads(cloud: Cloud, publisher_id: str, at: str | None) -> Iterator[Mapping[str, Any]]:
    """The publisher's ads now, or at a time (ISO 8601), page by page."""
    http = Http(cloud.output("publisherApiEndpoint"))
    query = {"limit": PAGE_ITEMS} | ({} if at is None else {"at": at})
    for _ in range(PAGES_MAX):
        page = http.call("GET", "publisher", publisher_id, "ad", query=query)
        yield from page["items"]
        if page["next"] is None:
            return
        query["cursor"] = page["next"]
    raise FailedError(f"publisher {publisher_id} has more than {PAGES_MAX} pages of ads")


def _show(
    console: Console, publisher_id: str, at: str | None, items: list[Mapping[str, Any]]
) -> None:
    title = f"{len(items)} ads of publisher {publisher_id} {f'at {at}' if at else 'now'}"
    rows = [[told(item[column]) for column in COLUMNS] for item in items]
    show_table(console, COLUMNS, rows, whole=("adId",), right=("version", "price"), title=title)
