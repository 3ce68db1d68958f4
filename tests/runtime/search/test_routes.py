"""The search as readers ask it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runtime.ads.cursor import pack
from runtime.ads.revision import AdRevision
from runtime.search.routes import routes
from runtime.search_index.query import Search
from runtime.web.ad_bodies import FoundBody
from tests.http_calls import Caller
from tests.memory_states import SECOND, MemoryIndex


def found(number: int, price: str) -> AdRevision:
    fields = {
        "publisherId": "p",
        "adTitle": f"ad {number}",
        "adDescription": "",
        "price": Decimal(price),
        "currency": "€",
        "category": "c",
        "tags": [],
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    return AdRevision(f"{number:022d}", 3, "2026-01-01T00:00:00.000Z", "t", fields)


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex([found(n, "10.50") for n in range(30)])


@pytest.fixture
def call(index: MemoryIndex) -> Caller:
    return Caller(routes(lambda: index))


def test_what_was_found(call: Caller) -> None:
    reply = call("GET", "/", query="q=ad")
    FoundBody.model_validate(reply.body)
    assert (reply.status, reply.body["total"], reply.body["next"]) == (200, 30, SECOND)
    assert [item["adTitle"] for item in reply.body["items"]] == [f"ad {n}" for n in range(25)]
    assert '"price":10.50,' in reply.text
    assert reply.body["items"][0]["version"] == 3


@pytest.mark.parametrize(
    ("query", "search"),
    [
        ({}, Search()),
        ({"q": "red, blue bike"}, Search(words="red, blue bike")),
        ({"q": ""}, Search(words="")),
        ({"category": "awesome category", "tag": "🚲"}, Search(None, "awesome category", "🚲")),
        (
            {"minPrice": "1.50", "maxPrice": "1e3"},
            Search(min_price=Decimal("1.50"), max_price=Decimal("1e3")),
        ),
        ({"minPrice": "5", "maxPrice": "5"}, Search(min_price=Decimal(5), max_price=Decimal(5))),
    ],
)
def test_what_is_looked_for(
    call: Caller, index: MemoryIndex, query: dict[str, str], search: Search
) -> None:
    assert call("GET", "/", query=query).status == 200
    assert index.asked == [{"search": search, "limit": 25, "cursor": None}]


def test_pages(call: Caller, index: MemoryIndex) -> None:
    assert call("GET", "/", query=f"limit=100&cursor={SECOND}").body["next"] is None
    assert (index.asked[0]["limit"], index.asked[0]["cursor"]) == (100, SECOND)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ({"cursor": pack("other")}, {"cursor": "The cursor is damaged. Begin without a cursor."}),
        (
            {"cursor": "nonsense", "limit": "0"},
            {"cursor": "is damaged; begin without a cursor", "limit": "must be at least 1"},
        ),
        ({"limit": "0"}, {"limit": "must be at least 1"}),
        ({"limit": "101"}, {"limit": "must be at most 100"}),
        ({"q": "x" * 501}, {"q": "must have at most 500 characters"}),
        ({"q": "a\0"}, {"q": "must not contain the control characters U+0000"}),
        ({"category": ""}, {"category": "must not be empty"}),
        ({"tag": " "}, {"tag": "must not be blank"}),
        ({"minPrice": "2", "maxPrice": "1"}, {"maxPrice": "must not be below minPrice"}),
        ({"colour": "red"}, {"colour": "is not a known field"}),
        (
            {"minPrice": "cheap", "maxPrice": "-1", "limit": "-3"},
            {
                "minPrice": "must be a number",
                "maxPrice": "must not be negative",
                "limit": "must be at least 1",
            },
        ),
    ],
)
def test_faults_are_named(
    call: Caller, index: MemoryIndex, query: dict[str, str], faults: dict[str, str]
) -> None:
    reply = call("GET", "/", query=query)
    assert (reply.status, reply.faults) == (422, faults)
    assert index.asked == []


def test_the_api_describes_itself(call: Caller) -> None:
    description = call("GET", "/openapi.json").body
    assert description["openapi"] == "3.1.0"
    names = {parameter["name"] for parameter in description["paths"]["/"]["get"]["parameters"]}
    assert names == {"q", "category", "tag", "minPrice", "maxPrice", "limit", "cursor"}


NAMES = st.sampled_from(["q", "category", "tag", "minPrice", "maxPrice", "limit", "cursor", "x"])


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(NAMES, st.text() | st.integers().map(str)) | st.text())
def test_no_question_breaks_the_search(call: Caller, query: Any) -> None:
    assert call("GET", "/", query=query).status < 500
