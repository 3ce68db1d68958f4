"""The queries as publishers ask them."""

import time
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.cursor import pack
from runtime.ads.errors import NotIndexedError
from runtime.commands.routes import routes as commands
from runtime.ledger.errors import CorruptJournalError
from runtime.queries.routes import ReadBody, routes
from runtime.state.errors import DamagedItemError, StateRefusedError
from runtime.web.ad_bodies import AdsBody, PastAdsBody, ProofBody, VersionsBody
from runtime.web.exact_json import dumps, loads
from tests.http_calls import AD, Caller
from tests.memory_ads import MemoryAds
from tests.memory_states import MemoryStates

ADS = "/publisher/pub-1/ad"
LAMBDA_ANSWER_BYTES_MAX = 6 * 1024 * 1024
NEW = NewAd.of(loads(dumps(AD)).value)


@pytest.fixture
def ads() -> MemoryAds:
    return MemoryAds()


@pytest.fixture
def states(ads: MemoryAds) -> MemoryStates:
    return MemoryStates(ads)


@pytest.fixture
def call(ads: MemoryAds, states: MemoryStates) -> Caller:
    return Caller(routes(lambda: states, lambda: ads, lambda: commands(lambda: ads).operations))


@pytest.fixture
def ad_id(ads: MemoryAds) -> str:
    return ads.create("pub-1", NEW).ad_id


@pytest.fixture
def path(ad_id: str) -> str:
    return f"{ADS}/{ad_id}"


def never(_: object = None) -> Any:
    raise AssertionError("must not be asked")


def test_an_ad_with_its_version(call: Caller, path: str, ad_id: str) -> None:
    reply = call("GET", path)
    ReadBody.model_validate(reply.body)
    assert (reply.status, reply.headers["ETag"]) == (200, '"0"')
    assert (reply.body["adId"], reply.body["version"]) == (ad_id, 0)
    assert {name: reply.body[name] for name in AD} == AD


def test_prices_keep_their_scale(call: Caller, ads: MemoryAds, path: str, ad_id: str) -> None:
    ads.change("pub-1", ad_id, AdChanges.of(loads('{"price": 10.00}').value))
    assert '"price":10.00,' in call("GET", path).text


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"0"', 304), ('W/"0"', 304), ('"7", "0"', 304), ("*", 304), ('"1"', 200), ("0", 400)],
)
@pytest.mark.parametrize("query", ["", "consistency=strong"])
def test_a_reader_may_have_it_already(
    call: Caller, path: str, query: str, condition: str, status: int
) -> None:
    reply = call("GET", path, query=query, headers={"If-None-Match": condition})
    assert reply.status == status
    if status == 304:
        assert (reply.text, reply.headers["ETag"]) == ("", '"0"')


def test_strong_reads_ask_the_ledger_and_others_do_not(
    ads: MemoryAds, states: MemoryStates, path: str
) -> None:
    weak = Caller(routes(lambda: states, never))
    strong = Caller(routes(never, lambda: ads))
    assert weak("GET", path).status == 200
    assert weak("GET", path, query="consistency=eventual&versions=false").status == 200
    assert strong("GET", path, query="consistency=strong").status == 200
    assert strong("GET", path, query="versions=true").status == 200


def test_everything_that_happened(call: Caller, ads: MemoryAds, path: str, ad_id: str) -> None:
    ads.change("pub-1", ad_id, AdChanges.of(loads('{"price": 150}').value))
    ads.delete("pub-1", ad_id)
    reply = call("GET", path, query="versions=true")
    VersionsBody.model_validate(reply.body)
    first, second, end = reply.body["items"]
    assert [item["version"] for item in (first, second, end)] == [0, 1, 2]
    assert (first["price"], second["price"], "price" in end) == (10, 150, False)
    assert (end["deleted"], "deleted" in first) == (True, False)
    assert all(item["txTime"] and item["txId"] for item in (first, second, end))


