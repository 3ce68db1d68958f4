"""Events as JSON, and what is left out of those that are too large.

An ad that came through the API makes an event of 140 KB at most. What others write into the ledger
may be larger: a document holds up to 128 KB, and an update tells of three.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from runtime.ad_events.shapes import AdEvent, AdUpdated, DescriptionChange, Shape

AnyShape = TypeVar("AnyShape", bound=Shape)
DETAIL_BYTES_MAX = 240_000
"""Of an event's JSON in UTF-8. EventBridge and its targets take 256 KB with the envelope."""


def detail(event: AdEvent, bytes_max: int = DETAIL_BYTES_MAX) -> str:
    """The event as JSON of at most so many bytes.

    Where it would be larger the descriptions are null and named in `leftOut`, and if that is not
    enough, all of the ad's state and changes.
    """
    for candidate in _ever_smaller(event):
        text = candidate.model_dump_json(by_alias=True, exclude_unset=True)
        if len(text.encode()) <= bytes_max:
            return text
    raise ValueError(
        f"event {event.id} exceeds {bytes_max} bytes with nothing of the ad in it: its ids do"
    )


def _ever_smaller(event: AdEvent) -> Iterator[AdEvent]:
    yield event
    yield _without_descriptions(event)
    members = [name for name in ("ad", "changes") if getattr(event, name, None) is not None]
    yield _changed(event, **dict.fromkeys(members), left_out=[*event.left_out, *members])


def _without_descriptions(event: AdEvent) -> AdEvent:
    left_out, members = list(event.left_out), dict[str, Any]()
    state = getattr(event, "ad", None)
    if state is not None:
        members["ad"] = _changed(state, ad_description=None)
        left_out.append("ad.adDescription")
    if isinstance(event, AdUpdated) and event.changes and event.changes.ad_description:
        gone = DescriptionChange(old=None, new=None)
        members["changes"] = _changed(event.changes, ad_description=gone)
        paths = ("changes.adDescription.old", "changes.adDescription.new")
        left_out += [path for path in paths if path not in left_out]
    return _changed(event, **members, left_out=left_out)


def _changed(shape: AnyShape, **members: Any) -> AnyShape:
    return shape.model_copy(update=members)
