"""HTTP as such: one port, kept-alive connections, ids, limits, and what is not a request."""

import base64
import hashlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.ledger.server.errors import DirectoryInUseError
from runtime.ledger.server.options import ServerOptions
from runtime.ledger.server.server import LedgerServer
from tests.runtime.ledger.server.serving import Clients, run, serving
from tests.runtime.ledger.server.wire import SESSION_HEADERS, TIMEOUT_S, Wire

JSON = {"Content-Type": "application/json"}
CREATE = json.dumps({"Name": "cars", "PermissionsMode": "ALLOW_ALL"}).encode()


@pytest.fixture
def wire(clients: Clients) -> Iterator[Wire]:
    wire = Wire(clients.url)
    yield wire
    wire.close()


def token(wire: Wire) -> str:
    answer = wire.command({"StartSession": {"LedgerName": "cars"}})
    assert answer.status == 200
    return answer.json["StartSession"]["SessionToken"]


def test_both_apis_answer_on_one_kept_connection(wire: Wire) -> None:
    created = wire.send("POST", "/ledgers", CREATE, JSON)
    assert (created.status, created.headers["content-type"]) == (200, "application/json")
    assert isinstance(created.json["CreationDateTime"], float)
    local = wire.connection.sock.getsockname()
    started = wire.command({"StartSession": {"LedgerName": "cars"}})
    assert (started.status, started.headers["content-type"]) == (
        200,
        "application/x-amz-json-1.0",
    )
    assert wire.connection.sock.getsockname() == local
    ids = [created.headers["x-amzn-requestid"], started.headers["x-amzn-requestid"]]
    assert all(len(one) == 22 for one in ids)
    assert ids[0] != ids[1]


def test_a_whole_transaction_by_hand(wire: Wire) -> None:
    wire.send("POST", "/ledgers", CREATE, JSON)
    session = {"SessionToken": token(wire)}
    started = wire.command({**session, "StartTransaction": {}}).json["StartTransaction"]
    transaction = {"TransactionId": started["TransactionId"]}
    executed = wire.command(
        {**session, "ExecuteStatement": {**transaction, "Statement": "CREATE TABLE Cars"}}
    ).json["ExecuteStatement"]
    [row] = executed["FirstPage"]["Values"]
    assert base64.b64decode(row["IonBinary"]).startswith(b"\xe0\x01\x00\xea")
    assert "NextPageToken" not in executed["FirstPage"]
    wrong = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    refused = wire.command({**session, "CommitTransaction": {**transaction, "CommitDigest": wrong}})
    assert (refused.status, refused.json["__type"]) == (400, "BadRequestException")
    assert "digest" in refused.json["Message"]
    again = wire.command({**session, "StartTransaction": {}})
    assert again.status == 200


