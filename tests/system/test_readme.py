"""The README's commands, run as a reader would paste them."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from local.stack import Stack
from tests.system.client import Api, wait_until

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SCRIPT_TIMEOUT_S = 120
OUTPUTS = ".local/outputs.json"
FOLLOWING_S = 2
TIMED_OUT = 124
"""What `timeout` ends with when it had to end a command."""

pytestmark = pytest.mark.system


def section(title: str) -> str:
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, f"README has no section {title}"
    return found.group(1)


def scripts(title: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)


def shell(script: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SCRIPT_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Else the stack of this checkout is meant; and who follows changes does so until interrupted.
ADLEDGER = f"""
adledger() {{
  case "$1 ${{2:-}}" in
    "verify proof") command adledger "$@" ;;
    "tail ") timeout {FOLLOWING_S} adledger tail --outputs {OUTPUTS} || [ $? = {TIMED_OUT} ] ;;
    *) command adledger "$@" --outputs {OUTPUTS} ;;
  esac
}}
"""


def test_the_two_commands_run(stack: Stack) -> None:
    commands = [line.split("#")[0].strip() for line in scripts("Run it")[0].splitlines()]
    assert commands == ["make up", "make demo"]
    shown = [shell(f"{command} HOME_DIR={stack.home.path}", ROOT) for command in commands]
    assert "publisherApiEndpoint" in shown[0]
    assert "awesome" in shown[1]


def test_the_calls_work_when_pasted(stack: Stack, api: Api, tmp_path: Path) -> None:
    home = tmp_path / ".local"
    home.mkdir()
    (home / "outputs.json").write_text(json.dumps(stack.outputs()))
    blocks = scripts("The API")
    state = tmp_path / "variables"
    for block in blocks[:-1]:
        load = f"[ -f {state} ] && source {state}\n"
        shell(f"{load}{block}\ndeclare -p PUBLISHER CLIENT ${{AD:+AD}} > {state}", tmp_path)
    ad_id = json.loads((tmp_path / "ad.json").read_text())["adId"]
    assert api.read("42", ad_id, consistency="strong").body["price"] == 150
    wait_until(lambda: api.search(q="awesome", maxPrice=200).body["total"] > 0, 10)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    shown = shell(f"source {state}\n{ADLEDGER}\n{scripts('Look into it')[0]}", tmp_path)
    for told in (f"ad {ad_id} of publisher 42", "projection", "✓ verified", "SUCCEEDED"):
        assert told in shown
    shell(f"source {state}\n{blocks[-1]}", tmp_path)
    assert api.read("42", ad_id, consistency="strong").status == 404


def test_every_make_target_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))
    assert named
    assert {name for name in named if f"\n{name}:" not in makefile} == set()


def test_the_outputs_it_names_are_the_programs() -> None:
    program = (ROOT / "__main__.py").read_text()
    exported = set(re.findall(r'pulumi\.export\(\s*"(\w+)"', program))
    named = set(re.findall(r"`(\w+)`", re.search(r"Stack outputs: (.*?)\n\n", README, re.S)[1]))
    assert named == exported
