"""The handlers as they are deployed: only their package's files, in a process of their own."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.packages import WORKERS
from tests.http_calls import TEMPLATE

ROOT = Path(__file__).resolve().parents[3]
RUN = """
import importlib, json, sys
worker, method, path, query, body = sys.argv[1:]
handler = importlib.import_module(f"runtime.{worker}.handler").handler
event = json.load(sys.stdin)
event |= {"rawPath": path, "rawQueryString": query, "body": body or None}
event["requestContext"]["http"] |= {"method": method, "path": path}
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"
print("REPLY" + json.dumps(handler(event, Context())))
"""
HTTP_WORKERS = ("commands", "queries", "search")


def packaged(worker: str, folder: Path) -> Path:
    """The worker's files alone, as the program packs them."""
    (folder / "runtime").mkdir(parents=True)
    shutil.copy(ROOT / "runtime" / "__init__.py", folder / "runtime")
    for package in WORKERS[worker]:
        shutil.copytree(
            ROOT / "runtime" / package, folder / "runtime" / package, dirs_exist_ok=True
        )
    return folder


def run(
    worker: str,
    folder: Path,
    method: str,
    path: str,
    query: str = "",
    body: str = "",
    **environment: str,
) -> tuple[dict[str, Any], str]:
    """The answer, and everything that was printed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, worker, method, path, query, body],
        input=TEMPLATE,
        capture_output=True,
        text=True,
        cwd=packaged(worker, folder),
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reply = next(line for line in done.stdout.splitlines() if line.startswith("REPLY"))
    return json.loads(reply.removeprefix("REPLY")), done.stdout


@pytest.mark.parametrize("worker", ["queries", "search"])
def test_a_worker_starts_with_its_own_files_and_no_settings(worker: str, tmp_path: Path) -> None:
    reply, _ = run(worker, tmp_path, "GET", "/openapi.json")
    assert reply["statusCode"] == 200
    assert json.loads(reply["body"])["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    ("worker", "method", "path", "query", "missing"),
    [
        ("commands", "POST", "/publisher/p/ad", "", "JOURNAL_TABLE, LEDGER_NAME, LEDGER_SHARDS"),
        ("queries", "GET", "/publisher/p/ad", "", "STATE_TABLE"),
        (
            "queries",
            "GET",
            "/publisher/p/ad/" + "0" * 22,
            "consistency=strong",
            "JOURNAL_TABLE, LEDGER_NAME, LEDGER_SHARDS",
        ),
        ("search", "GET", "/", "q=x", "SEARCH_ENDPOINT, SEARCH_INDEX"),
        ("operations", "GET", "/replays", "", "REPLAYS_TABLE, REPLAY_MACHINE"),
    ],
)
def test_every_missing_setting_is_in_the_log(
    tmp_path: Path, worker: str, method: str, path: str, query: str, missing: str
) -> None:
    body = json.loads(TEMPLATE)["body"] if method == "POST" else ""
    reply, said = run(worker, tmp_path, method, path, query, body)
    assert reply["statusCode"] == 500
    assert f"variables are missing: {missing};" in said
    assert "variables" not in reply["body"]


def test_a_call_is_traced_where_there_is_a_daemon(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        run(
            "search",
            tmp_path,
            "GET",
            "/openapi.json",
            AWS_XRAY_DAEMON_ADDRESS=f"127.0.0.1:{daemon.getsockname()[1]}",
            LAMBDA_TASK_ROOT="/var/task",
            _X_AMZN_TRACE_ID="Root=1-6740f1a2-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1",
            POWERTOOLS_SERVICE_NAME="search",
        )
        sent = daemon.recv(65_536).decode()
    segment = json.loads(sent.partition("\n")[2])
    assert segment["name"] == "## handler"
    assert segment["trace_id"] == "1-6740f1a2-0123456789abcdef01234567"
    assert segment["annotations"]["Service"] == "search"
