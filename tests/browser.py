"""A real browser for tests: the system's Chromium, without a window, driven by Playwright.

Nothing is downloaded: where no Chromium is installed, its tests are skipped and say so, but in CI
they fail. A browser is a fixture of a module or a package of its own, never of the session: while
Playwright runs, its thread is one with a running event loop, in which no other can be started.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""It asks nobody for updates, and runs as root in containers."""
WAIT_MS_MAX = 15_000
VIEWPORT = {"width": 1280, "height": 900}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; each test has pages of its own."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"no browser is installed: none of {', '.join(NAMES)} is in PATH"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; .ci/run installs one where it may")
        pytest.skip(reason)
    expect.set_options(timeout=WAIT_MS_MAX)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """An empty page. What its scripts complain of, or its policy forbids, fails the test."""
    with browser.new_context(viewport=VIEWPORT, reduced_motion="reduce", locale="en-GB") as context:
        tab = context.new_page()
        tab.set_default_timeout(WAIT_MS_MAX)
        complaints: list[str] = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text) if _is_fault(said) else None)
        yield tab
        assert complaints == []


def _is_fault(said: object) -> bool:
    """Answers that are errors are the page's to show; the browser notes them, too."""
    kind, text = getattr(said, "type", ""), getattr(said, "text", "")
    return kind == "error" and not text.startswith("Failed to load resource")
