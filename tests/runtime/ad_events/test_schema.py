"""The deployed schemas: as the shapes say, draft 4, and what is sent is what they allow."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ad_events.following import event_of
from runtime.ad_events.schema import FOLDER, schema, write
from runtime.ad_events.shapes import SHAPES, SOURCE, AdEvent
from runtime.ad_events.sizes import detail
from runtime.ads.revision import AdRevision
from tests.journal_blocks import ad_fields, ad_id_of, ad_revision

VALIDATORS = {
    shape.__name__: jsonschema_rs.Draft4Validator(schema(shape), validate_formats=True)
    for shape in SHAPES
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
fields = st.builds(
    ad_fields,
    publisherId=texts,
    adTitle=texts,
    adDescription=texts,
    price=st.decimals(0, 10**17, places=None, allow_nan=False).map(lambda d: d.copy_abs()),
    currency=texts,
    category=texts,
    tags=st.lists(texts, max_size=4),
)


def envelope(event: AdEvent, **changes: Any) -> dict[str, Any]:
    """The event as a target of a rule gets it."""
    return {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": type(event).__name__,
        "source": SOURCE,
        "account": "123456789012",
        "time": "2026-01-02T03:04:05Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": json.loads(detail(event)),
        **changes,
    }


def validate(event: AdEvent) -> None:
    VALIDATORS[type(event).__name__].validate(envelope(event))


def revision(version: int, content: dict[str, Any] | None) -> AdRevision:
    return AdRevision(ad_id_of(1), version, "2026-01-02T03:04:05.678Z", ad_id_of(2), content)


def test_the_files_that_are_deployed_are_the_shapes_own(tmp_path: Path) -> None:
    write(tmp_path)
    fresh = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert fresh == {path.name: path.read_text() for path in FOLDER.iterdir()}, (
        "run python -m runtime.ad_events.schema"
    )
    assert sorted(fresh) == ["AdCreated.json", "AdDeleted.json", "AdUpdated.json"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_schema_is_draft_4_in_its_words(shape: type[AdEvent]) -> None:
    found = schema(shape)
    assert jsonschema_rs.meta.is_valid(found)
    text = json.dumps(found)
    newer = ("$defs", '"const"', "prefixItems", "propertyNames", "exclusiveM", '"examples"')
    assert [word for word in newer if word in text] == []
    assert len(text) < 100_000
    assert found["x-amazon-events-source"] == SOURCE
    assert found["x-amazon-events-detail-type"] == shape.__name__


@given(fields, fields)
def test_everything_that_is_sent_is_allowed(old: dict[str, Any], new: dict[str, Any]) -> None:
    validate(event_of(revision(0, old), None))
    validate(event_of(revision(1, new), revision(0, old)))
    validate(event_of(revision(1, new), revision(0, None)))
    validate(event_of(revision(1, None), revision(0, old)))
    validate(event_of(revision(1, None), revision(0, None)))


def test_what_is_left_out_is_allowed_to_be() -> None:
    huge = ad_fields(adDescription="x" * 130_000)
    validate(event_of(revision(1, huge), revision(0, ad_fields())))
    validate(event_of(revision(1, {**huge, "adTitle": "x" * 130_000}), revision(0, huge)))


def test_the_documents_example_is_allowed() -> None:
    page = (Path(__file__).parents[3] / "docs" / "events.md").read_text()
    example = json.loads(page.split("```json")[1].split("```")[0])
    event = {**envelope(event_of(ad_revision(), None)), **example}
    VALIDATORS[example["detail-type"]].validate(event)
    assert set(example["detail"]["changes"]["price"]) == {"old", "new"}


def spoilt(name: str, **members: Any) -> dict[str, Any]:
    events = {
        "AdCreated": event_of(ad_revision(), None),
        "AdUpdated": event_of(ad_revision(version=1, price=Decimal(1)), ad_revision()),
        "AdDeleted": event_of(ad_revision(version=1, deleted=True), ad_revision()),
    }
    whole = envelope(events[name])
    return {**whole, "detail": {**whole["detail"], **members}}


@pytest.mark.parametrize("name", ["AdCreated", "AdUpdated", "AdDeleted"])
@pytest.mark.parametrize(
    "wrong",
    [{"id": None}, {"version": -1}, {"version": "1"}, {"txTime": "yesterday"}, {"adId": "short"}],
)
def test_something_else_is_not_allowed(name: str, wrong: dict[str, Any]) -> None:
    assert VALIDATORS[name].is_valid(spoilt(name))
    assert not VALIDATORS[name].is_valid(spoilt(name, **wrong))


def test_each_kind_has_its_own_members() -> None:
    assert not VALIDATORS["AdUpdated"].is_valid(spoilt("AdCreated"))
    assert not VALIDATORS["AdCreated"].is_valid(spoilt("AdCreated", publisherId=None))
    assert VALIDATORS["AdDeleted"].is_valid(spoilt("AdDeleted", publisherId=None, ad=None))
    assert not VALIDATORS["AdUpdated"].is_valid(
        spoilt("AdUpdated", changes={"price": {"old": 1.5, "new": "2"}})
    )
    assert VALIDATORS["AdUpdated"].is_valid(spoilt("AdUpdated", added="later")), "fields may come"
