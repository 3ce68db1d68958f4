"""The page in a browser, over real APIs: timelines, proofs, replays, lag, keys and errors."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from runtime.lag.lag import Age, Lag
from runtime.replays.replay import Progress, Request, Target, new_replay
from tests.page.world import BLOCKS, KEYS, World

LEVEL = Lag("state", "ads-0", 9, 9, 0, 0, 0.0, at_least=False)
LATE = Lag("search", "ads-0", 9, 6, 3, 2, 4.5, at_least=True)
LOOK_PAUSE_MS = 2000
"""As long as the page waits between two looks, which tests do not."""
PAGE_ADS = 50
"""How many the page asks for at once."""
OTHER_DIGEST = "00" * 32
DAY = timedelta(days=1)
FIRST_TARGET = "Replay table, all ads"


def open_ad(tab: Page, url: str, ad_id: str) -> None:
    tab.goto(f"{url}/#/ads?publisher=42&ad={ad_id}")
    expect(tab.locator(".chain .link")).not_to_have_count(0)


def prove(tab: Page) -> None:
    tab.get_by_role("button", name="Check its proof").click()
    expect(tab.locator(".verdict")).not_to_be_empty()


def test_a_publishers_ads_lead_to_their_timelines(tab: Page, url: str, world: World) -> None:
    world.create(adTitle="Oak desk")
    world.create("43", adTitle="Not ours")
    tab.goto(url)
    expect(tab.get_by_text("Give a publisher")).to_be_visible()
    tab.get_by_label("Publisher", exact=True).fill("42")
    tab.get_by_role("button", name="Show").click()
    expect(tab.locator(".ads li")).to_have_count(1)
    assert "null" not in tab.locator("main").inner_text()
    tab.get_by_role("link", name="Oak desk").click()
    expect(tab.get_by_role("heading", name="What happened")).to_be_visible()
    assert "null" not in tab.locator("main").inner_text()
    assert tab.get_by_label("Ad id").input_value() == world.ids[0][1]


def test_a_long_list_goes_on_and_a_fault_ends_nothing(tab: Page, url: str, world: World) -> None:
    for number in range(PAGE_ADS + 1):
        world.create(adTitle=f"Chair {number}")
    tab.goto(f"{url}/#/ads?publisher=42")
    more = tab.get_by_role("button", name="More ads")
    expect(tab.locator(".ads li")).to_have_count(PAGE_ADS)
    tab.route("**/publisher/**", lambda route: route.abort())
    more.click()
    expect(tab.locator("#ads-content .notice")).to_contain_text("does not answer")
    tab.unroute("**/publisher/**")
    more.click()
    expect(tab.locator(".ads li")).to_have_count(PAGE_ADS + 1)
    expect(more).to_have_count(0)
    expect(tab.locator("#ads-content .notice")).to_have_count(0)


def test_a_timeline_tells_what_each_version_changed(tab: Page, url: str, world: World) -> None:
    open_ad(tab, url, world.lived())
    kinds = tab.locator(".chain h3").all_inner_texts()
    assert kinds == ["Deleted", "Changed", "Changed", "Created"]
    ended, told, priced, created = tab.locator(".chain .link").all()
    assert created.locator("del, ins").count() == 0
    assert priced.locator("del").all_inner_texts() == ["480"]
    assert priced.locator("ins").all_inner_texts() == ["450.50"]
    assert told.locator(".adDescription del").all_inner_texts() == ["two"]
    assert "three" in told.locator(".adDescription ins").all_inner_texts()
    assert told.locator(".chips .gone").all_inner_texts() == ["steel"]
    expect(ended).to_contain_text("The ad ends here")


def test_what_publishers_write_is_never_markup(tab: Page, url: str, world: World) -> None:
    title = "<img src=x onerror=alert(1)><b>bold</b>"
    open_ad(tab, url, world.create(adTitle=title))
    assert tab.locator("#detail-title").inner_text() == title
    assert tab.locator("main img, main b").count() == 0


def test_versions_are_looked_at_one_by_one(tab: Page, url: str, world: World) -> None:
    open_ad(tab, url, world.lived())
    detail = tab.locator(".detail")
    expect(detail).to_contain_text("Version 3, the newest")
    tab.get_by_role("button", name="Look at version 1").click()
    expect(detail).to_contain_text("450.50")
    expect(tab.locator("#detail-title")).to_be_focused()
    assert tab.locator("[aria-pressed=true]").all_inner_texts() == ["Look at version 1"]
    slider = tab.get_by_label("Go through its versions")
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    expect(detail).to_contain_text("480")
    expect(tab.get_by_label("Go through its versions")).to_be_focused()
    tab.go_back()
    expect(detail).to_contain_text("450.50")


def test_a_moment_leads_to_the_version_of_then(tab: Page, url: str, world: World) -> None:
    ad_id = world.create()
    open_ad(tab, url, ad_id)
    tab.get_by_label("As it was at").fill("2020-01-01T00:00:00")
    tab.get_by_role("button", name="Go there").click()
    expect(tab.locator(".as-of [role=status]")).to_contain_text("(404)")
    tab.get_by_label("As it was at").fill("3020-01-01T00:00:00")
    tab.get_by_role("button", name="Go there").click()
    expect(tab.locator(".as-of [role=status]")).to_contain_text("must not lie in the future")


@pytest.fixture
def long_lived(world: World) -> str:
    """An ad of 220 versions, which are three pages; its price says which."""
    ad_id = world.create()
    for price in range(1, 220):
        world.change(ad_id, price=Decimal(price))
    return ad_id


def test_a_long_history_opens_at_its_newest_version(
    tab: Page, url: str, world: World, long_lived: str
) -> None:
    open_ad(tab, url, long_lived)
    detail, earlier = tab.locator(".detail"), tab.get_by_role("button", name="Earlier versions")
    expect(detail).to_contain_text("Version 219, the newest")
    expect(tab.locator(".chain .link")).to_have_count(100)
    expect(tab.locator(".chain .link.chosen h3")).to_be_in_viewport()
    assert len(world.asked) == 1
    tab.route("**/publisher/**", lambda route: route.abort())
    earlier.click()
    expect(tab.locator(".past .notice")).to_contain_text("does not answer")
    tab.unroute("**/publisher/**")
    earlier.click()
    expect(tab.locator(".chain .link")).to_have_count(200)
    expect(tab.locator(".past .notice")).to_have_count(0)
    expect(tab.get_by_role("button", name="Look at version 119")).to_be_focused()
    expect(tab.locator("#announcer")).to_have_text("200 versions are shown")
    expect(detail).to_contain_text("Version 219, the newest")
    earlier.click()
    expect(tab.locator(".chain .link")).to_have_count(220)
    expect(earlier).to_be_hidden()
    nodes = tab.locator(".chain .node").all_inner_texts()
    assert nodes == [str(number) for number in range(219, -1, -1)]


def test_older_versions_come_as_they_are_needed(
    tab: Page, url: str, world: World, long_lived: str
) -> None:
    open_ad(tab, url, f"{long_lived}&version=110")
    detail = tab.locator(".detail")
    expect(detail).to_contain_text("Version 110 of 220 versions")
    expect(tab.locator(".chain .link")).to_have_count(200)
    slider = tab.get_by_label("Go through its versions")
    assert (slider.get_attribute("max"), slider.input_value()) == ("219", "110")
    slider.focus()
    tab.keyboard.press("Home")
    expect(detail).to_contain_text("Version 0 of 220 versions")
    expect(tab.get_by_label("Go through its versions")).to_be_focused()
    expect(tab.locator(".chain .link")).to_have_count(220)
    tab.go_back()
    expect(detail).to_contain_text("Version 110 of 220 versions")


def test_a_version_that_came_meanwhile_is_gone_to(tab: Page, url: str, world: World) -> None:
    ad_id = world.create()
    open_ad(tab, url, ad_id)
    world.change(ad_id, price=Decimal("77.50"))
    # The field knows seconds, and what came in this one lies behind them.
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tab.evaluate("(now) => { Date.prototype.toISOString = () => now; }", now)
    tab.get_by_label("As it was at").fill("2026-01-01T00:00:00")
    tab.get_by_role("button", name="Go there").click()
    expect(tab.locator(".detail")).to_contain_text("Version 1, the newest")
    expect(tab.locator(".detail")).to_contain_text("77.50")


def test_a_panel_that_scrolls_says_that_there_is_more(tab: Page, url: str, world: World) -> None:
    open_ad(tab, url, f"{world.lived()}&version=1")
    prove(tab)
    hint = tab.locator(".more-below")
    expect(hint).to_be_visible()
    tab.locator(".detail").evaluate("(panel) => panel.scrollTo(0, panel.scrollHeight)")
    expect(hint).to_be_hidden()
    tab.locator(".detail").evaluate("(panel) => panel.scrollTo(0, 0)")
    expect(hint).to_be_visible()
    tab.set_viewport_size({"width": 390, "height": 800})  # There the page scrolls, not the panel.
    expect(hint).to_be_hidden()


@pytest.mark.parametrize("version", [1, 3])
def test_a_proof_holds(tab: Page, url: str, world: World, version: int) -> None:
    open_ad(tab, url, f"{world.lived()}&version={version}")
    prove(tab)
    verdict = tab.get_by_role("status").filter(has_text="is what the ledger holds")
    expect(verdict).to_be_visible()
    states = tab.locator(".steps .state").all_inner_texts()
    assert [state.strip() for state in states] == ["holds"] * 3 + ["not checked here"] * 3


def test_an_altered_revision_fails_visibly(tab: Page, url: str, world: World) -> None:
    open_ad(tab, url, f"{world.lived()}&version=1")
    prove(tab)
    tab.get_by_text("Alter the revision").click()
    field = tab.get_by_label("The revision as Ion text")
    whole = field.input_value()
    field.fill(whole.replace("450.50", "45.050"))
    expect(tab.locator(".verdict.fails")).to_have_text(re.compile("does not verify"))
    expect(tab.locator(".steps li").first).to_contain_text("they were altered")
    tab.get_by_role("button", name="Put it back").click()
    expect(tab.locator(".verdict.holds")).to_be_visible()


def test_a_shown_version_that_was_altered_on_its_way_fails(
    tab: Page, url: str, world: World
) -> None:
    def cheaper(path: str, answer: Any) -> Any:
        for item in answer.get("items", ()):
            item["price"] = 1 if item["version"] == 1 else item.get("price")
        return answer

    world.alter = cheaper
    open_ad(tab, url, f"{world.lived()}&version=1")
    prove(tab)
    expect(tab.locator(".verdict.fails")).to_be_visible()
    expect(tab.locator(".steps")).to_contain_text("price is 1, 450.50 was hashed")


def test_a_digest_that_was_kept_has_to_be_the_same(tab: Page, url: str, world: World) -> None:
    open_ad(tab, url, world.lived())
    prove(tab)
    digest = tab.locator(".steps li").nth(3).locator("code").inner_text()
    field = tab.get_by_label("A digest that you kept")
    field.fill(digest)
    expect(tab.locator(".steps")).to_contain_text("the one that you kept: nothing")
    field.fill(OTHER_DIGEST)
    expect(tab.locator(".verdict.fails")).to_be_visible()


def test_a_proof_can_be_saved(tab: Page, url: str, world: World) -> None:
    ad_id = world.lived()
    open_ad(tab, url, ad_id)
    prove(tab)
    with tab.expect_download() as saved:
        tab.get_by_role("button", name="Save the proof").click()
    assert saved.value.suggested_filename == f"proof-{ad_id}-3.json"


def test_an_unknown_ad_is_said_to_be_unknown(tab: Page, url: str) -> None:
    tab.goto(f"{url}/#/ads?publisher=42&ad={'0' * 22}")
    expect(tab.get_by_role("alert").filter(has_text="404")).to_be_visible()


def test_a_replay_is_started_and_watched_to_its_end(tab: Page, url: str, world: World) -> None:
    tab.clock.install()
    tab.goto(f"{url}/#/replays")
    expect(tab.get_by_text("Nothing has been replayed yet")).to_be_visible()
    tab.get_by_label("State table").check()
    assert tab.get_by_label("As of").is_disabled()
    tab.get_by_role("button", name="Start").click()
    bar = tab.get_by_role("progressbar", name="State table, all ads")
    expect(bar).to_be_visible()
    replay_id = world.planned()
    tab.clock.fast_forward(LOOK_PAUSE_MS)
    expect(tab.locator(".replay .status")).to_have_text("running")
    for pieces in range(1, 4):
        world.advance(replay_id, pieces)
        tab.clock.fast_forward(LOOK_PAUSE_MS)
        expect(bar).to_have_js_property("value", 25 * pieces)
        said = f"State table, all ads: running, {25 * pieces} percent"
        expect(tab.locator("#announcer")).to_have_text(said)
    expect(tab.locator(".replay")).to_contain_text(f"{3 * BLOCKS} of {4 * BLOCKS} blocks")
    expect(tab.locator(".replay")).to_contain_text("to go")
    assert world.refused == []


def test_a_replay_that_others_started_comes_first(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/replays")
    tab.get_by_role("button", name="Start").click()
    expect(tab.locator(".replay")).to_have_count(1)
    world.records.create(new_replay(Request(Target.SEARCH), datetime.now(UTC) + DAY), None)
    expect(tab.locator(".replay h3")).to_have_text(["Search index, all ads", FIRST_TARGET])


def test_a_replay_is_cancelled(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/replays")
    tab.get_by_role("button", name="Start").click()
    cancel = tab.get_by_role("button", name="Cancel replay")
    expect(cancel).to_be_visible()
    replay_id = world.planned()
    cancel.click()
    expect(tab.locator(".replay .status")).to_have_text("cancelled")
    expect(cancel).to_be_hidden()
    assert world.records.read(replay_id).status == "CANCELLED"


def test_a_replay_that_failed_says_why_and_is_resumed(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/replays")
    tab.get_by_label("One ad").fill(world.create())
    tab.get_by_role("button", name="Start").click()
    expect(tab.locator(".replay")).to_have_count(1)
    [(replay_id, replay)] = world.records.replays.items()
    ended = replay.failed("table is throttled", Progress(), datetime.now(UTC))
    world.records.replays[replay_id] = ended
    expect(tab.locator(".faults")).to_have_text("table is throttled")
    tab.get_by_role("button", name="Resume replay").click()
    expect(tab.locator(".replay .status")).to_have_text("waiting")
    expect(tab.locator(".replay")).to_contain_text("attempt 2")


def test_a_refused_replay_says_what_is_wrong(tab: Page, url: str, world: World) -> None:
    tab.goto(f"{url}/#/replays")
    tab.get_by_label("One ad").fill("short")
    tab.get_by_role("button", name="Start").click()
    expect(tab.get_by_role("alert").filter(has_text="22 letters and digits")).to_be_visible()
    assert world.records.replays == {}


def test_lags_are_shown_and_followed(tab: Page, url: str, world: World) -> None:
    world.lags = [LEVEL, LATE]
    tab.clock.install()
    tab.goto(f"{url}/#/lag")
    expect(tab.locator(".lag")).to_have_count(2)
    level, late = tab.locator(".lag").all()
    expect(level.locator(".status")).to_have_text("level")
    expect(late).to_contain_text("at least 4.5 s behind: at least 2 ads in 3 blocks")
    world.lags = [LEVEL, Lag("search", "ads-0", 9, 9, 0, 0, 0.0, at_least=False)]
    tab.clock.fast_forward(LOOK_PAUSE_MS)
    expect(late.locator(".status")).to_have_text("level")
    expect(tab.locator("#announcer")).to_have_text("Search index of ads-0 is level")
    expect(late.get_by_role("img")).to_have_attribute("aria-label", re.compile("4.5 s at most"))


def test_of_events_their_age_is_shown(tab: Page, url: str, world: World) -> None:
    stream = Lag("stream", "ads-0", 9, 9, 0, 0, 0.0, at_least=False)
    world.lags = [LEVEL, stream, Age("events", None)]
    tab.clock.install()
    tab.goto(f"{url}/#/lag")
    expect(tab.locator(".lag h2")).to_have_text(["State table", "Stream", "Events"])
    events = tab.locator(".lag").nth(2)
    expect(events).to_contain_text("Told of nothing in the last ten minutes")
    expect(events.get_by_role("img")).to_have_count(0)
    world.lags = [LEVEL, stream, Age("events", 2.5)]
    tab.clock.fast_forward(LOOK_PAUSE_MS)
    expect(events).to_contain_text("2.5 s late when last told")
    expect(events.get_by_role("img")).to_have_attribute("aria-label", re.compile("2.5 s now"))


def test_a_deployed_page_asks_operators_for_keys(tab: Page, keyless_url: str, world: World) -> None:
    world.lags = [LEVEL]
    tab.goto(f"{keyless_url}/#/lag")
    form = tab.locator("#view-lag form.keys")
    expect(form).to_be_visible()
    assert [each for each in world.asked if "lag" in each] == []
    form.get_by_label("Access key id").fill(KEYS["accessKeyId"])
    form.get_by_label("Secret access key").fill(KEYS["secretAccessKey"])
    form.get_by_label("Session token").fill(KEYS["sessionToken"])
    form.get_by_role("button", name="Use these keys").click()
    expect(tab.locator(".lag")).to_have_count(1)
    assert world.refused == []
    tab.reload()
    expect(form).to_be_visible()
    assert tab.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        *(0, 0, "")
    ]


def test_keys_stay_in_the_tab_where_that_is_asked_for(
    tab: Page, keyless_url: str, world: World
) -> None:
    world.lags = [LEVEL]
    tab.goto(f"{keyless_url}/#/lag")
    form = tab.locator("#view-lag form.keys")
    form.get_by_label("Access key id").fill(KEYS["accessKeyId"])
    form.get_by_label("Secret access key").fill("wrong")
    form.get_by_label("Keep them").check()
    form.get_by_role("button", name="Use these keys").click()
    expect(tab.locator("#lag-content .notice")).to_contain_text("Forbidden")
    assert world.refused
    tab.reload()
    expect(tab.locator("#view-lag .keys-place")).to_contain_text(KEYS["accessKeyId"])
    tab.locator("#view-lag").get_by_role("button", name="Forget now").click()
    expect(form).to_be_visible()
    assert tab.evaluate("sessionStorage.length") == 0


def test_a_page_without_its_config_says_so(tab: Page, url: str) -> None:
    tab.route("**/config.json", lambda route: route.fulfill(status=404))
    tab.goto(url)
    expect(tab.get_by_role("alert").filter(has_text="config.json")).to_be_visible()


def test_an_api_that_is_away_is_named(tab: Page, url: str) -> None:
    tab.route("**/publisher/**", lambda route: route.abort())
    tab.goto(f"{url}/#/ads?publisher=42")
    expect(tab.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()


def test_nothing_but_the_page_and_its_apis_is_asked(tab: Page, url: str, world: World) -> None:
    asked: set[str] = set()
    tab.on("request", lambda request: asked.add(request.url.split("/")[2]))
    world.lags = [LEVEL]
    open_ad(tab, url, world.lived())
    prove(tab)
    for view in ("Replays", "Lag"):
        tab.get_by_role("link", name=view).click()
        expect(tab.get_by_role("heading", level=1)).to_be_focused()
    expect(tab.locator(".lag")).to_have_count(1)
    config = tab.evaluate("fetch('config.json').then((answer) => answer.json())")
    assert asked == {url.split("/")[2], config["publisherApi"].split("/")[2]}
