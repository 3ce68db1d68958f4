"""Everybody can use the page: axe finds nothing wrong, keys reach everything, nothing moves."""

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Page, expect

from runtime.lag.lag import Age, Lag
from tests.browser import VIEWPORT
from tests.page.world import World

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NARROW = {"width": 320, "height": 640}
"""What WCAG asks pages to fit in without scrolling sideways."""
TABS_MAX = 24
LATE = Lag("search", "ads-0", 9, 6, 3, 2, 4.5, at_least=True)

Arrange = Callable[[Page, str, World], None]


def nothing(tab: Page, url: str, world: World) -> None:
    tab.goto(url)
    expect(tab.locator(".empty")).to_be_visible()


def ads(tab: Page, url: str, world: World) -> None:
    world.create()
    tab.goto(f"{url}/#/ads?publisher=42")
    expect(tab.locator(".ads li")).to_have_count(1)


def proof(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/ads?publisher=42&ad={world.lived()}&version=2")
    tab.get_by_role("button", name="Check its proof").click()
    expect(tab.locator(".verdict.holds")).to_be_visible()


def failing_proof(tab: Page, url: str, world: World) -> None:
    proof(tab, url, world)
    tab.get_by_text("Alter the revision").click()
    tab.get_by_label("The revision as Ion text").fill("{}")
    expect(tab.locator(".verdict.fails")).to_be_visible()


def running_replay(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/replays")
    tab.get_by_role("button", name="Start").click()
    expect(tab.locator(".replay")).to_have_count(1)
    world.advance(world.planned(), 2)
    expect(tab.locator(".replay .status")).to_have_text("running")


def lag(tab: Page, url: str, world: World) -> None:
    world.lags = [LATE, Age("events", None), Age("others", 2.5)]
    tab.goto(f"{url}/#/lag")
    expect(tab.locator(".lag")).to_have_count(3)


def error(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/ads?publisher=42&ad={'0' * 22}")
    expect(tab.locator(".notice.fails")).to_be_visible()


STATES: list[Arrange] = [nothing, ads, proof, failing_proof, running_replay, lag, error]


def violations(tab: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds wrong, by these rules or by all that there are, with the place."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    found = tab.evaluate("(only) => axe.run(document, { runOnly: only })", only)
    assert found["passes"]
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("arrange", STATES, ids=lambda state: state.__name__)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    browser: Browser, url: str, world: World, arrange: Arrange
) -> None:
    with browser.new_context(
        viewport=VIEWPORT, bypass_csp=True, reduced_motion="reduce"
    ) as context:
        tab = context.new_page()
        arrange(tab, url, world)
        tab.evaluate(AXE)
        assert violations(tab) == []
        tab.emulate_media(color_scheme="dark")
        assert violations(tab, ["color-contrast"]) == []
        tab.set_viewport_size(NARROW)
        assert tab.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_axe_would_find_something(browser: Browser) -> None:
    with browser.new_context() as context:
        tab = context.new_page()
        tab.set_content('<input><p style="color:#aaa">pale</p>')
        tab.evaluate(AXE)
        assert {said.split(":")[0] for said in violations(tab)} >= {"label", "color-contrast"}


def test_keys_for_a_deployed_page_have_labels(
    browser: Browser, keyless_url: str, world: World
) -> None:
    with browser.new_context(bypass_csp=True) as context:
        tab = context.new_page()
        tab.goto(f"{keyless_url}/#/replays")
        expect(tab.locator("#view-replays form.keys")).to_be_visible()
        tab.evaluate(AXE)
        assert violations(tab) == []


def focused(tab: Page) -> str:
    return tab.evaluate("document.activeElement.textContent.trim() || document.activeElement.name")


def test_keys_reach_everything_in_order(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/ads?publisher=42&ad={world.create()}")
    expect(tab.locator(".detail")).to_be_visible()
    reached: dict[str, None] = {}
    for _ in range(TABS_MAX):
        tab.keyboard.press("Tab")
        reached[focused(tab)] = None
    wanted = ["Skip to the content", "Ads", "Replays", "Lag", "publisher", "ad", "Show"]
    wanted += ["Look at version 0", "at", "Go there", "Check its proof in this browser"]
    assert [name for name in reached if name in wanted] == wanted


def test_the_skip_link_is_seen_and_leads_to_the_content(tab: Page, url: str) -> None:
    tab.goto(url)
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip")).to_be_in_viewport()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_a_proof_is_checked_with_keys_alone(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/ads?publisher=42&ad={world.create()}")
    tab.get_by_role("button", name="Check its proof").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".verdict")).to_be_focused()


def test_nothing_moves_for_those_who_want_it_still(tab: Page, url: str) -> None:
    tab.goto(url)
    all_of_them = "[...document.querySelectorAll('*')]"
    durations = f"{all_of_them}.map((each) => getComputedStyle(each).transitionDuration)"
    assert set(tab.evaluate(durations)) == {"0s"}
    tab.emulate_media(reduced_motion="no-preference")
    assert len(set(tab.evaluate(durations))) > 1