def test_ion_text_is_taken_as_a_parameter(wire: Wire) -> None:
    wire.send("POST", "/ledgers", CREATE, JSON)
    session = {"SessionToken": token(wire)}
    started = wire.command({**session, "StartTransaction": {}}).json["StartTransaction"]
    statement = {
        "TransactionId": started["TransactionId"],
        "Statement": "SELECT VALUE v FROM << ? >> AS v",
        "Parameters": [{"IonText": "1.50"}],
    }
    answer = wire.command({**session, "ExecuteStatement": statement})
    [row] = answer.json["ExecuteStatement"]["FirstPage"]["Values"]
    assert row["IonBinary"] == base64.b64encode(b"\xe0\x01\x00\xea\x53\xc2\x00\x96").decode()


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (b"", ["exactly one command"]),
        (b"{", ["not JSON"]),
        (b"[]", ["must be a JSON object"]),
        (b"\xff\xfe{}", ["not JSON"]),
        (b'{"StartSession":{"LedgerName":"\\ud800"}}', ["not JSON"]),
        (b'{"StartSession":{"LedgerName":NaN}}', ["not JSON"]),
        (b"[" * 100_000, ["not JSON"]),
        (b'{"a":' + b"9" * 5000 + b"}", ["not JSON"]),
        (b'{"StartSession":{"LedgerName":"cars"},"EndSession":{}}', ["exactly one command"]),
        (b'{"StartSession":5}', ["StartSession: must be a structure"]),
        (b'{"StartSession":{"LedgerName":7,"X":1}}', ["LedgerName", "X: unknown member"]),
        (
            b'{"CommitTransaction":{"TransactionId":"short","CommitDigest":"no base64!"}}',
            ["SessionToken: is missing", "TransactionId: must be", "CommitDigest: must be"],
        ),
        (
            b'{"SessionToken":"abcd","ExecuteStatement":{"TransactionId":"' + b"0" * 22 + b'",'
            b'"Statement":"","Parameters":[{"IonBinary":"~"},{},7]}}',
            ["Statement: must be", "[0] must hold", "[1] must hold", "[2] must be"],
        ),
    ],
)
def test_every_fault_of_a_command_is_named(wire: Wire, body: bytes, faults: list[str]) -> None:
    answer = wire.command(body)
    assert answer.status == 400
    assert all(fault in answer.json["Message"] for fault in faults), answer.json
    assert answer.headers["x-amzn-errortype"] == answer.json["__type"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "UnknownOperationException"),
        ("GET", "/nothing", 404, "UnknownOperationException"),
        ("GET", "/ledgers/", 400, "InvalidParameterException"),
        ("GET", "/ledgers/a/b/c", 404, "UnknownOperationException"),
        ("PUT", "/ledgers", 405, "MethodNotAllowedException"),
        ("HEAD", "/ledgers", 405, "MethodNotAllowedException"),
        ("GET", "/ledgers/%ff", 400, "SerializationException"),
        ("GET", "/ledgers?next_token=%ff", 400, "SerializationException"),
        ("GET", "/ledgers?max_results=many", 400, "InvalidParameterException"),
        ("GET", "/ledgers?max_results=0", 400, "InvalidParameterException"),
        ("GET", "/ledgers?" + "a=1&" * 400, 400, "SerializationException"),
        ("GET", "/ledgers?x-id=ListLedgers", 200, ""),
        ("GET", "/ledgers/caf%C3%A9", 400, "InvalidParameterException"),
        ("DELETE", "/tags/arn%3Aaws", 400, "InvalidParameterException"),
    ],
)
def test_what_is_no_operation_is_refused(
    wire: Wire, method: str, path: str, status: int, code: str
) -> None:
    answer = wire.send(method, path)
    assert (answer.status, answer.headers.get("x-amzn-errortype", "")) == (status, code)
    if method == "HEAD":
        assert answer.body == b""


def test_labels_are_decoded_after_routing(wire: Wire) -> None:
    wire.send("POST", "/ledgers", CREATE, JSON)
    tags = "/tags/arn%3Aaws%3Aqldb%3Aus-east-1%3A000000000000%3Aledger%2Fcars"
    assert wire.send("GET", tags).json == {"Tags": {}}
    assert wire.send("POST", tags, b'{"Tags":{"a":"1"}}', JSON).json == {}
    assert wire.send("DELETE", f"{tags}?tagKeys=b&tagKeys=a").json == {}
    assert wire.send("GET", tags).json == {"Tags": {}}


def test_a_stray_member_is_a_fault(wire: Wire) -> None:
    body = b'{"Name":"cars","PermissionsMode":"ALLOW_ALL","DeletonProtection":false,"Tags":[]}'
    answer = wire.send("POST", "/ledgers", body, JSON)
    assert (answer.status, answer.json["__type"]) == (400, "InvalidParameterException")
    assert "DeletonProtection is not a member" in answer.json["Message"]
    assert "Tags must be a map" in answer.json["Message"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/ledgers", {}),
        ("/ledgers", {"Content-Type": "text/plain"}),
        ("/", {**SESSION_HEADERS, "Content-Type": "text/plain"}),
    ],
)
def test_bodies_that_any_web_page_could_send_are_refused(
    wire: Wire, path: str, headers: dict[str, str]
) -> None:
    assert wire.send("POST", path, CREATE, headers).status == 415


@pytest.mark.parametrize(
    ("target", "status"),
    [("QLDBSession.Other", 400), ("", 400), ("qldbsession.sendcommand", 400)],
)
def test_other_targets_are_refused(wire: Wire, target: str, status: int) -> None:
    answer = wire.send("POST", "/", b"{}", {**SESSION_HEADERS, "X-Amz-Target": target})
    assert (answer.status, answer.json["__type"]) == (status, "UnknownOperationException")
    assert wire.send("GET", "/", None, SESSION_HEADERS).status == 405


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_not_http_is_refused(wire: Wire, sent: bytes, status: int) -> None:
    received = wire.raw(sent)
    assert received.split(b" ", 2)[1] == str(status).encode(), received[:200]


