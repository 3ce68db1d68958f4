"""What no client should send: refused with every fault named, and nothing stored."""

import json
from typing import Any

import pytest

from tests.system.client import AD, Api

pytestmark = pytest.mark.system

BODIES: dict[str, tuple[bytes, int, set[str]]] = {
    "broken JSON": (b'{"adTitle": ', 400, set()),
    "not JSON": (b"\xff\xfe\x00", 400, set()),
    "not UTF-8": (json.dumps(AD).encode().replace(b"awesome", b"a\xffb"), 400, set()),
    "UTF-8 cut short": (json.dumps(AD).encode().replace(b"awesome", b"\xe2\x82"), 400, set()),
    "no body": (b"", 400, set()),
    "a list": (b"[]", 422, set()),
    "deep nesting": (b"[" * 50_000, 400, set()),
    "unknown fields": (
        json.dumps({**AD, "colour": 1, "size": 2}).encode(),
        422,
        {"colour", "size"},
    ),
    "wrong types": (
        json.dumps({**AD, "adTitle": 1, "price": "10", "tags": "x"}).encode(),
        422,
        {"adTitle", "price", "tags"},
    ),
    "negative price": (json.dumps({**AD, "price": -1}).encode(), 422, {"price"}),
    "1e400": (json.dumps(AD).replace("10", "1e400").encode(), 422, {"price"}),
    "NaN": (json.dumps({**AD, "price": float("nan")}).encode(), 400, set()),
    "a boolean price": (json.dumps({**AD, "price": True}).encode(), 422, {"price"}),
    "300 KB": (json.dumps({**AD, "adDescription": "x" * 300_000}).encode(), 413, set()),
    "NUL": (json.dumps({**AD, "adTitle": "a\0b"}).encode(), 422, {"adTitle"}),
    "a lone surrogate": (
        json.dumps(AD).replace("awesome title", "\\ud800").encode(),
        422,
        {"adTitle"},
    ),
    "missing fields": (b"{}", 422, {"adTitle", "price", "currency", "category"}),
}


def stored(api: Api, publisher: str) -> list[Any]:
    return api.read(publisher).body["items"]


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_bad_ad_is_refused(api: Api, name: str) -> None:
    body, status, fields = BODIES[name]
    answer = api.call("POST", api.ads("bad-input"), raw=body)
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.body["type"].startswith("urn:adledger:problem:")
    named = {fault["field"].split(".")[0] for fault in answer.body.get("faults", [])}
    assert named >= fields
    assert stored(api, "bad-input") == []


def test_emoji_are_text(api: Api) -> None:
    ad_id = api.create("emoji", {**AD, "adTitle": "bike 🚲 👩‍👩‍👧"}).body["adId"]
    read = api.read("emoji", ad_id, consistency="strong")
    assert read.body["adTitle"] == "bike 🚲 👩‍👩‍👧"


@pytest.mark.parametrize(
    "body", [b"{}", b'{"price": -1}', b'{"adId": "x"}', b'{"version": 3}', b"null"]
)
def test_a_bad_change_changes_nothing(api: Api, body: bytes) -> None:
    ad_id = api.create("bad-change").body["adId"]
    assert api.call("PATCH", api.ads("bad-change", ad_id), raw=body).status == 422
    assert api.read("bad-change", ad_id, consistency="strong").body["version"] == 0


@pytest.mark.parametrize("ad_id", ["nope", "0" * 22, "%00", "x" * 500, "a'b\"", "..%2f..", "🚲"])
def test_foreign_ids_are_unknown(api: Api, ad_id: str) -> None:
    for answer in (
        api.read("foreign", ad_id),
        api.read("foreign", ad_id, versions="true"),
        api.read("foreign", ad_id, consistency="strong"),
        api.change("foreign", ad_id, {"price": 1}),
        api.delete("foreign", ad_id),
    ):
        assert 400 <= answer.status < 500, answer


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "eyJhIjoxfQ=="}, "cursor"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "100000"}, "limit"),
    ],
)
def test_bad_pages_are_refused(api: Api, query: dict[str, str], field: str) -> None:
    for answer in (api.read("bad-pages", **query), api.search(q="x", **query)):
        assert answer.status in (400, 422)
        assert field in {fault["field"] for fault in answer.body["faults"]}


def test_bad_questions_name_every_fault(api: Api) -> None:
    answer = api.search(q="x", minPrice="cheap", maxPrice="-1", limit="-3")
    assert answer.status in (400, 422)
    assert {fault["field"] for fault in answer.body["faults"]} == {"minPrice", "maxPrice", "limit"}
    ad_id = api.create("bad-questions").body["adId"]
    for query in ({"at": "yesterday"}, {"versions": "perhaps"}, {"consistency": "weakish"}):
        answer = api.read("bad-questions", ad_id, **query)
        assert answer.status in (400, 422)
        assert {fault["field"] for fault in answer.body["faults"]} == set(query)
