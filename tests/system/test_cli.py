"""The command line against the running system, as a shell would call it."""

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import simplejson

from cli.cloud import EMBEDDED_REGION
from local import settings
from local.stack import Stack
from runtime.operations.lags import BLOCKS
from tests.system.client import Api, wait_until
from tests.system.operations import Operations

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "bin" / "adledger"
COMMAND_TIMEOUT_S = 60
LEVEL_TIMEOUT_S = 20
AGE_S_MAX = 60
"""Of what events are made of: the oldest of the last minute's."""

pytestmark = pytest.mark.system
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def run(stack: Stack, tmp_path: Path) -> Run:
    """Calls the command line from elsewhere; --outputs where the command takes it."""

    def call(*arguments: str, offline: bool = False) -> Done:
        where = () if offline else ("--outputs", str(stack.home.outputs))
        return subprocess.run(
            [str(LAUNCHER), *arguments, *where],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    return call


@pytest.fixture
def ad_id(api: Api) -> str:
    """An ad that was created, changed and deleted by publisher cli."""
    ad_id = api.create("cli").body["adId"]
    api.change("cli", ad_id, {"price": 12.5, "tags": []})
    api.delete("cli", ad_id)
    return ad_id


def test_the_embedded_region_is_the_stacks() -> None:
    assert settings.region() == EMBEDDED_REGION


def test_a_history(run: Run, ad_id: str) -> None:
    shown = run("history", ad_id)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "price: 10 → 12.5" in shown.stdout
    assert "deleted" in shown.stdout
    told = json.loads(run("history", ad_id, "--publisher", "cli", "--json").stdout)
    assert told["publisherId"] == "cli"
    assert [item["version"] for item in told["items"]] == [0, 1, 2]
    assert run("history", "0" * 22).returncode == 1
    assert run("history", ad_id, "--publisher", "stranger").returncode == 1


def test_a_list_of_then(run: Run, api: Api) -> None:
    first, second = (api.create("lister").body["adId"] for _ in range(2))
    then = api.read("lister", second, versions="true").body["items"][0]["txTime"]
    time.sleep(0.01)
    api.delete("lister", first)
    api.change("lister", second, {"price": 5})
    told = json.loads(run("list", "lister", "--at", then, "--json").stdout)
    assert [(ad["adId"], ad["version"]) for ad in told["items"]] == [(second, 0), (first, 0)]
    assert run("list", "lister").returncode == 0
    assert run("list", "lister", "--at", "yesterday").returncode == 1


def test_a_proof_is_checked_offline(run: Run, api: Api, ad_id: str, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    proofs = []
    for version in range(3):
        answer = api.call("GET", f"{api.ads('cli', ad_id)}/versions/{version}/proof")
        assert answer.status == 200
        proofs.append(answer.body)
        path.write_text(simplejson.dumps(answer.body, use_decimal=True))
        done = run("verify", "proof", str(path), "--json", offline=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["version"]["version"] == version
    shown = proofs[1]["revision"]
    shown["ion"] = shown["ion"].replace("12.5", "12.6")
    path.write_text(simplejson.dumps(proofs[1], use_decimal=True))
    done = run("verify", "proof", str(path), offline=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not verify" in done.stderr


@pytest.mark.parametrize(
    ("tail", "status"),
    [
        ("{}/versions/3/proof", 404),
        ("{}/versions/x/proof", 422),
        ("{}/versions/-1/proof", 422),
        ("nobody/versions/0/proof", 404),
    ],
)
def test_what_cannot_be_proven(api: Api, ad_id: str, tail: str, status: int) -> None:
    url = f"{api.publisher}/publisher/cli/ad/{tail.format(ad_id)}"
    assert api.call("GET", url).status == status


def test_the_whole_ledger_verifies_up_to_a_proofs_digest(run: Run, api: Api, ad_id: str) -> None:
    proof = api.call("GET", f"{api.ads('cli', ad_id)}/versions/0/proof").body
    api.create("cli")
    tip = str(proof["digestTipAddress"]["sequenceNo"])
    kept = ("--ledger", proof["ledger"], "--tip", tip, "--digest", proof["digest"])
    done = run("verify", "ledger", *kept, "--json")
    assert done.returncode == 0, done.stderr
    [verified] = json.loads(done.stdout)
    assert (verified["digest"], verified["trusted"]) == (proof["digest"], True)
    without_tip = run("verify", "ledger", *kept[:2], *kept[4:], "--json")
    assert [each["digestTip"] for each in json.loads(without_tip.stdout)] == [int(tip)]
    assert run("verify", "ledger").returncode == 0
    assert run("verify", "ledger", *kept[:4], "--digest", "00" * 32).returncode == 1
    assert run("verify", "ledger", "--digest", "00" * 32).returncode == 2
    assert run("verify", "ledger", "--ledger", "none-0").returncode == 1


def test_changes_are_followed_live(stack: Stack, api: Api) -> None:
    command = ["tail", "--json", "--publisher", "followed", "--count", "3", "--quiet", "30"]
    with subprocess.Popen(
        [str(LAUNCHER), *command, "--outputs", str(stack.home.outputs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        try:
            assert "following ads-0" in follower.stderr.readline()
            ad_id = api.create("followed").body["adId"]
            api.create("somebody else")
            api.change("followed", ad_id, {"price": 7})
            api.delete("followed", ad_id)
            told = [json.loads(line) for line in follower.stdout]
        finally:
            follower.kill()
    assert [(line["adId"], line["version"]) for line in told] == [(ad_id, v) for v in range(3)]
    assert [line.get("price") for line in told] == [10, 7, None]


def test_what_was_is_told_from_a_block_on(run: Run, ad_id: str) -> None:
    done = run("tail", "--since", "0", "--ad", ad_id, "--quiet", "0", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["version"], line.get("deleted", False)) for line in lines] == [
        (0, False),
        (1, False),
        (2, True),
    ]
    assert "deleted" in run("tail", "--since", "0", "--ad", ad_id, "--quiet", "0").stdout


def test_projections_are_soon_level(run: Run, ad_id: str) -> None:
    def level() -> bool:
        done = run("lag", "--json")
        assert done.returncode == 0, done.stderr
        lags = json.loads(done.stdout)
        events = lags.pop()
        assert (events["projection"], events["blocks"]) == ("events", None)
        assert {lag["projection"] for lag in lags} == {"state", "search", "stream"}
        applied = all(lag["blocks"] == 0 and lag["applied"] == lag["head"] for lag in lags)
        return applied and events["seconds"] is not None

    wait_until(level, LEVEL_TIMEOUT_S)
    assert run("lag", "--max-seconds", str(AGE_S_MAX)).returncode == 0


def test_the_api_tells_the_same_lags(run: Run, outputs: dict[str, str]) -> None:
    operations = Operations(outputs)
    differing: list[object] = []

    def same() -> bool:
        told = json.loads(run("lag", "--blocks", str(BLOCKS), "--json").stdout)
        asked = operations.call("GET", "/lag").body["items"]
        differing[:] = [pair for pair in zip(told, asked, strict=True) if pair[0] != pair[1]]
        return not differing

    with suppress(AssertionError):
        wait_until(same, LEVEL_TIMEOUT_S)
    assert not differing


def test_a_cloud_that_is_gone_is_3(run: Run, stack: Stack, tmp_path: Path) -> None:
    named = {
        name: value.replace(str(stack.home.ports()["cloud"]), "1")
        for name, value in stack.outputs().items()
    }
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(named))
    where = ("--outputs", str(path))
    for command in (("lag",), ("verify", "ledger"), ("history", "x", "--publisher", "p")):
        done = run(*command, *where, offline=True)
        assert (done.returncode, done.stdout) == (3, ""), done.stderr