def test_an_absolute_uri_and_chunks_are_understood(wire: Wire) -> None:
    head = b"POST http://ledger.example/ledgers?a=b HTTP/1.1\r\nConnection: close\r\n"
    chunked = b"Transfer-Encoding: chunked\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(CREATE), CREATE)
    assert wire.raw(head + chunked + body).startswith(b"HTTP/1.1 200 OK")


def test_a_body_may_be_as_large_as_the_limit(tmp_path: Path) -> None:
    options = ServerOptions(body_bytes_max=2000, large_body_bytes=1000, large_bodies_max=1)
    with serving(tmp_path, options) as clients:
        wire = Wire(clients.url)
        assert wire.send("POST", "/ledgers", CREATE.ljust(2000), JSON).status == 200
        assert wire.send("POST", "/ledgers", CREATE.ljust(2001), JSON).status == 413
        wire.close()


def test_large_parameters_and_pages_pass(clients: Clients) -> None:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    texts = [str(n) * 120_000 for n in range(9)]
    for text in texts:
        run(driver, "INSERT INTO Cars ?", {"text": text})
    rows = run(driver, "SELECT VALUE [a.text, b.text] FROM Cars AS a, Cars AS b")
    assert len(rows) == 81
    assert {(str(a), str(b)) for a, b in rows} == {(a, b) for a in texts for b in texts}


def test_many_connections_are_served(clients: Clients) -> None:
    clients.ledger()
    wires = [Wire(clients.url) for _ in range(60)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda w=w: statuses.append(w.send("GET", "/ledgers").status))
        for w in wires
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    for wire in wires:
        wire.close()
    assert statuses == [200] * 60


def test_only_the_loopback_is_listened_to(clients: Clients) -> None:
    assert clients.url.startswith("http://127.0.0.1:")


def test_a_directory_has_one_server(tmp_path: Path) -> None:
    with LedgerServer(tmp_path), pytest.raises(DirectoryInUseError, match="another server"):
        LedgerServer(tmp_path)
    with LedgerServer(tmp_path):
        pass


def test_a_taken_port_leaves_the_directory_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            LedgerServer(tmp_path, port=port)
    with LedgerServer(tmp_path):
        pass


def test_a_request_being_served_is_answered_before_the_end(tmp_path: Path) -> None:
    with serving(tmp_path) as clients:
        driver = clients.ledger()
        run(driver, "CREATE TABLE Cars")
        run(driver, "INSERT INTO Cars ?", [{"n": n} for n in range(40)])
        wire = Wire(clients.url)
        session = {"SessionToken": token(wire)}
        started = wire.command({**session, "StartTransaction": {}}).json["StartTransaction"]
        count = "SELECT COUNT(*) FROM Cars AS a, Cars AS b, Cars AS c WHERE a.n + b.n < c.n"
        statement = {"TransactionId": started["TransactionId"], "Statement": count}
        answers: list[int] = []
        thread = threading.Thread(
            target=lambda: answers.append(
                wire.command({**session, "ExecuteStatement": statement}).status
            )
        )
        thread.start()
        time.sleep(0.1)
        assert thread.is_alive()
    thread.join(TIMEOUT_S)
    wire.close()
    assert answers == [200]


def test_the_loop_may_wake_while_it_is_being_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LedgerServer(tmp_path) as server:
        trigger = server._transport._server.trigger
        pull = trigger._physical_pull

        def pulled_twice() -> None:
            pull()
            time.sleep(0.2)  # By now the loop is awake, and closes what it may close.
            pull()

        monkeypatch.setattr(trigger, "_physical_pull", pulled_twice)
    assert trigger._closed


def test_an_unexpected_failure_is_logged_and_told(
    clients: Clients, wire: Wire, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    driver = clients.ledger()
    run(driver, "CREATE TABLE Cars")
    file = tmp_path / "ledgers" / "cars.sqlite"
    with caplog.at_level(logging.ERROR), file.open("r+b") as handle:
        handle.truncate(4096)
        file.with_name("cars.sqlite-wal").write_bytes(b"")
        answer = wire.send("POST", "/ledgers/cars/digest")
    assert answer.status in (500, 503)
    assert answer.json["Message"]
    assert "cars.sqlite" in caplog.text