def test_what_each_version_changed(call: Caller, ads: MemoryAds, path: str, ad_id: str) -> None:
    ads.change("pub-1", ad_id, AdChanges.of(loads('{"price": 10.00, "tags": []}').value))
    ads.delete("pub-1", ad_id)
    reply = call("GET", path, query="versions=true&diff=true")
    VersionsBody.model_validate(reply.body)
    created, changed, ended = (item["changes"] for item in reply.body["items"])
    assert created["adTitle"] == [None, AD["adTitle"]]
    assert changed == {"price": [10, 10], "tags": [AD["tags"], []]}
    assert '"price":[10,10.00]' in reply.text
    assert ended["price"] == [10, None]
    assert set(created) == set(ended)


@pytest.mark.parametrize("diff", ["", "&diff=true"])
@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_versions_go_page_by_page(
    call: Caller, ads: MemoryAds, path: str, ad_id: str, diff: str, order: str
) -> None:
    for price in range(1, 8):
        ads.change("pub-1", ad_id, AdChanges.of({"price": Decimal(price)}))
    whole = call("GET", path, query=f"versions=true{diff}").body
    assert (len(whole["items"]), whole["next"]) == (8, None)
    if order == "newest":
        whole["items"].reverse()
    paged: list[Any] = []
    diff = f"{diff}&order={order}"
    query = f"versions=true&limit=3{diff}"
    while True:
        page = call("GET", path, query=query).body
        assert len(page["items"]) <= 3
        paged += page["items"]
        if page["next"] is None:
            break
        query = f"versions=true&limit=3{diff}&cursor={page['next']}"
    assert paged == whole["items"]


@pytest.mark.parametrize("versions_max", [1, 2, 3, 100])
def test_the_newest_versions_come_first_where_that_is_asked_for(
    call: Caller, ads: MemoryAds, path: str, ad_id: str, versions_max: int
) -> None:
    query = f"versions=true&order=newest&diff=true&limit={versions_max}"
    only = call("GET", path, query=query).body
    assert ([item["version"] for item in only["items"]], only["next"]) == ([0], None)
    ads.change("pub-1", ad_id, AdChanges.of({"price": Decimal(3)}))
    ads.delete("pub-1", ad_id)
    page = call("GET", path, query=query).body
    VersionsBody.model_validate(page)
    assert [item["version"] for item in page["items"]] == [2, 1, 0][:versions_max]
    assert page["items"][0]["changes"]["price"] == [3, None]
    assert (page["next"] is None) == (versions_max >= 3)


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_a_page_of_versions_never_outgrows_an_answer(
    call: Caller, ads: MemoryAds, path: str, ad_id: str, order: str
) -> None:
    for number in range(120):
        text = f"{number:03d}" + "🚲" * 9_990
        ads.change("pub-1", ad_id, AdChanges.of({"adDescription": text}))
    versions: list[int] = []
    cursor = ""
    for _ in range(10):
        reply = call("GET", path, query=f"versions=true&diff=true&limit=100&order={order}{cursor}")
        assert len(reply.text.encode()) < LAMBDA_ANSWER_BYTES_MAX
        versions += [item["version"] for item in reply.body["items"]]
        if reply.body["next"] is None:
            break
        cursor = f"&cursor={reply.body['next']}"
    assert versions == sorted(range(121), reverse=order == "newest")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("diff=true", ["diff"]),
        ("order=newest", ["order"]),
        ("versions=true&order=random", ["order"]),
        ("limit=3", ["limit"]),
        ("cursor=x", ["cursor"]),
        ("versions=true&cursor=nonsense", ["cursor"]),
        ("versions=true&limit=0", ["limit"]),
        ("versions=true&limit=101", ["limit"]),
        ("versions=true&diff=perhaps", ["diff"]),
    ],
)
def test_bad_questions_for_versions_are_refused(
    call: Caller, path: str, query: str, fields: list[str]
) -> None:
    reply = call("GET", path, query=query)
    assert (reply.status, list(reply.faults)) == (422, fields)


