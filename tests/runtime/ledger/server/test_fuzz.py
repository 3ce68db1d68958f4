"""Requests that are almost right, and bytes that are none: 4xx, never 5xx."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.service_model import control_plane
from tests.fuzzing import effort
from tests.runtime.ledger.server.serving import run, serving
from tests.runtime.ledger.server.wire import SESSION_HEADERS, Reply, Wire

FUZZ = effort(150)
IDS = st.just("0" * 22) | st.text("09azAZ-", min_size=20, max_size=23)
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["", "cars", "\ud800", "\0", "a" * 200, "arn:aws:qldb:us-east-1:000000000000:ledger/cars"]
)
NUMBERS = st.integers() | st.floats(allow_nan=False) | st.sampled_from([10**400, -(10**40), 1e308])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
MODEL = control_plane()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with serving(folder, ServerOptions(ledgers_max=20, sessions_max=10**6)) as clients:
        run(clients.ledger(DeletionProtection=True), "CREATE TABLE Cars")
        wire = Wire(clients.url)
        yield wire
        wire.close()


def of_shape(name: str) -> st.SearchStrategy[Any]:
    """Values that mostly have a shape."""
    shape = MODEL.shapes[name]
    right: st.SearchStrategy[Any]
    if shape["type"] == "structure":
        members = {n: of_shape(m["shape"]) for n, m in shape["members"].items()}
        right = st.fixed_dictionaries({}, optional=members)
    elif shape["type"] == "map":
        right = st.dictionaries(st.text(max_size=130), of_shape(shape["value"]["shape"]))
    elif shape["type"] == "list":
        right = st.lists(of_shape(shape["member"]["shape"]), max_size=4)
    elif "enum" in shape:
        right = st.sampled_from(shape["enum"])
    else:
        kinds = {"boolean": st.booleans(), "integer": NUMBERS, "timestamp": NUMBERS}
        right = kinds.get(shape["type"], IDS if name == "UniqueId" else TEXTS)
    return st.integers(0, 5).flatmap(lambda n: right if n else JUNK)


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """Method, path and body of an operation, its parts right or wrong."""
    operation = draw(st.sampled_from(MODEL.operations))
    segments = [
        quote(draw(TEXTS | st.just("cars") | IDS).encode("utf-8", "surrogatepass"), safe="")
        if segment.startswith("{")
        else segment
        for segment in operation.path
    ]
    fields = draw(st.dictionaries(st.sampled_from(["max_results", "next_token", "tagKeys"]), TEXTS))
    query = "&".join(
        f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in fields.items()
    )
    method = draw(st.sampled_from([operation.method] * 5 + ["POST", "PATCH", "OPTIONS"]))
    body = json.dumps(draw(of_shape(operation.request))).encode()
    if draw(st.integers(0, 9)) == 0:
        body = body[: draw(st.integers(0, len(body)))]
    return method, "/".join(segments) + (f"?{query}" if query else ""), body


COMMANDS = st.sampled_from(
    ["StartSession", "StartTransaction", "ExecuteStatement", "FetchPage", "CommitTransaction"]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "LedgerName": st.just("cars") | SCALARS,
        "TransactionId": IDS | SCALARS,
        "Statement": st.just("SELECT * FROM Cars") | SCALARS,
        "Parameters": st.lists(st.fixed_dictionaries({"IonBinary": TEXTS}) | JUNK, max_size=3),
        "NextPageToken": TEXTS | JUNK,
        "CommitDigest": TEXTS | JUNK,
        "Stray": JUNK,
    },
)


def check(reply: Reply) -> None:
    assert reply.status < 500, reply.body
    assert len(reply.headers["x-amzn-requestid"]) == 22
    if reply.status >= 400:
        assert reply.json["__type"] == reply.headers["x-amzn-errortype"]
        assert reply.json["Message"]


@FUZZ
@given(operations())
def test_no_operation_fails_the_server(wire: Wire, request_: tuple[str, str, bytes]) -> None:
    method, path, body = request_
    check(wire.send(method, path, body, {"Content-Type": "application/json"}))


@FUZZ
@given(
    st.dictionaries(COMMANDS, FIELDS | JUNK, max_size=2),
    st.none() | TEXTS | JUNK,
    st.integers(0, 400),
)
def test_no_command_fails_the_server(wire: Wire, commands: Any, token: Any, cut: int) -> None:
    request = commands if token is None else {**commands, "SessionToken": token}
    body = json.dumps(request).encode()
    check(wire.command(body[:cut] if cut < 40 else body))


@FUZZ
@given(
    parameters=st.lists(
        st.fixed_dictionaries({"IonText": TEXTS | st.text("{[(\"':a1.-,`\\", max_size=60)})
        | st.fixed_dictionaries({"IonBinary": st.text("4AEA6iFAx/+", max_size=40)}),
        max_size=3,
    ),
    statement=st.text("SELECT*FROM Cars?<>[]{}`'\",.:()-9", min_size=1, max_size=80),
)
def test_no_statement_fails_the_server(wire: Wire, parameters: Any, statement: str) -> None:
    started = wire.command({"StartSession": {"LedgerName": "cars"}}).json
    session = {"SessionToken": started["StartSession"]["SessionToken"]}
    begun = wire.command({**session, "StartTransaction": {}}).json["StartTransaction"]
    fields = {
        "TransactionId": begun["TransactionId"],
        "Statement": statement,
        "Parameters": parameters,
    }
    check(wire.command({**session, "ExecuteStatement": fields}))
    check(wire.command({**session, "EndSession": {}}))


@FUZZ
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_no_bytes_fail_the_server(wire: Wire, seed: int, changes: int) -> None:
    random_ = random.Random(seed)
    headers = "".join(f"{name}: {value}\r\n" for name, value in SESSION_HEADERS.items())
    body = b'{"StartSession":{"LedgerName":"cars"}}'
    sent = bytearray(
        f"POST / HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
    )
    for _ in range(changes):
        sent[random_.randrange(len(sent))] = random_.randrange(256)
    received = wire.raw(bytes(sent))
    # Nothing comes back when the request never became whole.
    assert not received or received.split(b" ", 2)[1][:1] in (b"2", b"4"), received
