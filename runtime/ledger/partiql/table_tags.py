"""Tags of a new table: `WITH (aws_tags = …)`, checked as those of every other resource."""

from collections.abc import Mapping
from typing import Any, Final

from amazon.ion.simple_types import IonPyDict

from runtime.ledger.partiql.values import text_of

TAGS_MAX: Final = 50
KEY_CHARACTERS_MAX: Final = 128
VALUE_CHARACTERS_MAX: Final = 256
_RESERVED: Final = "aws:"


def table_tags(value: Any) -> tuple[Mapping[str, str], str]:
    """The tags that an Ion value is and what is wrong with it; nothing wrong is empty."""
    if not isinstance(value, IonPyDict):
        return {}, "aws_tags is a struct of strings"
    tags: dict[str, str] = {}
    for key, each in value.items():
        text = text_of(each)
        fault = _fault(key, text) if key not in tags else "is there twice"
        if text is None or fault:
            return {}, f"aws_tags: tag {key!r} {fault}"
        tags[key] = text
    if len(tags) > TAGS_MAX:
        return {}, f"aws_tags has {len(tags)} tags; the limit is {TAGS_MAX}"
    return tags, ""


def _fault(key: str, value: str | None) -> str:
    if not 1 <= len(key) <= KEY_CHARACTERS_MAX:
        return f"must have a key of 1 to {KEY_CHARACTERS_MAX} characters"
    if key.lower().startswith(_RESERVED):
        return f"starts with {_RESERVED}, which is reserved"
    if value is None or len(value) > VALUE_CHARACTERS_MAX:
        return f"must have a string of at most {VALUE_CHARACTERS_MAX} characters as its value"
    return ""
