"""What operators can ask for."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from runtime.ads.ad import AD_ID_PATTERN, is_ad_id
from runtime.replays.replay import Request, Target, time_text
from runtime.web.inputs import PAGE_ITEMS, Headers, Limit, PackedCursor, TextInput, Time

KEY_CHARACTERS_MAX = 255
REPLAY_ID_PATTERN = "^[0-9]{8}t[0-9]{6}-[0-9a-f]{8}$"


def _ad_id(text: str) -> str:
    if is_ad_id(text):
        return text
    raise ValueError("must be 22 letters and digits, as an ad's id is")


def _past(time: datetime) -> datetime:
    if time > datetime.now(UTC):
        raise ValueError("must not lie in the future")
    return time


AdIdOnly = Annotated[
    str, AfterValidator(_ad_id), Field(json_schema_extra={"pattern": AD_ID_PATTERN})
]


class NewReplay(TextInput):
    """What is to be replayed, and to where."""

    target: Annotated[
        Target,
        Field(description="`replayTable` touches nothing live; `state` and `search` are live."),
    ]
    ad_id: Annotated[AdIdOnly, Field(description="Only this ad; all without it.")] | None = None
    until: (
        Annotated[
            Time,
            AfterValidator(_past),
            Field(description="As everything was then; only with the target `replayTable`."),
        ]
        | None
    ) = None

    @field_validator("until")
    @classmethod
    def _live_is_now(cls, time: datetime | None, info: ValidationInfo) -> datetime | None:
        target = info.data.get("target")
        if time is not None and target in (Target.STATE, Target.SEARCH):
            raise ValueError(
                "cannot be given for a live target, which only ever goes forward; "
                "replay to replayTable, or record what was as a new change"
            )
        return time

    def request(self) -> Request:
        """The request in the domain's terms."""
        return Request(
            self.target, self.ad_id, None if self.until is None else time_text(self.until)
        )


class KeyHeaders(Headers):
    """What can be said beside a request."""

    idempotency_key: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=KEY_CHARACTERS_MAX,
                pattern="^[\x21-\x7e]+$",
                description="The same key with the same request asks for it once.",
            ),
        ]
        | None
    ) = None


class PageQuery(TextInput):
    """Which part of a list."""

    limit: Limit = PAGE_ITEMS
    cursor: PackedCursor | None = None


class ReplayPath(TextInput):
    """One replay. Any text: one that no replay has is unknown, and no fault."""

    replay_id: Annotated[str, Field(json_schema_extra={"pattern": REPLAY_ID_PATTERN})]


class EntryPath(ReplayPath):
    """One ad of one replay."""

    ad_id: Annotated[str, Field(json_schema_extra={"pattern": AD_ID_PATTERN})]


def is_replay_id(text: str) -> bool:
    """Whether the text has the form of a replay's id; no table has to be asked otherwise."""
    return re.fullmatch(REPLAY_ID_PATTERN, text) is not None
