"""Texts of a request as numbers, times and flags."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from runtime.ads.faults import explain
from runtime.web.inputs import (
    Cursor,
    Flag,
    Headers,
    Limit,
    PriceText,
    PublisherPath,
    TextInput,
    Time,
)


class Question(TextInput):
    limit: Limit = 25
    cursor: Cursor | None = None
    at: Time | None = None
    price: PriceText | None = None
    flag: Flag = False


class Said(Headers):
    if_match: str | None = None


def fault(name: str, text: str) -> str:
    with pytest.raises(ValidationError) as refused:
        Question.model_validate({name: text})
    [found] = explain(refused.value)
    assert found.field == name
    return found.message


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("limit", "1", 1),
        ("limit", "100", 100),
        ("price", "10.50", Decimal("10.50")),
        ("price", "1e3", Decimal("1e3")),
        ("flag", "true", True),
        ("flag", "false", False),
        ("at", "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("at", "2026-01-31T12:00:00.123+02:00", datetime(2026, 1, 31, 10, 0, 0, 123000, UTC)),
        ("at", "2026-01-31T12:00:00 02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_texts_have_values(name: str, text: str, value: Any) -> None:
    assert getattr(Question.model_validate({name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("limit", "0", "must be at least 1"),
        ("limit", "101", "must be at most 100"),
        ("limit", "", "must be a whole number"),
        ("limit", "1_0", "must be a whole number"),
        ("limit", "1.0", "must be a whole number"),
        ("limit", "\u0661", "must be a whole number"),
        ("limit", "9" * 5000, "must be a whole number"),
        ("cursor", "", "must not be empty"),
        ("price", "cheap", "must be a number"),
        ("price", "-1", "must not be negative"),
        ("price", "1e400", "must be less than 1000000000000000000"),
        ("price", "NaN", "must be a number"),
        ("flag", "1", "must be true or false"),
        ("at", "yesterday", "must be an ISO 8601 time such as 2026-01-31T12:00:00Z"),
        ("at", "2026-01-31", "must say its time zone, as in 2026-01-31T12:00:00Z"),
        ("at", "2026-01-31T12:00:00", "must say its time zone, as in 2026-01-31T12:00:00Z"),
        ("at", "0001-01-01T00:00:00+14:00", "must lie between the years 1 and 9999"),
        ("other", "x", "is not a known field"),
    ],
)
def test_faults_of_texts(name: str, text: str, message: str) -> None:
    assert fault(name, text) == message


def test_only_known_headers_matter() -> None:
    said = Said.model_validate({"If-Match": '"3"', "X-Other": "x"})
    assert said.if_match == '"3"'


@pytest.mark.parametrize("publisher_id", ["p", "0", "a.b_c~d@e:f-g", "x" * 128])
def test_publisher_ids(publisher_id: str) -> None:
    assert PublisherPath(publisherId=publisher_id).publisher_id == publisher_id  # type: ignore[call-arg]


@pytest.mark.parametrize("publisher_id", ["", ".", "-x", "a b", "a/b", "a\n", "é", "x" * 129])
def test_other_publisher_ids(publisher_id: str) -> None:
    with pytest.raises(ValidationError, match="must be 1 to 128"):
        PublisherPath(publisherId=publisher_id)  # type: ignore[call-arg]
