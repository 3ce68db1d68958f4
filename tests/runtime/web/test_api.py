"""What every route does alike: problems, logs, sizes, and what it reads off its function."""

import json
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools.event_handler import Response

from runtime.ads.errors import ConflictError, UnavailableError
from runtime.web.api import Api, answer, empty
from runtime.web.inputs import Headers, Limit, PublisherPath, TextInput
from runtime.web.operation import Answer
from runtime.web.problem import CONFLICT
from tests.http_calls import Caller


class Query(TextInput):
    limit: Limit = 25


class Said(Headers):
    x_number: Limit = 1


class Body(TextInput):
    text: str = ""


class StoreError(Exception):
    """An error of a store that a worker foresees."""


def failing(error: Exception) -> Caller:
    api = Api({StoreError: CONFLICT})

    @api.route("GET", "/", summary="Fail", answers={200: Answer("Never")})
    def fail() -> Response[str]:
        raise error

    return Caller(api)


@pytest.fixture
def own_log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger keeps the stream it was made with, so this test's has a name of its own."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", uuid4().hex)


@pytest.fixture
def call() -> Caller:
    api = Api()

    @api.route("POST", "/{publisherId}", summary="Echo", answers={200: Answer("Echo")})
    def echo(path: PublisherPath, query: Query, headers: Said, body: Body) -> Response[str]:
        return answer(200, {"p": path.publisher_id, "q": query.limit, "h": headers.x_number})

    @api.route("DELETE", "/{publisherId}", summary="Nothing", answers={204: Answer("Nothing")})
    def nothing(path: PublisherPath) -> Response[str]:
        return empty(204)

    return Caller(api)


def test_inputs_come_from_their_sources(call: Caller) -> None:
    reply = call("POST", "/pub-1", {"text": "x"}, query="limit=3", headers={"X-Number": "7"})
    assert (reply.status, reply.body) == (200, {"p": "pub-1", "q": 3, "h": 7})
    assert reply.headers["Content-Type"] == "application/json"


def test_faults_of_all_sources_are_told_together(call: Caller) -> None:
    reply = call("POST", "/-", {"a": 1}, query="limit=0&b=1", headers={"X-Number": "x"})
    assert (reply.status, reply.problem) == (422, "invalid")
    assert set(reply.faults) == {"publisherId", "limit", "b", "X-Number", "a"}
    assert reply.body["detail"] == (
        "Nothing was done: 5 faults in the path and the query and the headers and the body."
    )


def test_faults_of_headers_alone_are_a_bad_request(call: Caller) -> None:
    reply = call("POST", "/p", {}, headers={"X-Number": "x"})
    assert (reply.status, reply.problem) == (400, "bad-header")


def test_a_query_field_may_come_once(call: Caller) -> None:
    reply = call("POST", "/p", {}, query="limit=1&limit=1")
    assert reply.faults == {"limit": "is given more than once"}


@pytest.mark.parametrize("query", ["%ff=1", "limit=%ff", "&".join(f"f{n}=1" for n in range(60))])
def test_a_query_that_cannot_be_read(call: Caller, query: str) -> None:
    reply = call("POST", "/p", {}, query=query)
    assert (reply.status, list(reply.faults)) == (422, [""])


def test_a_body_in_base64_is_the_same_body(call: Caller) -> None:
    assert call("POST", "/p", b'{"text": "x"}').status == 200


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (None, 400, "broken-json"),
        ("", 400, "broken-json"),
        ("{", 400, "broken-json"),
        (b"\xff", 400, "broken-json"),
        ("[]", 422, "invalid"),
        ('{"text": "a", "text": "b"}', 422, "invalid"),
        ('{"text": "%s"}' % ("x" * 262_144), 413, "too-large"),
        (b'{"text": "%s"}' % (b"x" * 262_144), 413, "too-large"),
        ('{"text": "%s"}' % ("€" * 100_000), 413, "too-large"),
    ],
)
def test_bodies_that_are_refused(call: Caller, body: Any, status: int, problem: str) -> None:
    reply = call("POST", "/p", body)
    assert (reply.status, reply.problem) == (status, problem)


def test_a_replacement_character_is_refused_where_it_may_stand_for_damage(call: Caller) -> None:
    """As text it may stand for bytes that were not UTF-8; escaped or in base64 it cannot."""
    refused = call("POST", "/p", '{"text": "a\ufffdb"}')
    assert (refused.status, refused.problem) == (400, "broken-json")
    assert "not UTF-8" in refused.body["detail"]
    assert "\\ufffd" in refused.body["detail"]
    for body in ('{"text": "a\\ufffdb"}', '{"text": "a\ufffdb"}'.encode()):
        assert call("POST", "/p", body).status == 200


def test_the_largest_body(call: Caller) -> None:
    around = len('{"text": ""}')
    assert call("POST", "/p", '{"text": "%s"}' % ("x" * (256 * 1024 - around))).status == 200
    assert call("POST", "/p", '{"text": "%s"}' % ("x" * (256 * 1024 - around + 1))).status == 413


def test_an_answer_without_a_body(call: Caller) -> None:
    reply = call("DELETE", "/p")
    assert (reply.status, reply.text) == (204, "")
    assert "Content-Type" not in reply.headers


@pytest.mark.parametrize(("method", "path"), [("GET", "/p"), ("POST", "/p/q"), ("POST", "/")])
def test_unknown_routes_are_a_problem(call: Caller, method: str, path: str) -> None:
    reply = call(method, path)
    assert (reply.status, reply.problem) == (404, "not-found")


def test_foreseen_errors_are_problems() -> None:
    conflict = failing(ConflictError("Ad x"))("GET", "/")
    assert (conflict.status, conflict.headers["Retry-After"]) == (409, "1")
    assert conflict.body["detail"].startswith("Ad x is being changed")
    down = failing(UnavailableError("Ledger ads-0 does not answer."))("GET", "/")
    assert (down.status, down.body["detail"]) == (503, "Ledger ads-0 does not answer.")
    assert failing(StoreError("table secret-name"))("GET", "/").status == 409


@pytest.mark.parametrize("error", [StoreError("secret-name"), KeyError("secret-name")])
def test_a_stores_own_words_stay_here(error: Exception) -> None:
    assert "secret" not in failing(error)("GET", "/").text


def test_an_unforeseen_error_is_logged_and_tells_nothing(
    own_log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = failing(ZeroDivisionError("secret-name"))("GET", "/")
    assert (reply.status, reply.problem) == (500, "internal")
    assert reply.body["detail"].endswith("under request BtCkPhG1liAEJTg=.")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [logged] = [line for line in lines if line.get("level") == "ERROR"]
    assert logged["correlation_id"] == "BtCkPhG1liAEJTg="
    assert logged["exception_name"] == "ZeroDivisionError"
    assert "secret-name" in logged["exception"]


def test_every_answer_is_logged_and_counted(
    own_log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ConflictError("Ad x"))("GET", "/")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [answered] = [line for line in lines if line.get("message") == "answered"]
    assert (answered["method"], answered["path"], answered["status"]) == ("GET", "/", 409)
    counted: dict[str, Any] = {}
    for line in lines:
        counted |= line if "_aws" in line else {}
    assert (counted["Requests"], counted["ClientErrors"]) == ([1.0], [1.0])


def test_a_function_that_takes_something_else_is_refused() -> None:
    def strange(paths: PublisherPath) -> Response[str]:
        return empty(204)

    with pytest.raises(TypeError, match=r"strange takes \['paths'\]"):
        Api().route("GET", "/", summary="Strange", answers={})(strange)
