"""What a publisher may say about an ad, checked field by field."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from runtime.ads.currency import ISO_4217, SYMBOL_PATTERN, currency
from runtime.ads.errors import InvalidAdError
from runtime.ads.faults import explain
from runtime.ads.price import PRICE_DECIMALS_MAX, PRICE_LIMIT, price
from runtime.ads.text import BODY_PATTERN, LINE_PATTERN, body, line, unique

TITLE_CHARACTERS_MAX = 200
DESCRIPTION_CHARACTERS_MAX = 10_000
CATEGORY_CHARACTERS_MAX = 100
TAG_CHARACTERS_MAX = 50
TAGS_MAX = 20
AD_ID_PATTERN = "^[0-9A-Za-z]{22}$"
PUBLISHER_ID_PATTERN = "^[0-9A-Za-z][0-9A-Za-z._~@:-]{0,127}$"
PRICE_SCHEMA: dict[str, Any] = {
    "type": "number",
    "minimum": 0,
    "exclusiveMaximum": int(PRICE_LIMIT),
    "description": f"Exact, with at most {PRICE_DECIMALS_MAX} decimals; the scale is kept.",
}


def _line(characters_max: int) -> Any:
    return Field(
        min_length=1, max_length=characters_max, json_schema_extra={"pattern": LINE_PATTERN}
    )


Title = Annotated[str, _line(TITLE_CHARACTERS_MAX), AfterValidator(line)]
Description = Annotated[
    str,
    Field(max_length=DESCRIPTION_CHARACTERS_MAX, json_schema_extra={"pattern": BODY_PATTERN}),
    AfterValidator(body),
]
Category = Annotated[str, _line(CATEGORY_CHARACTERS_MAX), AfterValidator(line)]
Tag = Annotated[str, _line(TAG_CHARACTERS_MAX), AfterValidator(line)]
Tags = Annotated[
    list[Tag],
    Field(max_length=TAGS_MAX, json_schema_extra={"uniqueItems": True}),
    AfterValidator(unique),
]
Price = Annotated[
    Decimal,
    AfterValidator(price),
    WithJsonSchema(PRICE_SCHEMA),
]
Currency = Annotated[
    str,
    AfterValidator(currency),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"enum": sorted(ISO_4217)}, {"pattern": SYMBOL_PATTERN}],
            "description": "An ISO 4217 code, or a currency symbol.",
        }
    ),
]


class AdInput(BaseModel):
    """What a publisher sends: exact types, known fields only."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, frozen=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _nameable(cls, value: Any) -> Any:
        # Pydantic stops at a name with a lone surrogate, before it has found the other faults.
        if not isinstance(value, dict):
            return value
        members = cast("dict[str, Any]", value).items()
        return {name.encode("utf-8", "backslashreplace").decode(): v for name, v in members}

    @classmethod
    def of(cls, value: Any) -> Self:
        """The input in a value as JSON gives it, numbers as Decimal; InvalidAdError otherwise."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise InvalidAdError(explain(error)) from error

    def fields(self) -> Mapping[str, Any]:
        """The fields that were sent or have a default, by their names in a document."""
        return self.model_dump(by_alias=True)


class NewAd(AdInput):
    """An ad to create."""

    ad_title: Title
    ad_description: Description = ""
    price: Price
    currency: Currency
    category: Category
    tags: Tags = []


UNSENT: Any = None
"""Stands for a field that is left as it is; never a value that a field can be given."""


class AdChanges(AdInput):
    """New values for some of an ad's fields: at least one, none of them null."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    ad_title: Title = UNSENT
    ad_description: Description = UNSENT
    price: Price = UNSENT
    currency: Currency = UNSENT
    category: Category = UNSENT
    tags: Tags = UNSENT

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must change at least one field")
        return self

    def fields(self) -> Mapping[str, Any]:
        """Only the fields that were sent, by their names in a document."""
        return self.model_dump(by_alias=True, exclude_unset=True)


def is_ad_id(text: str) -> bool:
    """Whether the text has the form of an ad id; no ledger has to be asked otherwise."""
    return re.fullmatch(AD_ID_PATTERN, text) is not None
