"""That the published descriptions are true: schemathesis calls what they describe."""

import re

import schemathesis
from hypothesis import given
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from runtime.ads.ad import NewAd
from runtime.commands.routes import routes as commands
from runtime.queries.routes import routes as queries
from runtime.search.routes import routes as search
from runtime.web.exact_json import dumps, loads
from tests.fuzzing import effort
from tests.http_calls import AD, Caller
from tests.memory_ads import MemoryAds
from tests.memory_states import MemoryIndex, MemoryStates
from tests.wsgi import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
ADS = MemoryAds()
COMMANDS = commands(lambda: ADS)
QUERIES = queries(lambda: MemoryStates(ADS), lambda: ADS, lambda: COMMANDS.operations)
SEARCH = search(MemoryIndex)
FEW = effort(40)

publishers = schemathesis.openapi.from_wsgi(
    "/openapi.json",
    application({"GET": QUERIES, "POST": COMMANDS, "PATCH": COMMANDS, "DELETE": COMMANDS}),
)
QUERIES_DOCUMENT = Caller(QUERIES)("GET", "/openapi.json").body
READERS_DOCUMENT = Caller(SEARCH)("GET", "/openapi.json").body
readers = schemathesis.openapi.from_wsgi("/openapi.json", application({"GET": SEARCH}))


@publishers.parametrize()
@FEW
def test_the_publishers_api_is_as_described(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)


@readers.parametrize()
@FEW
def test_the_readers_api_is_as_described(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)


CREATION = publishers["/publisher/{publisherId}/ad"]["POST"]


@FEW
@given(CREATION.as_strategy(generation_mode=GenerationMode.POSITIVE))
def test_what_is_described_as_an_ad_is_taken(case: schemathesis.Case) -> None:
    answer = case.call()
    if answer.status_code == 422 and answer.json()["type"].endswith(":invalid"):
        # The one rule that a schema cannot say of a JSON number.
        assert answer.json()["faults"] == [
            {"field": "price", "message": "must have at most 8 decimals"}
        ]
    else:
        assert answer.status_code in (201, 422)


def test_the_example_of_the_documentation_is_described() -> None:
    assert set(NewAd.of(loads(dumps(AD)).value).fields()) == set(AD)
    schemas = QUERIES_DOCUMENT["components"]["schemas"]
    assert set(schemas["NewAd"]["properties"]) == set(AD)
    assert schemas["NewAd"]["required"] == ["adTitle", "price", "currency", "category"]
    assert schemas["NewAd"]["properties"]["price"]["minimum"] == 0
    assert schemas["AdChanges"]["minProperties"] == 1
    assert "default" not in schemas["AdChanges"]["properties"]["price"]


def test_every_reference_leads_somewhere() -> None:
    for description in (QUERIES_DOCUMENT, READERS_DOCUMENT):
        known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
        assert set(re.findall(r'"\$ref":"([^"]+)"', dumps(description))) == known


def test_every_operation_has_problems_of_one_shape() -> None:
    for path in QUERIES_DOCUMENT["paths"].values():
        for operation in path.values():
            refusals = [r for status, r in operation["responses"].items() if status >= "400"]
            assert refusals
            assert {name for r in refusals for name in r["content"]} == {"application/problem+json"}
