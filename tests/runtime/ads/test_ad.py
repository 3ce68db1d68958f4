"""Which inputs are ads and changes of ads, and that every fault of the others is named."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ads.ad import AdChanges, NewAd, is_ad_id
from runtime.ads.errors import InvalidAdError
from runtime.ads.faults import Fault

AD: dict[str, Any] = {
    "adTitle": "awesome title",
    "price": Decimal(10),
    "currency": "€",
    "category": "awesome category",
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def faults(model: type[NewAd] | type[AdChanges], value: Any) -> dict[str, str]:
    with pytest.raises(InvalidAdError) as refused:
        model.of(value)
    return {fault.field: fault.message for fault in refused.value.faults}


def test_what_is_left_out_is_empty() -> None:
    assert NewAd.of(AD).fields() == {**AD, "adDescription": "", "tags": []}


def test_every_missing_field_is_named() -> None:
    assert faults(NewAd, {}) == dict.fromkeys(
        ["adTitle", "price", "currency", "category"], "is required"
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("adTitle", None, "must be text"),
        ("adTitle", Decimal(1), "must be text"),
        ("adTitle", "", "must not be empty"),
        ("adTitle", " \u2003", "must not be blank"),
        ("adTitle", "x" * 201, "must have at most 200 characters"),
        ("adTitle", "a\0b", "must not contain the control characters U+0000"),
        ("adTitle", "a\n\x7f", "must not contain the control characters U+000A, U+007F"),
        ("adTitle", "\ud800", "must be well-formed Unicode, without lone surrogates"),
        ("adDescription", "\r\0", "must not contain the control characters U+0000, U+000D"),
        ("adDescription", "x" * 10_001, "must have at most 10000 characters"),
        ("price", True, "must be a number"),
        ("price", "10", "must be a number"),
        ("price", None, "must be a number"),
        ("price", Decimal("-0.01"), "must not be negative"),
        ("price", Decimal("1e400"), "must be less than 1000000000000000000"),
        ("price", Decimal("0e400"), "must be less than 1000000000000000000"),
        ("price", Decimal("1e-400"), "must have at most 8 decimals"),
        ("price", Decimal("9" * 5000), "must be less than 1000000000000000000"),
        ("currency", "eur", "must be an ISO 4217 code such as EUR, or a currency symbol such as €"),
        ("currency", "€€", "must be an ISO 4217 code such as EUR, or a currency symbol such as €"),
        ("category", "x" * 101, "must have at most 100 characters"),
        ("tags", "awesome", "must be a list"),
        ("tags", [str(n) for n in range(21)], "must have at most 20 members"),
        ("tags", ["a", "b", "a"], "must not name 'a' twice"),
        ("publisherId", "other", "is not a known field"),
        ("ad_title", "python's name", "is not a known field"),
    ],
)
def test_a_fault_is_named_in_plain_words(field: str, value: Any, message: str) -> None:
    assert faults(NewAd, {**AD, field: value}) == {field: message}


def test_a_member_of_a_list_is_named_by_its_place() -> None:
    wrong = {**AD, "tags": ["fine", Decimal(1), ""]}
    assert faults(NewAd, wrong) == {"tags.1": "must be text", "tags.2": "must not be empty"}


@pytest.mark.parametrize("value", [None, [], "text", Decimal(1), True])
def test_what_is_no_object_is_one_fault(value: Any) -> None:
    assert faults(NewAd, value) == {"": "must be a JSON object"}
    assert faults(AdChanges, value) == {"": "must be a JSON object"}


def test_text_beyond_the_basic_plane_is_text() -> None:
    new = NewAd.of({**AD, "adTitle": "bike 🚲", "adDescription": "two\n\tlines 👩‍👩‍👧"})
    assert (new.ad_title, new.ad_description) == ("bike 🚲", "two\n\tlines 👩‍👩‍👧")


@pytest.mark.parametrize(
    "text", ["10", "10.00", "0", "0.00000001", "12345678901234.123456", "1E+2"]
)
def test_a_price_keeps_its_scale(text: str) -> None:
    assert str(NewAd.of({**AD, "price": Decimal(text)}).price) == str(Decimal(text))


def test_minus_zero_is_zero() -> None:
    assert str(NewAd.of({**AD, "price": Decimal("-0.00")}).price) == "0.00"


@pytest.mark.parametrize("name", ["EUR", "USD", "€", "$", "US$", "R$", "﷼", "₿"])
def test_currencies_are_codes_or_symbols(name: str) -> None:
    assert NewAd.of({**AD, "currency": name}).currency == name


def test_changes_hold_what_was_sent_and_nothing_else() -> None:
    assert AdChanges.of({"price": Decimal(1), "tags": []}).fields() == {
        "price": Decimal(1),
        "tags": [],
    }


def test_a_change_of_nothing_is_refused() -> None:
    assert faults(AdChanges, {}) == {"": "must change at least one field"}


def test_a_change_names_every_fault() -> None:
    assert faults(AdChanges, {"price": None, "adTitle": "", "version": Decimal(3)}) == {
        "price": "must be a number",
        "adTitle": "must not be empty",
        "version": "is not a known field",
    }


def test_many_faults_are_counted_beyond_a_hundred() -> None:
    named = faults(NewAd, {**AD, **{f"field{n}": True for n in range(250)}})
    assert len(named) == 101
    assert named[""] == "and 150 more faults"


def test_a_field_with_a_strange_name_can_be_told() -> None:
    named = faults(NewAd, {**AD, "\ud800": True, "x" * 5000: True})
    assert set(named) == {"\\ud800", "x" * 100 + "…"}


@given(JSON_VALUES | st.dictionaries(st.sampled_from(sorted(AD)), JSON_VALUES))
def test_any_value_is_an_ad_or_has_faults(value: Any) -> None:
    for model in (NewAd, AdChanges):
        assert all(fault.message for fault in refused_faults(model, value))


def refused_faults(model: type[NewAd] | type[AdChanges], value: Any) -> tuple[Fault, ...]:
    try:
        model.of(value)
    except InvalidAdError as refused:
        return refused.faults or (Fault("no fault at all", ""),)
    return ()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("0" * 22, True), ("aZ9" * 7 + "x", True), ("0" * 21, False), ("0" * 21 + "\n", False)],
)
def test_ad_ids_have_one_form(text: str, *, is_one: bool) -> None:
    assert is_ad_id(text) is is_one
