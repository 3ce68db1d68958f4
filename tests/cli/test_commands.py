"""The command line: exit codes, JSON, errors; against a loopback server where one is asked."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import simplejson

from cli import operations
from cli.__main__ import main
from cli.parser import parser
from runtime.ledger import merkle
from runtime.ledger.exports.folder import FolderDestination
from tests.cli.proofs import proof_of
from tests.fakes import MemoryStorage
from tests.runtime.ad_ledger.stores import ledger_over
from tests.runtime.ad_ledger.test_contract import NEW, changes
from tests.runtime.ledger.exports.exporting import busy_ledger, export

ROOT = Path(__file__).resolve().parents[2]
REPLAY = {
    "replayId": "20260101t000000-00000000",
    "target": "state",
    "scope": "all",
    "status": "RUNNING",
    "percent": 50.0,
    "createdAt": "2026-01-01T00:00:00.000Z",
    "counts": {"blocks": {"done": 1, "total": 2}},
    "faults": [],
}
SNAPSHOT = {"snapshotId": "000001", "status": "RUNNING", "blocks": {"done": 0, "total": 0}}
Answer = tuple[int, Any]


class Server(ThreadingHTTPServer):
    """Answers each path by a function; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Callable[[int], Answer]] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        path = self.path.split("?")[0]
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        count = sum(asked[1].split("?")[0] == path for asked in self.server.asked)
        status, answer = self.server.answers.get(path, lambda _: (404, {"detail": "Nothing."}))(
            count
        )
        data = simplejson.dumps(answer, use_decimal=True).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Whoever waits for it looks often."""
    monkeypatch.setattr(operations, "POLL_S", 0.01)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def outputs(server: Server, tmp_path: Path) -> str:
    endpoint = f"http://127.0.0.1:{server.server_port}"
    path = tmp_path / "outputs.json"
    named = {
        "publisherApiEndpoint": f"{endpoint}/_aws/execute-api/abc",
        "operationsApiEndpoint": endpoint,
    }
    path.write_text(json.dumps(named))
    return str(path)


@pytest.fixture
def storage() -> MemoryStorage:
    storage = MemoryStorage()
    ads = ledger_over(storage)
    for number in range(5):
        ad = ads.create("p", NEW)
        ads.change("p", ad.ad_id, changes(price=Decimal(number)))
    return storage


@pytest.fixture
def proof(storage: MemoryStorage, tmp_path: Path) -> Path:
    from runtime.journal.revisions import block_revisions

    head = storage.head()
    assert head is not None
    [revision] = block_revisions(head.ion)
    path = tmp_path / "proof.json"
    made = proof_of(storage, revision.ad_id, 1)
    path.write_text(simplejson.dumps(made, use_decimal=True))
    return path


def test_a_proof_on_its_own(proof: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "proof", str(proof), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["verified"], shown["trusted"], shown["version"]["price"]) == (True, False, 4)
    assert main(["verify", "proof", str(proof), "--digest", shown["digest"]]) == 0
    told = capsys.readouterr().out
    assert "the same as the one you gave" in told
    said = shown["onlySaid"]
    assert set(shown) == {"verified", "digest", "trusted", "version", "onlySaid"}
    assert (said["ledger"], said["tip"]) == ("ads-0", said["block"])
    assert (
        f"not proven, only said by the file: ledger ads-0, block {said['block']} of strand "
        f"{said['strandId']}, digest of the blocks up to {said['tip']}\n"
    ) in told
    other = "00" * 32
    assert main(["verify", "proof", str(proof), "--digest", other]) == 1
    assert "does not verify" in capsys.readouterr().err


def test_a_proof_needs_no_access_to_anything(proof: Path, tmp_path: Path) -> None:
    """In a process of its own, with no environment and no network to speak of."""
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise AssertionError('no network')\n"
        "socket.socket.connect = refuse\n"
        "from cli.__main__ import main\n"
        f"sys.exit(main(['verify', 'proof', {str(proof)!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ verified" in done.stdout


def test_a_damaged_proof_and_one_that_is_not_there(
    proof: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof.write_text(proof.read_text().replace('"adTitle"', '"adTitel"', 1))
    assert main(["verify", "proof", str(proof)]) == 1
    assert main(["verify", "proof", str(proof) + "x"]) == 2
    proof.write_bytes(b"\xff\xfe")
    assert main(["verify", "proof", str(proof)]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["verify"],
        ["history"],
        ["list"],
        ["verify", "proof"],
        ["verify", "proof", "x", "--digest", "abc"],
        ["verify", "ledger", "--tip", "-1"],
        ["verify", "snapshot", "x", "y", "--digest", "abc"],
        ["lag", "--blocks", "0"],
        ["lag", "--max-seconds", "nan"],
        ["tail", "--count", "0"],
        ["tail", "--quiet", "soon"],
        ["replay", "start"],
        ["replay", "start", "--target", "moon"],
        ["replay", "status"],
        ["replay", "status", "x", "--wait", "--timeout", "-1"],
        ["snapshot", "restore"],
        ["snapshot", "restore", "1", "--folder", "x", "--bucket", "y"],
    ],
)
def test_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--help"])
    assert ended.value.code == 0
    assert "3 unreachable, 4 still at work" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_outputs_that_cannot_be_used(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "outputs.json"
    if content is not None:
        path.write_text(content)
    assert main(["replay", "list", "--outputs", str(path)]) == 2
    assert capsys.readouterr().err.startswith("✗ ")


def test_silence_is_3(outputs: str, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers["/replays"] = lambda _: (503, {"detail": "Throttled."})
    assert main(["replay", "list", "--outputs", outputs]) == 3
    named = json.loads(Path(outputs).read_text())
    Path(outputs).write_text(
        json.dumps({name: url.replace("127.0.0.1", "127.0.0.1:1/") for name, url in named.items()})
    )
    assert main(["history", "ad", "--publisher", "p", "--outputs", outputs]) == 3
    assert "does not answer" in capsys.readouterr().err


def test_a_history_is_read_to_its_end(
    outputs: str,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    about = {"txTime": "2026-01-01T00:00:00.000Z", "txId": "t"}
    items: list[dict[str, Any]] = [
        {"version": 0, **about, "changes": {"price": [None, Decimal("1.00")]}},
        {"version": 1, **about, "changes": {"adTitle": ["a", "\x1b[31mred[bold]\n"]}},
        {"version": 2, **about, "deleted": True, "changes": {"price": [1, None]}},
    ]

    def pages(count: int) -> Answer:
        return 200, {"items": [items[count - 1]], "next": str(count) if count < 3 else None}

    path = "/_aws/execute-api/abc/publisher/p%20q/ad/one"
    server.answers[path] = pages
    command = ["history", "one", "--publisher", "p q", "--outputs", outputs]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "price: 1.00" in shown
    assert "a → \\x1b[31mred[bold]\\n" in shown
    assert "deleted" in shown
    assert "\x1b" not in shown
    server.asked.clear()
    assert main([*command, "--json"]) == 0
    printed = simplejson.loads(capsys.readouterr().out, use_decimal=True)
    assert printed["items"][0]["changes"]["price"] == [None, Decimal("1.00")]
    assert [asked[1].count("cursor=") for asked in server.asked] == [0, 1, 1]


def test_a_list_of_then_is_read_to_its_end(
    outputs: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    items: list[dict[str, Any]] = [
        {
            "adId": f"ad-{number}",
            "version": number,
            "createdAt": f"2026-01-0{number}T00:00:00.000Z",
            "price": Decimal("1.00"),
            "currency": "EUR",
            "adTitle": "\x1btitle",
        }
        for number in (2, 1, 3)
    ]

    def pages(count: int) -> Answer:
        return 200, {"items": [items[count - 1]], "next": str(count) if count < 3 else None}

    server.answers["/_aws/execute-api/abc/publisher/p/ad"] = pages
    command = ["list", "p", "--at", "2026-01-31T12:00:00+01:00", "--outputs", outputs]
    assert main([*command, "--json"]) == 0
    printed = simplejson.loads(capsys.readouterr().out, use_decimal=True)
    assert [item["version"] for item in printed["items"]] == [3, 2, 1]
    assert str(printed["items"][0]["price"]) == "1.00"
    assert all("at=2026-01-31T12%3A00%3A00%2B01%3A00" in asked[1] for asked in server.asked)
    assert [asked[1].count("cursor=") for asked in server.asked] == [0, 1, 1]
    server.asked.clear()
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "3 ads of publisher p at 2026" in shown
    assert "\x1b" not in shown
    assert "ad-3" in shown


def test_a_refusal_is_told_with_its_faults(
    outputs: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = {"field": "until", "message": "cannot be given for a live target"}
    server.answers["/replays"] = lambda _: (422, {"detail": "1 fault.", "faults": [fault]})
    start = ["replay", "start", "--target", "state", "--until", "x", "--outputs", outputs]
    assert main(start) == 1
    assert "1 fault. until cannot be given for a live target" in capsys.readouterr().err


def test_a_replay_is_asked_for_signed_and_once(outputs: str, server: Server) -> None:
    server.answers["/replays"] = lambda _: (202, REPLAY)
    start = ["replay", "start", "--target", "search", "--ad", "a", "--key", "k"]
    assert main([*start, "--outputs", outputs]) == 0
    [(method, _, headers, body)] = server.asked
    assert (method, json.loads(body)) == ("POST", {"target": "search", "adId": "a"})
    assert headers["Idempotency-Key"] == "k"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "/execute-api/aws4_request" in headers["Authorization"]


def test_a_snapshot_is_waited_for_and_asked_for_once(
    outputs: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["/snapshots"] = lambda _: (202, SNAPSHOT)
    server.answers["/snapshots/000001"] = lambda count: (
        200,
        {**SNAPSHOT, "status": "FINISHED" if count > 1 else "RUNNING"},
    )
    take = ["snapshot", "take", "--key", "k", "--wait", "--json", "--outputs", outputs]
    assert main(take) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "FINISHED"
    assert server.asked[0][2]["Idempotency-Key"] == "k"
    assert len(server.asked) == 3
    assert main(["snapshot", "take", "--outputs", outputs]) == 0
    assert "Idempotency-Key" not in server.asked[-1][2]


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1), ("CANCELLED", 1)])
def test_waiting_ends_as_the_replay_does(
    outputs: str, server: Server, status: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    replay_id = REPLAY["replayId"]
    server.answers["/replays"] = lambda _: (202, REPLAY)
    server.answers[f"/replays/{replay_id}"] = lambda _: (200, {**REPLAY, "status": status})
    start = ["replay", "start", "--target", "state", "--wait", "--json", "--outputs", outputs]
    assert main(start) == code
    assert json.loads(capsys.readouterr().out)["status"] == status


@pytest.mark.parametrize(
    ("command", "path", "body"),
    [
        ("replay start --target state", "/replays", REPLAY),
        ("snapshot take", "/snapshots", SNAPSHOT),
    ],
)
def test_waiting_ends_in_the_time_given_and_shows_how_far_it_is(
    outputs: str,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    command: str,
    path: str,
    body: dict[str, Any],
) -> None:
    key = body.get("replayId") or body["snapshotId"]
    server.answers[path] = lambda _: (202, body)
    server.answers[f"{path}/{key}"] = lambda _: (200, body)
    waiting = [*command.split(), "--wait", "--json", "--outputs", outputs]
    assert main([*waiting, "--timeout", "0.05"]) == 4
    shown = capsys.readouterr()
    assert json.loads(shown.out)["status"] == "RUNNING"
    assert f"is still RUNNING and goes on; look again: adledger {command.split()[0]}" in shown.err
    assert len(server.asked) > 2
    assert main([*waiting, "--timeout", "0"]) == 4


def test_other_calls_of_operators(
    outputs: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    page = {"items": [REPLAY], "next": None}
    server.answers = {
        "/replays": lambda _: (200, page),
        "/replays/r": lambda _: (200, REPLAY),
        "/replays/r/cancel": lambda _: (202, REPLAY),
        "/replays/r/resume": lambda _: (202, REPLAY),
        "/snapshots": lambda _: (200, {"items": [{"snapshotId": "s", "x": []}], "next": None}),
        "/snapshots/s": lambda _: (200, {"snapshotId": "s"}),
    }
    calls = [
        "replay list", "replay status r", "replay cancel r", "replay resume r",
        "snapshot list", "snapshot status s",
    ]  # fmt: skip
    for call in calls:
        assert main([*call.split(), "--outputs", outputs]) == 0, call
        assert capsys.readouterr().out.strip()


def test_an_export_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "bucket"
    ledger = busy_ledger(MemoryStorage())
    export(ledger, FolderDestination(folder))
    digest = ledger.digest()
    command = ["verify", "export", str(folder)]
    assert main([*command, "--digest", digest.value.hex(), "--json"]) == 0
    [shown] = [json.loads(capsys.readouterr().out)]
    assert (shown["blocks"], shown["trusted"]) == (digest.sequence_no + 1, True)
    assert main(command) == 0
    capsys.readouterr()
    [third] = ledger.blocks(2, 2)
    earlier = ["--digest", merkle.fold(third.peaks).hex()]
    assert main([*command, *earlier, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["digestTip"], shown["tip"]) == (2, digest.sequence_no)
    assert main([*command, *earlier]) == 0
    assert "is that at block 2: nothing up to it was altered" in capsys.readouterr().out
    assert main([*command, "--digest", "00" * 32]) == 1
    data = min(folder.rglob("*.ion"))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    capsys.readouterr()
    assert main(command) == 1
    assert "the export does not verify" in capsys.readouterr().err
    data.unlink()
    assert main(command) == 1
    assert main(["verify", "export", str(tmp_path / "none")]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["verify", "export", str(tmp_path / "empty")]) == 2
