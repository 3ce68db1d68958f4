"""What a publisher can ask about ads."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from runtime.web.etags import known_versions
from runtime.web.inputs import (
    PAGE_ITEMS,
    AdPath,
    Flag,
    Headers,
    Limit,
    PackedCursor,
    TextInput,
    Time,
    Version,
)

KnownVersions = Annotated[
    frozenset[int] | None,
    BeforeValidator(known_versions),
    WithJsonSchema({"type": "string", "examples": ['"3"', "*"]}),
    Field(description="Answer 304 when the ad is still at this version."),
]


def _past(time: datetime) -> datetime:
    if time > datetime.now(UTC):
        raise ValueError("must not lie in the future")
    return time


PastTime = Annotated[Time, AfterValidator(_past)]


class ListQuery(TextInput):
    """Which part of the list."""

    limit: Limit = PAGE_ITEMS
    cursor: PackedCursor | None = None
    at: Annotated[PastTime, Field(description="All ads as they were then, by id.")] | None = None


class AdQuery(TextInput):
    """Which state of the ad, and how fresh."""

    versions: Annotated[Flag, Field(description="What happened to the ad, by pages.")] = False
    diff: Annotated[
        Flag, Field(description="With versions: each says what it changed, old and new.")
    ] = False
    order: Annotated[
        Literal["oldest", "newest"], Field(description="With versions: which ones come first.")
    ] = "oldest"
    limit: Annotated[Limit | None, Field(description="With versions: at most so many.")] = None
    cursor: Annotated[
        PackedCursor | None,
        Field(description="With versions: what the page before gave as `next`."),
    ] = None
    at: Annotated[PastTime, Field(description="The ad as it was then.")] | None = None
    consistency: Annotated[
        Literal["eventual", "strong"],
        Field(description="`strong` reads the ledger and sees every acknowledged change."),
    ] = "eventual"

    @field_validator("diff", "order", "limit", "cursor")
    @classmethod
    def _of_versions(cls, value: Any, info: ValidationInfo) -> Any:
        # Versions that are wrong themselves are one fault, not several.
        if value and info.data.get("versions") is False:
            raise ValueError("needs versions=true")
        return value

    @field_validator("at")
    @classmethod
    def _past_alone(cls, time: datetime | None, info: ValidationInfo) -> datetime | None:
        if time is not None and info.data.get("versions"):
            raise ValueError("cannot be combined with versions=true")
        return time


class VersionPath(AdPath):
    """One version of an ad."""

    version: Version


class ReadHeaders(Headers):
    """What the reader has already."""

    if_none_match: KnownVersions = frozenset()