def test_a_cursor_is_of_one_ad(call: Caller, ads: MemoryAds, path: str, ad_id: str) -> None:
    ads.change("pub-1", ad_id, AdChanges.of({"price": Decimal(1)}))
    cursor = call("GET", path, query="versions=true&limit=1").body["next"]
    other = ads.create("pub-1", NEW).ad_id
    for ad, order in ((other, "oldest"), (ad_id, "newest")):
        query = f"versions=true&order={order}&cursor={cursor}"
        reply = call("GET", f"{ADS}/{ad}", query=query)
        assert (reply.status, list(reply.faults)) == (422, ["cursor"])


def test_the_proof_of_a_version(call: Caller, ads: MemoryAds, path: str, ad_id: str) -> None:
    ads.delete("pub-1", ad_id)
    for version in (0, 1):
        reply = call("GET", f"{path}/versions/{version}/proof")
        ProofBody.model_validate(reply.body)
        proof = ads.proof("pub-1", ad_id, version)
        assert reply.status == 200
        assert reply.body["revision"]["json"]["version"] == version
        assert [b64decode(each) for each in reply.body["proof"]] == list(proof.hashes)
        assert b64decode(reply.body["digest"]) == proof.digest
        assert reply.body["blockAddress"] == {"strandId": "s" * 22, "sequenceNo": 7}
        assert reply.body["digestTipAddress"] == {"strandId": "s" * 22, "sequenceNo": 9}


@pytest.mark.parametrize("version", ["x", "-1", "1.0", "0x1", "1" * 30, "%20"])
def test_versions_are_whole_numbers(call: Caller, path: str, version: str) -> None:
    reply = call("GET", f"{path}/versions/{version}/proof")
    assert (reply.status, list(reply.faults)) == (422, ["version"])


@pytest.mark.parametrize(
    "tail",
    [
        "pub-1/ad/{}/versions/1/proof",
        "pub-2/ad/{}/versions/0/proof",
        "pub-1/ad/no/versions/0/proof",
    ],
)
def test_what_cannot_be_proven(call: Caller, ad_id: str, tail: str) -> None:
    reply = call("GET", f"/publisher/{tail.format(ad_id)}")
    assert (reply.status, reply.problem) == (404, "not-found")


def test_an_ad_as_it_was(call: Caller, ads: MemoryAds, path: str, ad_id: str) -> None:
    [created] = ads.versions("pub-1", ad_id)
    reply = call("GET", path, query={"at": created.tx_time})
    ReadBody.model_validate(reply.body)
    assert (reply.body["version"], reply.body["txTime"]) == (0, created.tx_time)
    before = datetime.fromisoformat(created.tx_time) - timedelta(milliseconds=1)
    assert call("GET", path, query={"at": before.isoformat()}).status == 404


@pytest.mark.parametrize("query", ["", "consistency=strong", "versions=true"])
@pytest.mark.parametrize(
    "whose", ["/publisher/pub-2/ad/{}", "/publisher/pub-1/ad/nope", "/publisher/pub-1/ad/%00"]
)
def test_what_is_not_there(call: Caller, ad_id: str, whose: str, query: str) -> None:
    reply = call("GET", whose.format(ad_id), query=query)
    assert (reply.status, reply.problem) == (404, "not-found")


