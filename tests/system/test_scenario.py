"""The seed scenario: create, change, delete, read and search ads through the whole system."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.system.client import AD, Api, wait_until

VISIBLE_TIMEOUT_S = 10

pytestmark = pytest.mark.system


def visible(api: Api, publisher: str, ad_id: str, version: int) -> None:
    def holds() -> bool:
        answer = api.read(publisher, ad_id)
        return answer.status == 200 and answer.body["version"] >= version

    wait_until(holds, VISIBLE_TIMEOUT_S)


def found(api: Api, ad_id: str, **query: object) -> bool:
    return ad_id in {ad["adId"] for ad in api.search(**query).body["items"]}


def test_an_ad_lives_its_life(api: Api) -> None:
    created = api.create("life")
    assert created.status == 201
    ad_id = created.body["adId"]
    assert created.headers["Location"].endswith(f"/publisher/life/ad/{ad_id}")
    assert created.body["version"] == 0
    assert {key: created.body[key] for key in AD} == AD

    visible(api, "life", ad_id, 0)
    wait_until(lambda: found(api, ad_id, q="awesome title"), VISIBLE_TIMEOUT_S)

    changed = api.change("life", ad_id, {**AD, "price": 150})
    assert (changed.status, changed.body["version"], changed.body["price"]) == (200, 1, 150)
    visible(api, "life", ad_id, 1)
    read = api.read("life", ad_id)
    assert read.body == changed.body
    assert read.headers["ETag"] == '"1"'
    assert ad_id in {ad["adId"] for ad in api.read("life").body["items"]}

    assert api.delete("life", ad_id).status == 204
    wait_until(lambda: api.read("life", ad_id).status == 404, VISIBLE_TIMEOUT_S)
    wait_until(lambda: not found(api, ad_id, q="awesome title"), VISIBLE_TIMEOUT_S)
    assert api.read("life").body["items"] == []

    versions = api.read("life", ad_id, versions="true").body["items"]
    assert [item["version"] for item in versions] == [0, 1, 2]
    assert [item.get("price") for item in versions] == [10, 150, None]
    assert versions[2]["deleted"] is True
    assert all(item["txId"] and item["txTime"] for item in versions)
    assert api.read("life", ad_id, at=versions[0]["txTime"]).body["price"] == 10
    assert api.read("life", ad_id, at=versions[1]["txTime"]).body["price"] == 150
    assert api.read("life", ad_id, at=versions[2]["txTime"]).status == 404


def test_a_publishers_list_is_told_as_it_was(api: Api) -> None:
    """Whole, page by page, at every moment, and each ad in it as it is told alone."""
    looks: list[tuple[str, dict[str, Any]]] = []
    ids: list[str] = []
    for turn in range(8):
        ids.append(api.create("was").body["adId"])
        if turn % 2:
            api.change("was", ids[turn // 2], {"price": 100 + turn})
        if turn % 4 == 3:
            api.delete("was", ids[turn - 1])
        answers = {ad: api.read("was", ad, consistency="strong") for ad in ids}
        seen = {ad: answer.body for ad, answer in answers.items() if answer.status == 200}
        looks.append((datetime.now(UTC).isoformat(timespec="milliseconds"), seen))
        time.sleep(0.002)
    for moment, seen in looks:
        found: list[Any] = []
        query: dict[str, Any] = {"at": moment, "limit": 3}
        while True:
            page = api.read("was", **query)
            assert page.status == 200, page.body
            found += page.body["items"]
            if page.body["next"] is None:
                break
            query["cursor"] = page.body["next"]
        assert [ad["adId"] for ad in found] == sorted(seen)
        for ad in found:
            assert {name: ad[name] for name in seen[ad["adId"]]} == seen[ad["adId"]]
    assert api.read("was", found[0]["adId"], at=looks[-1][0]).body == found[0]
    assert api.read("was", at="2020-01-01T00:00:00Z").body == {"items": [], "next": None}
    assert api.read("was", at="yesterday").status == 422


def test_a_strong_read_sees_the_write_at_once(api: Api) -> None:
    ad_id = api.create("strong").body["adId"]
    for version in range(1, 4):
        api.change("strong", ad_id, {"price": version})
        read = api.read("strong", ad_id, consistency="strong")
        assert (read.body["version"], read.body["price"]) == (version, version)


def test_prices_are_exact(api: Api) -> None:
    exact = "12345678901234.123456"
    raw = b'{"adTitle":"t","price":' + exact.encode() + b',"currency":"EUR","category":"c"}'
    created = api.call("POST", api.ads("exact"), raw=raw)
    assert created.status == 201, created.body
    ad_id = created.body["adId"]
    visible(api, "exact", ad_id, 0)
    for answer in (
        created,
        api.read("exact", ad_id),
        api.read("exact", ad_id, consistency="strong"),
    ):
        assert str(answer.body["price"]) == exact


def test_a_publisher_sees_own_ads_only(api: Api) -> None:
    ad_id = api.create("owner").body["adId"]
    visible(api, "owner", ad_id, 0)
    assert api.read("stranger", ad_id).status == 404
    assert api.change("stranger", ad_id, {"price": 1}).status == 404
    assert api.delete("stranger", ad_id).status == 404
    assert api.read("stranger", ad_id, versions="true").status == 404
    assert api.read("owner", ad_id).body["version"] == 0


def test_the_same_key_creates_one_ad(api: Api) -> None:
    first = api.create("keyed", **{"Idempotency-Key": "one"})
    again = api.create("keyed", **{"Idempotency-Key": "one"})
    assert (first.status, again.status) == (201, 201)
    assert again.body["adId"] == first.body["adId"]
    other = api.create("keyed", {**AD, "price": 11}, **{"Idempotency-Key": "one"})
    assert other.status == 422


def test_a_change_may_demand_a_version(api: Api) -> None:
    ad_id = api.create("matching").body["adId"]
    assert api.change("matching", ad_id, {"price": 1}, **{"If-Match": '"0"'}).status == 200
    refused = api.change("matching", ad_id, {"price": 2}, **{"If-Match": '"0"'})
    assert refused.status == 412
    assert refused.headers["Content-Type"].startswith("application/problem+json")


def test_lists_and_searches_go_page_by_page(api: Api) -> None:
    ids = {
        api.create("pages", {**AD, "category": "paging", "adTitle": f"page {n}"}).body["adId"]
        for n in range(7)
    }
    wait_until(lambda: len(api.read("pages").body["items"]) == 7, VISIBLE_TIMEOUT_S)
    wait_until(lambda: api.search(category="paging").body["total"] == 7, VISIBLE_TIMEOUT_S)
    for page in (
        lambda **q: api.read("pages", **q),
        lambda **q: api.search(category="paging", **q),
    ):
        seen: list[str] = []
        query: dict[str, object] = {"limit": 3}
        while True:
            body = page(**query).body
            assert len(body["items"]) <= 3
            seen += [ad["adId"] for ad in body["items"]]
            if body["next"] is None:
                break
            query["cursor"] = body["next"]
        assert (len(seen), set(seen)) == (7, ids)


def test_both_apis_serve_their_description(api: Api) -> None:
    publisher = api.call("GET", f"{api.publisher}/openapi.json").body
    client = api.call("GET", f"{api.client}/openapi.json").body
    assert set(publisher["paths"]["/publisher/{publisherId}/ad/{adId}"]) >= {
        "get",
        "patch",
        "delete",
    }
    assert set(publisher["paths"]["/publisher/{publisherId}/ad"]) >= {"get", "post"}
    assert "get" in client["paths"]["/"]
