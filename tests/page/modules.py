"""Calls of the page's modules in a real browser."""

from typing import Any

from playwright.sync_api import Page

LOAD = "const load = (name) => import(`${url}/modules/${name}.js`);"


class Modules:
    """The modules as a page of their own origin sees them."""

    def __init__(self, tab: Page, url: str) -> None:
        self._tab, self._url = tab, url
        tab.goto(f"{url}/icon.svg")

    def run(self, body: str, given: Any = None) -> Any:
        """What a function's body returns; `load(name)` gives a module, `given` is handed over."""
        return self._tab.evaluate(
            f"async ([url, given]) => {{ {LOAD} {body} }}", [self._url, given]
        )