@pytest.mark.parametrize("query", ["", "consistency=strong"])
def test_a_deleted_ad_is_not_there(
    call: Caller, ads: MemoryAds, path: str, ad_id: str, query: str
) -> None:
    ads.delete("pub-1", ad_id)
    assert call("GET", path, query=query).status == 404


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (
            "versions=perhaps&at=yesterday&consistency=weak&x=1",
            ["versions", "at", "consistency", "x"],
        ),
        ("versions=true&at=2026-01-01T00:00:00Z", ["at"]),
        ("at=2026-01-01", ["at"]),
        ("at=", ["at"]),
        ("versions=", ["versions"]),
        ("consistency=strong&consistency=strong", ["consistency"]),
    ],
)
def test_every_fault_of_a_question_is_named(
    call: Caller, path: str, query: str, fields: list[str]
) -> None:
    reply = call("GET", path, query=query)
    assert (reply.status, reply.problem, list(reply.faults)) == (422, "invalid", fields)


def test_the_future_cannot_be_read(call: Caller, path: str) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert call("GET", path, query={"at": later}).faults == {"at": "must not lie in the future"}


def test_lists_go_page_by_page(call: Caller, ads: MemoryAds) -> None:
    created = [ads.create("pub-1", NEW).ad_id for _ in range(7)]
    ads.create("pub-2", NEW)
    ads.delete("pub-1", created[3])
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        reply = call("GET", ADS, query=query)
        AdsBody.model_validate(reply.body)
        assert len(reply.body["items"]) <= 2
        seen += [item["adId"] for item in reply.body["items"]]
        if reply.body["next"] is None:
            break
        query["cursor"] = reply.body["next"]
    assert seen == [ad_id for ad_id in reversed(created) if ad_id != created[3]]


def test_a_list_of_nothing(call: Caller) -> None:
    assert call("GET", ADS).body == {"items": [], "next": None}


def test_a_page_has_25_ads_unless_asked_otherwise(call: Caller, ads: MemoryAds) -> None:
    for _ in range(30):
        ads.create("pub-1", NEW)
    assert len(call("GET", ADS).body["items"]) == 25
    assert len(call("GET", ADS, query="limit=100").body["items"]) == 30


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=" + "x" * 5000, "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("offset=3", "offset"),
        ("at=yesterday", "at"),
        ("at=2026-01-01T00:00:00", "at"),
        ("at=9999-01-01T00:00:00Z", "at"),
        ("at=2026-01-01T00:00:00Z&cursor=x", "cursor"),
    ],
)
def test_bad_pages_are_refused(call: Caller, query: str, field: str) -> None:
    reply = call("GET", ADS, query=query)
    assert (reply.status, list(reply.faults)) == (422, [field])


def test_a_list_as_it_was(call: Caller, ads: MemoryAds) -> None:
    ids = sorted(ads.create("pub-1", NEW).ad_id for _ in range(5))
    ads.create("pub-2", NEW)
    time.sleep(0.003)
    then = datetime.now(UTC).isoformat()
    time.sleep(0.003)
    ads.delete("pub-1", ids[0])
    ads.change("pub-1", ids[1], AdChanges.of(loads('{"price": 10.00}').value))
    listed: list[Any] = []
    query = f"at={then}&limit=2"
    while True:
        reply = call("GET", ADS, query=query.replace("+", "%2B"))
        PastAdsBody.model_validate(reply.body)
        assert (reply.status, len(reply.body["items"]) <= 2) == (200, True)
        listed += reply.body["items"]
        if reply.body["next"] is None:
            break
        query = f"at={then}&limit=2&cursor={reply.body['next']}"
    assert [(ad["adId"], ad["version"]) for ad in listed] == [(ad_id, 0) for ad_id in ids]
    for ad in listed:
        path = f"{ADS}/{ad['adId']}"
        assert call("GET", path, query=f"at={then}".replace("+", "%2B")).body == ad
    now = datetime.now(UTC).isoformat().replace("+", "%2B")
    assert len(call("GET", ADS, query=f"at={now}").body["items"]) == 4


def test_lists_of_then_ask_the_ledger_alone(ads: MemoryAds) -> None:
    reply = Caller(routes(never, lambda: ads))("GET", ADS, query="at=2020-01-01T00:00:00Z")
    assert (reply.status, reply.body) == (200, {"items": [], "next": None})


