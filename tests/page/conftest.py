"""The page, served beside real APIs over a ledger in memory, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium, tab
from tests.page.world import KEYS, World, served

__all__ = ["tab"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def url(world: World, tmp_path: Path) -> Iterator[str]:
    """Where the page is, which brings keys as the embedded stack's does."""
    with served(world, tmp_path, keys=KEYS) as url:
        yield url


@pytest.fixture
def keyless_url(world: World, tmp_path: Path) -> Iterator[str]:
    """Where the page is, which has to ask for keys as a deployed one does."""
    with served(world, tmp_path) as url:
        yield url
