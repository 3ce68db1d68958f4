"""The shapes of the events, from which their schemas follow.

An event is the `detail` of an EventBridge event from SOURCE whose detail type is the shape's name.
Fields may be added to a shape; consumers have to ignore what they do not know.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from runtime.ads.ad import AD_ID_PATTERN

SOURCE = "adledger"
PRICE_PATTERN = r"^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$"
TIME_PATTERN = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
UNCHANGED: Any = None
"""Stands for a field that an update left as it was; such a field is not sent."""


def _told(description: str, **constraints: Any) -> Any:
    return Field(description=description, **constraints)


Price = Annotated[
    str, _told("A decimal, exactly, with the scale it was written with.", pattern=PRICE_PATTERN)
]
Time = Annotated[str, _told("ISO 8601 in UTC, to the millisecond.", pattern=TIME_PATTERN)]


class Shape(BaseModel):
    """A JSON object with camelCase keys."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class AdState(Shape):
    """An ad's fields at one version."""

    ad_title: str
    ad_description: Annotated[str | None, _told("null where it is left out.")]
    price: Price
    currency: Annotated[str, _told("An ISO 4217 code, or a symbol.")]
    category: str
    tags: list[str]
    created_at: Time


class TextChange(Shape):
    """A text before and after; the old one is null where it is not known."""

    old: str | None
    new: str


class DescriptionChange(Shape):
    """A description before and after; null where it is left out or not known."""

    old: str | None
    new: str | None


class PriceChange(Shape):
    """A price before and after; the old one is null where it is not known."""

    old: Price | None
    new: Price


class TagsChange(Shape):
    """All tags before and after; the old ones are null where they are not known."""

    old: list[str] | None
    new: list[str]


class Changes(Shape):
    """The fields that an update changed, and no others."""

    publisher_id: TextChange = UNCHANGED
    ad_title: TextChange = UNCHANGED
    ad_description: DescriptionChange = UNCHANGED
    price: PriceChange = UNCHANGED
    currency: TextChange = UNCHANGED
    category: TextChange = UNCHANGED
    tags: TagsChange = UNCHANGED
    created_at: TextChange = UNCHANGED


class AdEvent(Shape):
    """What every event says."""

    id: Annotated[
        str,
        _told(
            "adId, a dash and version: the same whenever the event is sent again, so that "
            "consumers who remember it handle each event once."
        ),
    ]
    ad_id: Annotated[str, _told("The ad's id.", pattern=AD_ID_PATTERN)]
    version: Annotated[
        int, _told("0 for the creation, then one more with every change, without gaps.", ge=0)
    ]
    tx_time: Time
    tx_id: Annotated[str, _told("The ledger's transaction, as the ad's versions name it.")]
    href: Annotated[str | None, _told("All versions of the ad, by a path of the publishers' API.")]
    left_out: Annotated[
        list[str],
        _told(
            "Paths of members that are null: too large for an event, and then to be read from "
            "href, or erased from the ledger."
        ),
    ]


class AdCreated(AdEvent):
    """An ad was created."""

    publisher_id: str
    ad: Annotated[AdState | None, _told("The ad as it was created; null where it is left out.")]


class AdUpdated(AdEvent):
    """An ad was changed."""

    publisher_id: str
    ad: Annotated[AdState | None, _told("The ad after the change; null where it is left out.")]
    changes: Annotated[Changes | None, _told("What changed; null where it is left out.")]


class AdDeleted(AdEvent):
    """An ad was deleted."""

    publisher_id: Annotated[str | None, _told("null where it is not known.")]
    ad: Annotated[
        AdState | None, _told("The ad as it last was; null where it is left out or not known.")
    ]


SHAPES: tuple[type[AdEvent], ...] = (AdCreated, AdUpdated, AdDeleted)