def test_a_cursor_of_then_belongs_to_a_publisher_and_a_time(call: Caller, ads: MemoryAds) -> None:
    for publisher in ("pub-1", "pub-2"):
        ads.create(publisher, NEW)
        ads.create(publisher, NEW)
    at = "at=" + datetime.now(UTC).isoformat().replace("+", "%2B")
    cursor = call("GET", ADS, query=f"{at}&limit=1").body["next"]
    for path, query in (
        ("/publisher/pub-2/ad", f"{at}&cursor={cursor}"),
        (ADS, f"at=2020-01-01T00:00:00Z&cursor={cursor}"),
        (ADS, f"cursor={cursor}"),
        (ADS, f"{at}&cursor={cursor[:-4]}"),
        (ADS, f"{at}&cursor={pack('past', 'pub-1', None, 'x')}"),
    ):
        reply = call("GET", path, query=query)
        assert (reply.status, list(reply.faults)) == (422, ["cursor"])


def test_a_ledger_that_cannot_tell_whose_ads_it_has_says_so(ads: MemoryAds) -> None:
    class OldAds(MemoryAds):
        def all_at(
            self, publisher_id: str, time: datetime, limit: int, after: str | None = None
        ) -> Any:
            raise NotIndexedError(1000)

    reply = Caller(routes(never, OldAds))("GET", ADS, query="at=2020-01-01T00:00:00Z")
    assert (reply.status, reply.problem) == (409, "not-indexed")
    assert "Replay everything" in reply.body["detail"]


def test_a_state_table_that_is_down_is_unavailable(
    call: Caller, states: MemoryStates, path: str
) -> None:
    states.down = True
    reply = call("GET", path)
    assert (reply.status, reply.problem) == (503, "unavailable")
    assert "secret-name" not in reply.text


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [
        (StateRefusedError("DynamoDB refuses secret-name"), 422, "invalid"),
        (DamagedItemError("item secret-name is not one a projection wrote"), 500, "damaged"),
        (CorruptJournalError("ad secret-name has no version 1"), 500, "damaged"),
    ],
)
def test_what_stores_say_is_a_problem_of_a_kind_and_no_secret(
    error: Exception, status: int, problem: str
) -> None:
    def fails() -> Any:
        raise error

    for query in ("", "at=2020-01-01T00:00:00Z"):
        reply = Caller(routes(fails, fails))("GET", ADS, query=query)
        assert (reply.status, reply.problem) == (status, problem)
        assert "secret-name" not in reply.text


def test_the_description_has_the_commands_too(call: Caller) -> None:
    reply = call("GET", "/openapi.json")
    paths = reply.body["paths"]
    assert set(paths[ADS.replace("pub-1", "{publisherId}")]) == {"get", "post"}
    assert set(paths["/publisher/{publisherId}/ad/{adId}"]) == {"get", "patch", "delete"}
    assert set(paths["/publisher/{publisherId}/ad/{adId}/versions/{version}/proof"]) == {"get"}
    assert "openapi.json" in " ".join(paths)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["versions", "at", "consistency", "limit", "cursor"]), st.text()
    )
    | st.text()
    | st.from_regex(r"at=[0-9TZ:.+%-]{0,30}"),
    st.sampled_from(["", "/{}", "/" + "0" * 22]),
    st.text(),
)
def test_no_question_breaks_a_query(
    call: Caller, ad_id: str, query: Any, tail: str, condition: str
) -> None:
    path = ADS + tail.format(ad_id)
    assert call("GET", path, query=query, headers={"If-None-Match": condition}).status < 500


def test_a_query_needs_its_stores_when_asked_only() -> None:
    asked: list[str] = []

    def build(name: str) -> Callable[[], Any]:
        return lambda: asked.append(name) or never()

    api = Caller(routes(build("states"), build("ads")))
    assert api("GET", "/openapi.json").status == 200
    assert asked == []
