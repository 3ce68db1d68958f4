"""One version of an ad as the ledger committed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIELDS = (
    "publisherId",
    "adTitle",
    "adDescription",
    "price",
    "currency",
    "category",
    "tags",
    "createdAt",
)
"""Of every ad, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Ad:
    """An ad at one version, as a reader sees it.

    `fields` holds publisherId, adTitle, adDescription, price (Decimal), currency, category,
    tags (list of str) and createdAt (ISO 8601, milliseconds, Z).
    """

    ad_id: str
    version: int
    fields: Mapping[str, Any]

    @property
    def publisher_id(self) -> str:
        """Whose ad it is."""
        return self.fields["publisherId"]


@dataclass(frozen=True, slots=True)
class AdRevision:
    """One fact of the ledger about one ad; `fields` is None for a deletion."""

    ad_id: str
    version: int
    tx_time: str
    """When it was committed: ISO 8601 with milliseconds and Z, so texts sort as times do."""
    tx_id: str
    fields: Mapping[str, Any] | None

    @property
    def deleted(self) -> bool:
        """Whether this revision is the ad's end."""
        return self.fields is None

    def ad(self) -> Ad | None:
        """The ad at this version; None for a deletion."""
        return None if self.fields is None else Ad(self.ad_id, self.version, self.fields)
