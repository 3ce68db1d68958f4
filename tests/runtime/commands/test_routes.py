"""The commands as publishers send them: answers, refusals, and that a refusal stores nothing."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runtime.commands.routes import routes
from runtime.web.ad_bodies import AdBody
from tests.http_calls import AD, Caller
from tests.memory_ads import MemoryAds

ADS = "/publisher/pub-1/ad"


@pytest.fixture
def ads() -> MemoryAds:
    return MemoryAds()


@pytest.fixture
def call(ads: MemoryAds) -> Caller:
    return Caller(routes(lambda: ads))


@pytest.fixture
def ad_id(call: Caller) -> str:
    return call("POST", ADS, AD).body["adId"]


def test_an_ad_is_created(call: Caller) -> None:
    reply = call("POST", ADS, AD)
    ad = reply.body
    AdBody.model_validate(ad)
    assert reply.status == 201
    assert reply.headers["Location"] == f"{ADS}/{ad['adId']}"
    assert reply.headers["ETag"] == '"0"'
    assert (ad["version"], ad["publisherId"]) == (0, "pub-1")
    assert {name: ad[name] for name in AD} == AD


def test_what_is_left_out_is_empty(call: Caller) -> None:
    short = {name: AD[name] for name in ("adTitle", "price", "currency", "category")}
    ad = call("POST", ADS, short).body
    assert (ad["adDescription"], ad["tags"]) == ("", [])


@pytest.mark.parametrize("price", ["10", "10.00", "0", "12345678901234.123456", "1E-8", "1e2"])
def test_prices_are_exact_both_ways(call: Caller, price: str) -> None:
    body = json.dumps({**AD, "price": "PRICE"}).replace('"PRICE"', price)
    reply = call("POST", ADS, body)
    assert f'"price":{Decimal(price)},' in reply.text


@pytest.mark.parametrize("publisher_id", ["a@b.example", "x:y", "a~b"])
def test_a_location_can_be_followed(call: Caller, publisher_id: str) -> None:
    place = call("POST", f"/publisher/{publisher_id}/ad", AD).headers["Location"]
    assert call("PATCH", place, {"price": 1}).status == 200


def test_the_same_key_creates_one_ad(call: Caller, ads: MemoryAds) -> None:
    first = call("POST", ADS, AD, headers={"Idempotency-Key": "one"})
    again = call("POST", ADS, json.dumps(AD, indent=3), headers={"idempotency-key": "one"})
    assert (again.status, again.text) == (201, first.text)
    other = call("POST", ADS, {**AD, "price": 11}, headers={"Idempotency-Key": "one"})
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    assert len(ads.history) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "clé", "\x00"])
def test_a_key_has_a_form(call: Caller, key: str) -> None:
    reply = call("POST", ADS, AD, headers={"Idempotency-Key": key})
    assert (reply.status, list(reply.faults)) == (400, ["Idempotency-Key"])


def test_an_ad_is_changed(call: Caller, ad_id: str) -> None:
    reply = call("PATCH", f"{ADS}/{ad_id}", {"price": 150})
    AdBody.model_validate(reply.body)
    assert (reply.status, reply.headers["ETag"]) == (200, '"1"')
    assert (reply.body["version"], reply.body["price"]) == (1, 150)
    assert reply.body["adTitle"] == AD["adTitle"]


def test_a_change_to_the_same_is_no_new_version(call: Caller, ad_id: str) -> None:
    reply = call("PATCH", f"{ADS}/{ad_id}", AD)
    assert (reply.status, reply.body["version"], reply.headers["ETag"]) == (200, 0, '"0"')


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"0"', 200), ("*", 200), ('"7", "0"', 200), ('"1"', 412), ('W/"0"', 412), ('"x"', 412)],
)
def test_a_change_may_demand_a_version(
    call: Caller, ad_id: str, condition: str, status: int
) -> None:
    reply = call("PATCH", f"{ADS}/{ad_id}", {"price": 1}, headers={"If-Match": condition})
    assert reply.status == status
    if status == 412:
        assert reply.problem == "version-mismatch"


@pytest.mark.parametrize("condition", ["0", '"0', "", "null", '"0" or "1"'])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_malformed_condition(call: Caller, ad_id: str, method: str, condition: str) -> None:
    body = {"price": 1} if method == "PATCH" else None
    reply = call(method, f"{ADS}/{ad_id}", body, headers={"If-Match": condition})
    assert (reply.status, reply.problem) == (400, "bad-header")
    assert reply.faults == {"If-Match": 'must be "*" or versions in quotes, such as "3"'}


def test_an_ad_is_deleted(call: Caller, ad_id: str) -> None:
    assert call("DELETE", f"{ADS}/{ad_id}", headers={"If-Match": '"1"'}).status == 412
    reply = call("DELETE", f"{ADS}/{ad_id}", headers={"If-Match": '"0"'})
    assert (reply.status, reply.text) == (204, "")
    assert call("DELETE", f"{ADS}/{ad_id}").status == 404
    assert call("PATCH", f"{ADS}/{ad_id}", {"price": 1}).problem == "not-found"


@pytest.mark.parametrize("foreign", ["nope", "0" * 22, "%00", "x" * 500, "a'b\"", "🚲", "..%2f.."])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_foreign_ids_are_unknown(call: Caller, method: str, foreign: str) -> None:
    reply = call(method, f"{ADS}/{foreign}", {"price": 1} if method == "PATCH" else None)
    assert (reply.status, reply.problem) == (404, "not-found")


def test_another_publishers_ad_is_unknown(call: Caller, ad_id: str, ads: MemoryAds) -> None:
    for method in ("PATCH", "DELETE"):
        body = {"price": 1} if method == "PATCH" else None
        assert call(method, f"/publisher/pub-2/ad/{ad_id}", body).status == 404
    assert len(ads.history[ad_id]) == 1


def changed(**fields: Any) -> str:
    return json.dumps({**AD, **fields})


BODIES: dict[str, tuple[Any, int, set[str]]] = {
    "broken JSON": ('{"adTitle": ', 400, set()),
    "not text": (b"\xff\xfe\x00", 400, set()),
    "text that was not UTF-8": (
        json.dumps(AD).encode().replace(b"awesome", b"a\xffb").decode(errors="replace"),
        400,
        set(),
    ),
    "no body": (None, 400, set()),
    "blank": (" \n", 400, set()),
    "a list": ("[]", 422, {""}),
    "null": ("null", 422, {""}),
    "a number": ("1" * 5000, 422, {""}),
    "deep nesting": ("[" * 100_000, 400, set()),
    "deep nesting inside": (changed(tags="DEEP").replace('"DEEP"', "[" * 100_000), 400, set()),
    "deep but closed": (
        changed(tags="DEEP").replace('"DEEP"', "[" * 400 + "]" * 400),
        422,
        {"tags.0"},
    ),
    "unknown fields": (changed(colour=1, size=2), 422, {"colour", "size"}),
    "wrong types": (changed(adTitle=1, price="10", tags="x"), 422, {"adTitle", "price", "tags"}),
    "nulls": (json.dumps(dict.fromkeys(AD)), 422, set(AD)),
    "negative price": (changed(price=-1), 422, {"price"}),
    "1e400": (json.dumps(AD).replace("10", "1e400"), 422, {"price"}),
    "a huge integer": (json.dumps(AD).replace("10", "9" * 100_000), 422, {"price"}),
    "a tiny price": (json.dumps(AD).replace("10", "1e-400"), 422, {"price"}),
    "an absurd exponent": (json.dumps(AD).replace("10", "1e9999999999999999999"), 400, set()),
    "NaN": (changed(price=float("nan")), 400, set()),
    "Infinity": (changed(price=float("inf")), 400, set()),
    "a boolean price": (changed(price=True), 422, {"price"}),
    "300 KB": (changed(adDescription="x" * 300_000), 413, set()),
    "300 KB of base64": (changed(adDescription="x" * 300_000).encode(), 413, set()),
    "a long description": (changed(adDescription="x" * 200_000), 422, {"adDescription"}),
    "NUL": (changed(adTitle="a\0b"), 422, {"adTitle"}),
    "a lone surrogate": (changed(adTitle="\ud800"), 422, {"adTitle"}),
    "a lone surrogate in a name": (changed(**{"\ud800": 1, "x": 1}), 422, {"\\ud800", "x"}),
    "names twice": (
        '{"price": 1, "price": 2, "adTitle": 1}',
        422,
        {"price", "adTitle", "currency"},
    ),
    "missing fields": ("{}", 422, {"adTitle", "price", "currency", "category"}),
    "fields of the ledger": (changed(adId="x", version=1, createdAt="x"), 422, {"adId", "version"}),
    "tags twice": (changed(tags=["a", "a"]), 422, {"tags"}),
    "no currency of this world": (changed(currency="XYZ"), 422, {"currency"}),
}


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_bad_ad_is_refused(call: Caller, ads: MemoryAds, name: str) -> None:
    body, status, fields = BODIES[name]
    reply = call("POST", ADS, body)
    assert reply.status == status, reply.text
    assert reply.problem
    assert set(reply.faults) >= fields
    assert ads.history == {}


@pytest.mark.parametrize(
    "body", ["{}", '{"price": -1}', '{"adId": "x"}', "null", "[]", '{"price": null}']
)
def test_a_bad_change_is_refused(call: Caller, ads: MemoryAds, ad_id: str, body: str) -> None:
    reply = call("PATCH", f"{ADS}/{ad_id}", body)
    assert (reply.status, reply.problem) == (422, "invalid")
    assert len(ads.history[ad_id]) == 1


@pytest.mark.parametrize("publisher_id", ["-", "a b", "%00", "é", "x" * 129])
def test_a_publisher_id_has_a_form(call: Caller, ads: MemoryAds, publisher_id: str) -> None:
    reply = call("POST", f"/publisher/{publisher_id}/ad", AD)
    assert reply.status in (404, 422)
    assert ads.history == {}


def test_faults_of_path_and_body_come_together(call: Caller) -> None:
    reply = call("POST", "/publisher/-/ad", {"x": 1})
    assert set(reply.faults) == {"publisherId", "x", "adTitle", "price", "currency", "category"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
BODIES_OF_ALL_KINDS = (
    st.text()
    | st.binary()
    | JSON_VALUES.map(json.dumps)
    | st.dictionaries(st.sampled_from(sorted(AD)), JSON_VALUES).map(
        lambda x: json.dumps({**AD, **x})
    )
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(BODIES_OF_ALL_KINDS, st.text(), st.text(), st.sampled_from(["POST", "PATCH"]))
def test_no_body_breaks_a_command(
    call: Caller, ad_id: str, body: str | bytes, key: str, condition: str, method: str
) -> None:
    path = ADS if method == "POST" else f"{ADS}/{ad_id}"
    headers = {"Idempotency-Key": key, "If-Match": condition}
    assert call(method, path, body, headers=headers).status < 500
    assert call(method, path, body).status < 500
