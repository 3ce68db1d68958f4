"""The workflows: they parse, pin their actions, ask for little, and hold no keys."""

import re
from typing import Any

import pytest
import yaml

from infra.packages import ROOT

FOLDER = ROOT / ".github" / "workflows"
NAMES = ("check", "drivers", "preview", "deploy")
PINNED = {
    "actions/checkout": "v7",
    "astral-sh/setup-uv": "v7",
    "aws-actions/configure-aws-credentials": "v6",
    "pulumi/actions": "v7",
}
EACH = pytest.mark.parametrize("name", NAMES)
READ = {"contents": "read"}


def workflow(name: str) -> dict[str, Any]:
    found = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    found["on"] = found.pop(True)  # YAML 1.1 reads the word as a truth value.
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def using(name: str, action: str) -> dict[str, Any]:
    """The inputs that a workflow gives an action."""
    (found,) = [s["with"] for s in steps(name) if s.get("uses", "").startswith(f"{action}@")]
    return found


def test_there_are_no_others() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{n}.yml" for n in NAMES)


@EACH
def test_actions_are_pinned_to_their_current_major(name: str) -> None:
    used = [step["uses"].split("@") for step in steps(name) if "uses" in step]
    assert used
    assert dict(used).items() <= PINNED.items()


@EACH
def test_every_job_ends_and_says_where_it_runs(name: str) -> None:
    for job in workflow(name)["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60
        assert job["runs-on"] == "ubuntu-24.04"


@EACH
def test_a_checkout_leaves_no_credentials_behind(name: str) -> None:
    checkouts = [s for s in steps(name) if s.get("uses", "").startswith("actions/checkout")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize(
    ("name", "permissions"),
    [
        ("check", READ),
        ("drivers", READ),
        ("preview", READ | {"id-token": "write", "pull-requests": "write"}),
        ("deploy", READ | {"id-token": "write"}),
    ],
)
def test_each_asks_for_the_least(name: str, permissions: dict[str, str]) -> None:
    found = workflow(name)
    assert found["permissions"] == permissions
    for job in found["jobs"].values():
        assert set(job.get("permissions", {}).items()) <= set(permissions.items())


@EACH
def test_none_holds_a_key_or_names_a_secret(name: str) -> None:
    text = (FOLDER / f"{name}.yml").read_text()
    assert re.findall(r"secrets\.|access-key|AKIA|pull_request_target", text) == []


@pytest.mark.parametrize("name", ["preview", "deploy"])
def test_credentials_come_from_a_role_of_its_own(name: str) -> None:
    inputs = using(name, "aws-actions/configure-aws-credentials")
    assert inputs["role-to-assume"] == f"${{{{ vars.AWS_{name.upper()}_ROLE_ARN }}}}"


def test_a_pull_request_is_previewed_for_every_stack_unless_it_comes_from_a_fork() -> None:
    found = workflow("preview")
    (job,) = found["jobs"].values()
    stacks = {path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")}
    assert set(job["strategy"]["matrix"]["stack"]) == stacks
    assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert set(found["on"]) == {"pull_request"}
    inputs = using("preview", "pulumi/actions")
    assert (inputs["command"], inputs["comment-on-pr"]) == ("preview", True)


def test_only_main_is_deployed_after_its_check_one_at_a_time() -> None:
    found = workflow("deploy")
    job = found["jobs"]["deploy"]
    assert (job["needs"], job["if"]) == ("check", "github.ref == 'refs/heads/main'")
    assert job["environment"] == "${{ inputs.stack || 'dev' }}"
    assert found["concurrency"]["cancel-in-progress"] is False
    assert found["on"]["push"] == {"branches": ["main"]}
    assert using("deploy", "pulumi/actions")["command"] == "up"


def test_people_and_the_check_run_the_same_script() -> None:
    runs = [step["run"] for name in ("check", "deploy") for step in steps(name) if "run" in step]
    assert runs.count("bash .ci/run") == 2


@pytest.mark.parametrize("name", ["preview", "deploy"])
def test_the_environment_is_pinned_by_hash(name: str) -> None:
    (install,) = [step["run"] for step in steps(name) if "Install" in step.get("name", "")]
    assert "--require-hashes --requirements requirements/dev.txt" in install
    assert (ROOT / "requirements" / "dev.txt").is_file()


def test_the_drivers_are_tested_by_the_script_that_people_run() -> None:
    runs = [step["run"].split() for step in steps("drivers") if "run" in step]
    script, *drivers = runs[-1]
    assert (ROOT / script).stat().st_mode & 0o111
    checkouts = [s["with"] for s in steps("drivers") if "repository" in s.get("with", {})]
    assert [each["path"] for each in checkouts] == drivers
