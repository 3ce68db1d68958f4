"""A revision as a search document, and back. Written by hand: it is in the projector's hot path."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runtime.ads.revision import AdRevision

_PLAIN_FIELDS = (
    "publisherId",
    "adTitle",
    "adDescription",
    "currency",
    "category",
    "tags",
    "createdAt",
)


def document(revision: AdRevision) -> dict[str, Any]:
    """The document as plain JSON values; of a deleted ad only that it is deleted."""
    known: dict[str, Any] = {
        "adId": revision.ad_id,
        "version": revision.version,
        "txTime": revision.tx_time,
        "txId": revision.tx_id,
        "deleted": revision.deleted,
    }
    fields = revision.fields
    if fields is None:
        return known
    for name in _PLAIN_FIELDS:
        known[name] = fields[name]
    known["price"] = str(fields["price"])
    return known


def revision(source: Mapping[str, Any]) -> AdRevision:
    """The revision a document was made of."""
    fields: dict[str, Any] | None = None
    if not source["deleted"]:
        fields = {name: source[name] for name in _PLAIN_FIELDS}
        fields["price"] = Decimal(source["price"])
    return AdRevision(source["adId"], source["version"], source["txTime"], source["txId"], fields)
