"""One embedded stack for all system tests: started once, in a home of its own, and removed."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from local.event_sources.faults import Faults
from local.stack import Stack
from tests.system.client import Api

FAULT_SEED = 7
LINES_SHOWN = 10
PROJECTORS = ("project-state", "project-search")
"""Parts of their functions' names."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(Path(tmp_path_factory.mktemp("stack")) / "home")
    stack.up()
    yield stack
    stack.clean()


@pytest.fixture(scope="session")
def outputs(stack: Stack) -> dict[str, str]:
    return stack.outputs()


@pytest.fixture(scope="session")
def dynamodb(stack: Stack) -> Any:
    return stack.client("dynamodb")


@pytest.fixture(scope="session")
def api(outputs: dict[str, str]) -> Api:
    return Api(outputs)


@pytest.fixture
def faulty_projectors(stack: Stack) -> Callable[[float], AbstractContextManager[None]]:
    """While entered, this share of the projectors' batches fails."""
    return lambda rate: stack.faulty(Faults(rate, FAULT_SEED, PROJECTORS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The test that writes most comes last: every replay of all ads would replay those, too."""
    items.sort(key=lambda item: item.path.name == "test_convergence.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the stack beside what failed on it."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(stack, Stack):
        for path in sorted(stack.home.logs.glob("*.log")):
            newest = path.read_text(errors="replace").splitlines()[-LINES_SHOWN:]
            report.sections.append((f"the end of {path.name}", "\n".join(newest)))
    return report
