"""Ads as the ledger's documents, and the ledger's rows as ads: Ion there, plain values here."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from runtime.ads.ad import NewAd
from runtime.ads.revision import AdRevision
from runtime.ledger.ion import timestamp

TEXTS = ("publisherId", "adTitle", "adDescription", "currency", "category")


def time_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z, so that texts sort as times do."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def new_fields(publisher_id: str, new: NewAd, now: datetime) -> dict[str, Any]:
    """The fields of an ad that is created now."""
    return {"publisherId": publisher_id, **new.fields(), "createdAt": time_text(now)}


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger stores of an ad: its fields, times as Ion timestamps."""
    return {**fields, "createdAt": timestamp(datetime.fromisoformat(fields["createdAt"]))}


def fields_of(data: Any) -> dict[str, Any]:
    """The fields of an ad in a stored document, as plain values."""
    return {
        **{name: str(data[name]) for name in TEXTS},
        "price": Decimal(data["price"]),
        "tags": [str(tag) for tag in data["tags"]],
        "createdAt": time_text(data["createdAt"]),
    }


def revision_of(row: Any) -> AdRevision:
    """The revision in a row of `history`."""
    metadata, data = row["metadata"], row.get("data")
    return AdRevision(
        str(metadata["id"]),
        int(metadata["version"]),
        time_text(metadata["txTime"]),
        str(metadata["txId"]),
        None if data is None else fields_of(data),
    )


def fingerprint(new: NewAd) -> str:
    """The same text for the same ad and for no other, however its JSON was written."""
    canonical = json.dumps(new.fields(), default=str, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
