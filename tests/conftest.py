"""Fixtures that tests of several packages share, and which tests one worker runs.

No property has to hold within some time.
"""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.emulator import cloud

__all__ = ["cloud"]

TOGETHER = ("system", "page")
"""Packages whose tests share what takes long to start: one stack, one browser."""

EXAMPLES = 50
"""Of each property that asks for no other number."""

settings.register_profile("unhurried", settings(deadline=None, max_examples=EXAMPLES))
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)  # Before the plugin that looks at the groups.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests of a module, or of a package that is run together."""
    root = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(root)
        group = place.parts[0] if place.parts[0] in TOGETHER else place.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
