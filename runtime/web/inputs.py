"""The inputs of a request as models: path, query and headers arrive as text, the body as JSON."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from runtime.ads import cursor
from runtime.ads.ad import AD_ID_PATTERN, PRICE_SCHEMA, PUBLISHER_ID_PATTERN
from runtime.ads.price import price

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?", re.ASCII)
_OFFSET_THAT_LOST_ITS_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$", re.ASCII)
"""A plus sign in a query means a space; in a time zone, nothing else can have been meant."""


class TextInput(BaseModel):
    """Named texts of a request; frozen, camelCase outside."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, defer_build=True
    )


def _packed(text: str) -> str:
    try:
        cursor.unpack(text)
    except ValueError as error:
        raise ValueError("is damaged; begin without a cursor") from error
    return text


def _header_name(name: str) -> str:
    return name.replace("_", "-").title()


class Headers(TextInput):
    """The request headers a route looks at; the others are nobody's fault."""

    model_config = ConfigDict(alias_generator=_header_name, extra="ignore", frozen=True)


PUBLISHER_ID_SCHEMA = {"type": "string", "pattern": PUBLISHER_ID_PATTERN}


def _publisher_id(text: str) -> str:
    if re.fullmatch(PUBLISHER_ID_PATTERN, text):
        return text
    raise ValueError("must be 1 to 128 of A-Z a-z 0-9 . _ ~ @ : - and begin with a letter or digit")


def _whole_number(text: Any) -> int:
    if isinstance(text, str) and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    raise ValueError("must be a whole number")


def _price(text: Any) -> Decimal:
    if isinstance(text, str) and _DECIMAL.fullmatch(text):
        return price(Decimal(text))
    raise ValueError("must be a number")


def _time(text: Any) -> datetime:
    try:
        time = datetime.fromisoformat(_OFFSET_THAT_LOST_ITS_PLUS.sub(r"\1+\2", text))
    except (TypeError, ValueError):
        raise ValueError("must be an ISO 8601 time such as 2026-01-31T12:00:00Z") from None
    if time.tzinfo is None:
        raise ValueError("must say its time zone, as in 2026-01-31T12:00:00Z")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999") from None


def _flag(text: Any) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise ValueError("must be true or false")


PAGE_ITEMS = 25
PAGE_ITEMS_MAX = 100
CURSOR_CHARACTERS_MAX = 2000

Limit = Annotated[
    int,
    Field(ge=1, le=PAGE_ITEMS_MAX, description="How many items a page may have."),
    BeforeValidator(_whole_number),
]
Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=CURSOR_CHARACTERS_MAX,
        description="What the page before gave as `next`.",
    ),
]
PackedCursor = Annotated[Cursor, AfterValidator(_packed)]
"""Of a list whose cursors say where to go on; whose cursor it is only that list knows."""
Version = Annotated[int, Field(ge=0), BeforeValidator(_whole_number)]
PublisherId = Annotated[str, AfterValidator(_publisher_id), WithJsonSchema(PUBLISHER_ID_SCHEMA)]
AdId = Annotated[str, Field(json_schema_extra={"pattern": AD_ID_PATTERN})]
"""Any text: one that no ledger gives to an ad is unknown, as others are, and no fault."""
PriceText = Annotated[Decimal, BeforeValidator(_price), WithJsonSchema(PRICE_SCHEMA)]
Time = Annotated[
    datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})
]
Flag = Annotated[bool, BeforeValidator(_flag)]


class PublisherPath(TextInput):
    """One publisher's ads."""

    publisher_id: PublisherId


class AdPath(PublisherPath):
    """One ad of one publisher."""

    ad_id: AdId
