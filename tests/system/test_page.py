"""The page against the running system, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from local.stack import Stack
from tests.browser import chromium, tab
from tests.system.client import Api

__all__ = ["tab"]

REPLAY_MS_MAX = 60_000
PUBLISHER = "page"

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[Browser]:
    """Started after the stack, which needs an event loop of its own."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def ad_id(api: Api) -> str:
    """An ad that was created, changed and deleted."""
    ad_id = api.create(PUBLISHER).body["adId"]
    api.change(PUBLISHER, ad_id, {"price": 12.5, "adTitle": "awesome new title"})
    api.delete(PUBLISHER, ad_id)
    return ad_id


def test_a_timeline_and_its_proofs(tab: Page, stack: Stack, ad_id: str) -> None:
    tab.goto(f"{stack.page.url}/#/ads?publisher={PUBLISHER}&ad={ad_id}")
    expect(tab.locator(".chain h3")).to_have_text(["Deleted", "Changed", "Created"])
    expect(tab.locator(".chain .link").nth(1).locator("ins")).to_have_text([" new", "12.5"])
    for version in range(3):
        tab.get_by_role("button", name=f"Look at version {version}").click()
        tab.get_by_role("button", name="Check its proof").click()
        expect(tab.locator(".verdict.holds")).to_contain_text(f"Version {version} is what")
    tab.get_by_text("Alter the revision").click()
    field = tab.get_by_label("The revision as Ion text")
    field.fill(field.input_value().replace("version:2", "version:3"))
    expect(tab.locator(".verdict.fails")).to_be_visible()


def test_a_replay_to_its_end_and_level_projections(tab: Page, stack: Stack, ad_id: str) -> None:
    tab.goto(f"{stack.page.url}/#/replays")
    tab.get_by_label("One ad").fill(ad_id)
    tab.get_by_role("button", name="Start").click()
    card = tab.locator(".replay").first
    expect(card).to_contain_text("one ad")
    expect(card.locator(".status")).to_have_text("succeeded", timeout=REPLAY_MS_MAX)
    expect(card.get_by_role("progressbar")).to_have_js_property("value", 100)
    tab.get_by_role("link", name="Lag").click()
    expect(tab.locator(".lag")).to_have_count(4)
    expect(tab.locator(".lag .status")).to_have_text(["level", "level", "level", "told"])
    for card in tab.locator(".lag").all()[:-1]:
        expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile("0.0 s now"))


def test_only_the_page_is_let_in_by_the_apis(tab: Page, stack: Stack, api: Api) -> None:
    for endpoint in (api.publisher, stack.outputs()["operationsApiEndpoint"]):
        for origin, status in ((stack.page.url, 204), ("http://elsewhere.example", 403)):
            asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            answer = tab.request.fetch(f"{endpoint}/lag", method="OPTIONS", headers=asked)
            assert answer.status == status
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed == (origin if status == 204 else None)
