"""The whole stack of one home: stopped, crashed, damaged, and brought back."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import settings
from local.deployer.state import State
from local.errors import DeploymentError, ProcessError
from local.home import ROOT
from local.replays import TABLE
from local.stack import Stack
from runtime.lag.stream import Stream
from runtime.replays.records import ReplayTable
from tests.system.agreement import ledger_versions
from tests.system.client import AD, Api, wait_until
from tests.system.operations import Operations

SEEN_S_MAX = 20
SAVED_S_MAX = 20
REPLAYED_BLOCKS = 120
SAVED_PIECES = 5
CLIENTS = 4

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack"))
    yield stack
    stack.kill()


@pytest.fixture
def api(stack: Stack) -> Api:
    """Of a stack that is up."""
    if not all(stack.status().values()):
        stack.up()
    return Api(stack.outputs())


def create(api: Api, title: str) -> str:
    """An ad that is visible in state and search."""
    ad_id = api.create("p", {**AD, "adTitle": title}).body["adId"]
    wait_until(lambda: visible(api, ad_id, title), SEEN_S_MAX)
    return ad_id


def visible(api: Api, ad_id: str, title: str) -> bool:
    return api.read("p", ad_id).status == 200 and [
        ad["adId"] for ad in api.search(q=title).body["items"]
    ] == [ad_id]


def command(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local", *words, "--home", str(stack.home.path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_was_written_is_there_after_down_and_up(stack: Stack, api: Api) -> None:
    ad_id = create(api, "steady")
    stack.down()
    assert not any(stack.status().values())
    assert list(stack.home.run.glob("*.pid")) == []
    again = Api(stack.up())
    assert again.publisher == api.publisher
    assert visible(again, ad_id, "steady")


def test_what_was_saved_is_there_after_a_crash(stack: Stack, api: Api) -> None:
    ad_id = create(api, "shaken")
    saved = stack.home.cloud / "state" / "dynamodb.json"
    wait_until(lambda: ad_id in saved.read_text(), SAVED_S_MAX)
    stack.kill()
    assert not any(stack.status().values())
    assert visible(Api(stack.up()), ad_id, "shaken")


def test_a_replay_that_a_crash_ended_goes_on_and_ends_equal(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process is killed in the middle; what was saved of the replay is not done again."""
    slow = tmp_path / "Pulumi.local.yaml"
    config = settings.STACK_FILE.read_text()
    for name in ("replayPieceBlocks", "replayConcurrency"):
        config = re.sub(rf"{name}: \d+", f"{name}: 1", config)
    slow.write_text(config)
    monkeypatch.setattr(settings, "STACK_FILE", slow)
    api = Api(stack.up())
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda _: api.create("p", AD), range(REPLAYED_BLOCKS)))
    assert [answer.status for answer in answers] == [201] * REPLAYED_BLOCKS
    operations = Operations(stack.outputs())
    replay_id = operations.start("replayTable").body["replayId"]
    saved = stack.home.cloud / "state" / "dynamodb.json"
    wait_until(lambda: saved.read_text().count('"done": {') >= SAVED_PIECES, SAVED_S_MAX)
    assert operations.read(replay_id)["status"] == "RUNNING"
    stack.kill()
    assert not any(stack.status().values())
    outputs = stack.up()
    done = operations.wait(replay_id)
    assert (done["status"], done["attempt"]) == ("SUCCEEDED", 2), done
    assert done["counts"]["pieces"]["done"] == done["counts"]["blocks"]["total"]
    expected = ledger_versions(stack.client("dynamodb"), outputs["journalTableName"])
    assert len(expected) >= REPLAYED_BLOCKS
    assert {ad_id: ad["version"] for ad_id, ad in operations.entries(replay_id).items()} == {
        ad_id: version for ad_id, (version, *_) in expected.items()
    }
    record = ReplayTable(stack.client("dynamodb"), records_table(stack)).read(replay_id)
    assert record.done_before >= SAVED_PIECES


def records_table(stack: Stack) -> str:
    return State.load(stack.home.deployment).resources[TABLE].id


def test_a_write_that_no_projector_saw_is_projected_at_the_start(stack: Stack, api: Api) -> None:
    stack.event_sources.kill()
    ad_id = api.create("p", {**AD, "adTitle": "unseen"}).body["adId"]
    time.sleep(0.5)
    assert api.read("p", ad_id).status == 404
    stack.cloud.stop()  # Its stream records go with it.
    outputs = stack.up()
    assert visible(Api(outputs), ad_id, "unseen")
    told = Stream(stack.client("kinesis"), outputs["streamName"])
    assert told.versions(datetime.now(UTC) - timedelta(hours=1))[ad_id] == 0


def test_event_sources_go_on_from_their_checkpoint(stack: Stack, api: Api) -> None:
    stack.event_sources.kill()
    ad_id = api.create("p", {**AD, "adTitle": "pending"}).body["adId"]
    stack.event_sources.start()
    wait_until(lambda: visible(api, ad_id, "pending"), SEEN_S_MAX)


def test_a_process_that_died_is_named_and_started_again(stack: Stack, api: Api) -> None:
    pid = stack.search.process.pid()
    assert pid is not None
    ad_id = create(api, "forgotten")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not stack.status()["search"], SEEN_S_MAX)
    shown = command(stack, "status")
    assert shown.returncode == 1
    assert "search died" in shown.stdout
    assert visible(Api(stack.up()), ad_id, "forgotten")
    assert command(stack, "status").returncode == 0


def test_up_when_up_changes_nothing(stack: Stack, api: Api) -> None:
    before = {name: pid for name in stack.status() if (pid := pid_of(stack, name))}
    stack.up()
    assert {name: pid_of(stack, name) for name in stack.status()} == before


def test_the_outputs_are_flat_json(stack: Stack, api: Api) -> None:
    outputs = json.loads(stack.home.outputs.read_text())
    assert {"publisherApiEndpoint", "clientApiEndpoint", "searchEndpoint"} <= set(outputs)
    assert {type(value) for value in outputs.values()} == {str}


def test_the_demo_plays(stack: Stack, api: Api) -> None:
    played = command(stack, "demo")
    assert played.returncode == 0, played.stderr
    assert "it is gone from search" in played.stdout


def test_the_logs_show_processes_and_functions(stack: Stack, api: Api) -> None:
    create(api, "logged")
    shown = command(stack, "logs").stdout
    assert "event-sources" in shown
    assert "adledger-local-commands" in shown


def test_clean_forgets(stack: Stack, api: Api) -> None:
    (stack.home.path / "emulator").mkdir()
    stack.clean()
    assert not any(stack.status().values())
    assert [path.name for path in stack.home.path.iterdir()] == ["emulator"]


def test_a_start_that_fails_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "Pulumi.local.yaml"
    broken.write_text("config:\n  adledger:batchSize: 0\n")
    monkeypatch.setattr(settings, "STACK_FILE", broken)
    stack = Stack(tmp_path / "home")
    with pytest.raises(DeploymentError, match="batchSize"):
        stack.up()
    assert not any(stack.status().values())


def test_a_stack_that_never_was_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="make up"):
        Stack(tmp_path).outputs()


def pid_of(stack: Stack, name: str) -> Any:
    parts = (stack.cloud, stack.search, stack.event_sources, stack.page)
    return next(part.process.pid() for part in parts if part.process.name == name)
