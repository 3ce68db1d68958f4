"""How ads look in answers: models for the API's description, and the same as plain values."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from runtime.ads.ad import AD_ID_PATTERN, PRICE_SCHEMA
from runtime.ads.revision import FIELDS, Ad, AdRevision

Version = Annotated[int, Field(ge=0)]
PriceBody = Annotated[Any, WithJsonSchema(PRICE_SCHEMA)]
TimeText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Body(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class AdBody(Body):
    """An ad at one version."""

    ad_id: Annotated[str, Field(json_schema_extra={"pattern": AD_ID_PATTERN})]
    version: Version
    publisher_id: str
    ad_title: str
    ad_description: str
    price: PriceBody
    currency: str
    category: str
    tags: list[str]
    created_at: TimeText


class VersionBody(AdBody):
    """An ad at one version, and the transaction that made it so."""

    tx_time: TimeText
    tx_id: str


class DeletionBody(Body):
    """The end of an ad."""

    ad_id: str
    version: Version
    tx_time: TimeText
    tx_id: str
    deleted: Literal[True]


class VersionsBody(Body):
    """Everything that happened to an ad, oldest first."""

    items: list[VersionBody | DeletionBody]


class AdsBody(Body):
    """One page of ads."""

    items: list[AdBody]
    next: str | None
    """The cursor of the page behind this one; null on the last."""


class FoundBody(AdsBody):
    """One page of what was found, best match first."""

    total: Version
    """How many ads match, on all pages."""


def ad_body(ad: Ad) -> Mapping[str, Any]:
    """An AdBody."""
    return {"adId": ad.ad_id, "version": ad.version, **_shown(ad.fields)}


def version_body(revision: AdRevision) -> Mapping[str, Any]:
    """A VersionBody, or a DeletionBody for a deletion."""
    fields = {"deleted": True} if revision.fields is None else _shown(revision.fields)
    return {
        "adId": revision.ad_id,
        "version": revision.version,
        "txTime": revision.tx_time,
        "txId": revision.tx_id,
        **fields,
    }


def _shown(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: fields[name] for name in FIELDS}
