"""The event that follows from a revision of an ad and the revision before it."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

from runtime.ad_events.shapes import AdCreated, AdDeleted, AdEvent, AdUpdated
from runtime.ads.revision import FIELDS, AdRevision

OWNER = "publisherId"
"""A field of the ad that stands beside the state, in the event itself."""


def event_of(revision: AdRevision, previous: AdRevision | None) -> AdEvent:
    """The event that tells of a revision.

    `previous` is the revision before, None for a creation. Its fields are None where they cannot be
    known any more, and then the event does not tell them either.
    """
    before = None if previous is None else previous.fields
    if previous is None and revision.fields is not None:
        return AdCreated.model_validate(
            {**_about(revision, revision.fields, ()), "ad": _state(revision.fields)}
        )
    if revision.fields is None:
        left_out = ("ad",) if before is None else ()
        return AdDeleted.model_validate(
            {**_about(revision, before, left_out), "ad": before and _state(before)}
        )
    changes = _changes(before, revision.fields)
    left_out = tuple(f"changes.{name}.old" for name in changes) if before is None else ()
    return AdUpdated.model_validate(
        {
            **_about(revision, revision.fields, left_out),
            "ad": _state(revision.fields),
            "changes": changes,
        }
    )


def _about(
    revision: AdRevision, fields: Mapping[str, Any] | None, left_out: tuple[str, ...]
) -> dict[str, Any]:
    """What every event says; `fields` are those that name the publisher."""
    owner = None if fields is None else fields[OWNER]
    return {
        "id": f"{revision.ad_id}-{revision.version}",
        "adId": revision.ad_id,
        OWNER: owner,
        "version": revision.version,
        "txTime": revision.tx_time,
        "txId": revision.tx_id,
        "href": owner and f"/publisher/{quote(owner)}/ad/{revision.ad_id}?versions=true",
        "leftOut": list(left_out),
    }


def _state(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _told(fields[name]) for name in FIELDS if name != OWNER}


def _changes(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """Old and new value of every field that differs; of every field where nothing old is known."""
    return {
        name: {"old": old and _told(old[name]), "new": _told(new[name])}
        for name in FIELDS
        if old is None or _told(old[name]) != _told(new[name])
    }


def _told(value: Any) -> Any:
    """As it stands in an event: a price is text, so that 10.0 and 10.00 remain two prices."""
    if isinstance(value, list):
        return [str(item) for item in cast(list[Any], value)]
    return str(value)
