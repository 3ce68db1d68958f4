"""A revision as a DynamoDB item, and back. Written by hand: it is in the projector's hot path."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from runtime.ads.revision import AdRevision
from runtime.state.errors import DamagedItemError

TOMBSTONE_LIFETIME = timedelta(days=3650)
"""Longer than any stream or queue holds an older revision back; DynamoDB removes it then."""
_TEXTS = ("publisherId", "adTitle", "adDescription", "currency", "category", "createdAt")


def item(revision: AdRevision) -> dict[str, Any]:
    """The item, attribute values typed as the low-level client sends them.

    A deletion becomes a tombstone: it keeps the version, leaves the publisher's list, holds nothing
    of the ad and expires by `expiresAt` (epoch seconds).
    """
    fields = revision.fields
    known = {
        "adId": {"S": revision.ad_id},
        "version": {"N": str(revision.version)},
        "txTime": {"S": revision.tx_time},
        "txId": {"S": revision.tx_id},
    }
    if fields is None:
        return {**known, "deleted": {"BOOL": True}, "expiresAt": {"N": _expiry(revision)}}
    created_at = fields["createdAt"]
    return {
        **known,
        "publisherId": {"S": fields["publisherId"]},
        "listKey": {"S": f"{created_at}#{revision.ad_id}"},
        "adTitle": {"S": fields["adTitle"]},
        "adDescription": {"S": fields["adDescription"]},
        "price": {"S": str(fields["price"])},
        "currency": {"S": fields["currency"]},
        "category": {"S": fields["category"]},
        "tags": {"L": [{"S": tag} for tag in fields["tags"]]},
        "createdAt": {"S": created_at},
    }


def revision(stored: Mapping[str, Any]) -> AdRevision:
    """The revision an item was made of; raises DamagedItemError where it cannot have been."""
    try:
        return AdRevision(
            stored["adId"]["S"],
            int(stored["version"]["N"]),
            stored["txTime"]["S"],
            stored["txId"]["S"],
            None if "deleted" in stored else _fields(stored),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise DamagedItemError(
            f"item {stored.get('adId')} is not one a projection wrote ({error!r}): replay this ad"
        ) from error


def _fields(stored: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {name: stored[name]["S"] for name in _TEXTS}
    fields["price"] = Decimal(stored["price"]["S"])
    fields["tags"] = [tag["S"] for tag in stored["tags"]["L"]]
    return fields


def _expiry(deletion: AdRevision) -> str:
    """Counted from the deletion itself, so that a replay writes the same item."""
    expires_at = datetime.fromisoformat(deletion.tx_time) + TOMBSTONE_LIFETIME
    return str(int(expires_at.timestamp()))
