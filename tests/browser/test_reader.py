"""What a reader sees and can do on a front page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SIZES, Press, serving, violations
from tests.fakes.web_papers import PAPERS, Story

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    with serving(tmp_path_factory.mktemp("node")) as press:
        yield press


@pytest.fixture
def press(newsroom: Press) -> Iterator[Press]:
    """One node for all tests of this file; what a test changes is as before when the next one begins."""
    yield newsroom
    newsroom.as_before()


PATHS = [
    "/",
    "/s/solar",
    "/s/linux/all",
    "/s/linux/archive",
    "/s/linux/search?q=the",
    "/s/linux/settings",
    "/crawler",
    "/nothing",
]

LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"
"""What the page does when its tab is shown again: ask for news at once."""


def is_pocket(page: Page) -> bool:
    assert page.viewport_size is not None
    return page.viewport_size["width"] == SIZES["pocket"]["width"]


class TestLook:
    @pytest.mark.parametrize("path", PATHS)
    def test_nothing_is_wider_than_the_window(self, page: Page, path: str) -> None:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_no_entry_of_the_navigation_is_cut(self, page: Page) -> None:
        page.goto("/")
        for link in page.locator("nav a").all():
            place = link.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= page.viewport_size["width"]  # type: ignore[index]

    def test_the_first_screen_shows_top_stories_and_the_first_box(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator(".top article").first).to_be_in_viewport()
        expect(page.locator(".box .headline").first).to_be_in_viewport()

    def test_the_lead_is_the_largest_of_all_headlines(self, page: Page) -> None:
        page.goto("/")
        size = "links => links.map(link => parseFloat(getComputedStyle(link).fontSize))"
        lead, *others = page.locator("main .headline").evaluate_all(size)
        assert lead > max(others)

    def test_nothing_moves_while_the_page_settles(self, page: Page) -> None:
        page.add_init_script(
            "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) "
            "window.shift += entry.value }).observe({type: 'layout-shift', buffered: true})"
        )
        page.goto("/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.shift") < 0.02

    def test_titles_in_arabic_run_from_the_right_and_long_words_stay_inside(self, page: Page) -> None:
        page.goto("/")
        arabic = page.locator("[data-feed=al-hadatha] .headline").first
        assert arabic.evaluate("link => getComputedStyle(link).direction") == "rtl"
        box = page.locator("[data-feed=wortmeldung]")
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth + 1")

    def test_dark_and_light_follow_the_system(self, page: Page) -> None:
        page.goto("/")
        paper = "getComputedStyle(document.body).backgroundColor"
        page.emulate_media(color_scheme="light")
        light = page.evaluate(paper)
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(paper) != light

    def test_each_site_has_an_accent_of_its_own(self, page: Page) -> None:
        accents = set()
        for site in ("linux", "ai", "space", "techno", "solar", "covid"):
            page.goto(f"/s/{site}")
            accents.add(page.locator("nav [aria-current=page]").evaluate("link => getComputedStyle(link).color"))
        assert len(accents) == 6

    def test_print_leaves_the_navigation_out(self, page: Page) -> None:
        page.goto("/")
        page.emulate_media(media="print")
        expect(page.locator("nav").first).to_be_hidden()
        expect(page.locator(".box .headline").first).to_be_visible()

    def test_on_paper_times_are_clock_times_and_ages_come_back_after_it(self, page: Page) -> None:
        page.goto("/")
        checked = page.locator("[data-feed=kernel-notes] h3 time")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(checked).to_have_text(re.compile(r"^(\d\d:\d\d|\d+ \w+)$"))
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(checked).to_have_text(re.compile(r"^(just now|\d+ min ago)$"))

    def test_bundled_fonts_are_used(self, page: Page) -> None:
        page.goto("/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.fonts.check('16px \"Pressroom Serif\"')")


class TestHonesty:
    def test_boxes_in_trouble_say_so_in_words(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator("[data-feed=distro-ledger][data-state=stale] .state")).to_contain_text("answers 503")
        expect(page.locator("[data-feed=engine-room][data-state=failing] .state")).to_contain_text("gone (410)")
        expect(page.locator("[data-feed=quiet-hours][data-state=empty] .state")).to_be_visible()

    def test_ages_are_told_relative_and_in_full_on_pointing(self, page: Page) -> None:
        page.goto("/")
        checked = page.locator("[data-feed=kernel-notes] h3 time")
        expect(checked).to_have_text(re.compile(r"^(just now|\d+ min ago)$"))
        assert checked.get_attribute("title")

    def test_a_node_without_store_says_so_and_keeps_serving(self, page: Page, press: Press) -> None:
        page.goto("/")
        press.room.store.down = True
        press.notices.missed_some()
        expect(page.locator(".notice")).to_contain_text("has not reached its store")
        expect(page.locator(".box .headline").first).to_be_visible()


class TestLiveUpdate:
    def test_news_comes_without_reloading(self, page: Page, press: Press) -> None:
        page.goto("/")
        page.evaluate("window.sameDocument = true")
        press.news(Story("Otters elect a speaker", 0))
        page.evaluate(LOOK_NOW)
        expect(page.locator("[data-feed=kernel-notes] .headline").first).to_have_text("Otters elect a speaker")
        assert page.evaluate("window.sameDocument")

    def test_an_update_keeps_focus_and_what_was_unfolded(self, page: Page, press: Press) -> None:
        page.goto("/")
        page.locator("[data-feed=kernel-notes] summary").click()
        page.locator("[data-feed=kernel-notes] .headline").nth(1).focus()
        focused = page.evaluate("document.activeElement.href")
        press.news(Story("Otters elect a speaker", 0))
        page.evaluate(LOOK_NOW)
        expect(page.locator("[data-feed=kernel-notes] .headline").first).to_have_text("Otters elect a speaker")
        assert page.evaluate("document.activeElement.href") == focused
        assert page.locator("[data-feed=kernel-notes] details").evaluate("details => details.open")

    def test_a_hidden_tab_asks_for_nothing(self, page: Page) -> None:
        page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => true})")
        page.clock.install()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/version/" in request.url else None)
        page.goto("/")
        page.clock.run_for(60_000)
        assert asked == []

    def test_a_page_in_view_asks_a_tiny_address_every_few_seconds(self, page: Page) -> None:
        page.clock.install()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/version/" in request.url else None)
        page.goto("/")
        for _ in range(6):
            page.clock.run_for(4_000)
            page.wait_for_timeout(30)
        assert 3 <= len(asked) <= 8


class TestKeyboard:
    def test_j_and_k_walk_the_headlines(self, page: Page) -> None:
        page.goto("/")
        titles = [link.inner_text() for link in page.locator("main a.headline").all()[:3]]
        focused = "document.activeElement.innerText"
        for title in titles:
            page.keyboard.press("j")
            assert page.evaluate(focused) == title
        page.keyboard.press("k")
        assert page.evaluate(focused) == titles[1]

    def test_o_opens_the_headline_in_a_new_tab_that_knows_nothing_of_this_one(self, page: Page) -> None:
        page.add_init_script("window.open = (...what) => { window.opened = what }")
        page.goto("/")
        page.keyboard.press("j")
        page.wait_for_function("document.activeElement.matches('a.headline')")
        link = page.evaluate("document.activeElement.href")
        page.keyboard.press("o")
        page.wait_for_function("window.opened")
        assert page.evaluate("window.opened") == [link, "_blank", "noopener,noreferrer"]

    def test_a_question_mark_shows_the_keys_and_escape_hides_them(self, page: Page) -> None:
        page.goto("/")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_the_first_tab_stop_leads_past_the_navigation(self, page: Page) -> None:
        page.goto("/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "news"

    def test_everything_that_can_be_clicked_can_be_reached_and_shows_its_focus(self, page: Page) -> None:
        page.goto("/")
        page.locator(".box summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(".box details").first.evaluate("details => details.open")
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


class TestMarks:
    def go_away_for_an_hour(self, page: Page) -> None:
        page.goto("/crawler")
        page.evaluate(
            "const name = 'pressroom.seen.linux', kept = JSON.parse(localStorage[name]);"
            "localStorage[name] = JSON.stringify({...kept, at: kept.at - 3600000})"
        )

    def test_a_first_visit_marks_nothing(self, page: Page) -> None:
        page.goto("/")
        expect(page.locator("li.new")).to_have_count(0)

    def test_the_next_visit_marks_what_is_new(self, page: Page, press: Press) -> None:
        page.goto("/")
        press.news(Story("Otters elect a speaker", 0))
        self.go_away_for_an_hour(page)
        page.goto("/")
        expect(page.locator("li.new .headline")).to_have_text(["Otters elect a speaker"])

    def test_reloading_within_a_visit_keeps_the_marks(self, page: Page, press: Press) -> None:
        page.goto("/")
        press.news(Story("Otters elect a speaker", 0))
        self.go_away_for_an_hour(page)
        page.goto("/")
        page.reload()
        expect(page.locator("li.new")).to_have_count(1)


class TestSettings:
    def test_what_is_set_is_there_at_once_and_after_a_reload(self, page: Page) -> None:
        page.goto("/")
        page.get_by_role("link", name="Settings", exact=True).click()
        page.locator("select[name=scheme]").select_option("dark")
        page.get_by_label("Bench Report", exact=True).uncheck()
        page.get_by_role("button", name="Save").click()
        for _ in range(2):
            expect(page.locator("html")).to_have_attribute("data-scheme", "dark")
            expect(page.locator("[data-feed=bench-report]")).to_have_count(0)
            page.reload()

    def test_news_reaches_readers_with_settings(self, page: Page, press: Press) -> None:
        page.goto("/s/linux/settings")
        page.locator("select[name=scheme]").select_option("light")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".box")).to_have_count(len(PAPERS))
        press.news(Story("Otters elect a speaker", 0))
        page.evaluate(LOOK_NOW)
        expect(page.locator("[data-feed=kernel-notes] .headline").first).to_have_text("Otters elect a speaker")

    def test_very_large_text_of_high_contrast_fits_and_axe_finds_nothing(self, page: Page) -> None:
        page.goto("/s/linux/settings")
        page.locator("select[name=scheme]").select_option("dark" if is_pocket(page) else "light")
        page.locator("select[name=contrast]").select_option("more")
        page.locator("select[name=size]").select_option("xl")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("html")).to_have_attribute("data-size", "xl")
        expect(page.locator("html")).to_have_attribute("data-contrast", "more")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(page) == []


class TestSearch:
    def test_a_slash_leads_to_search_and_words_lead_to_headlines(self, page: Page) -> None:
        page.goto("/")
        page.keyboard.press("/")
        field = page.get_by_label("Words")
        expect(field).to_be_visible()
        page.keyboard.press("/")
        expect(field).to_be_focused()
        page.keyboard.type("fuzzers")
        page.keyboard.press("Enter")
        expect(page.locator(".stream .headline").first).to_contain_text("fuzzers missed")


class TestWithoutScript:
    def test_the_page_works_without_javascript(self, browser: Browser, press: Press) -> None:
        context = browser.new_context(java_script_enabled=False, base_url=press.address)
        page = context.new_page()
        page.goto("/")
        expect(page.locator(".box")).to_have_count(len(PAPERS))
        expect(page.locator("[data-feed=kernel-notes] h3 time")).to_have_text(re.compile(r"\d\d:\d\d|\d+ \w+"))
        page.locator("[data-feed=kernel-notes] summary").click()
        expect(page.get_by_text("Counting references without counting")).to_be_visible()
        page.get_by_role("link", name="All headlines").click()
        expect(page.locator(".stream .headline").first).to_be_visible()
        context.close()


def violations_at(path: str, page: Page, scheme: str) -> list[tuple[str, list[str]]]:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(path)
    return violations(page)


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing(page: Page, path: str) -> None:
    """Colours do not depend on the size, nor does the rest on the scheme: light at the desk, dark in the pocket."""
    assert violations_at(path, page, "dark" if is_pocket(page) else "light") == []


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_the_other_way_round(page: Page, path: str) -> None:
    assert violations_at(path, page, "light" if is_pocket(page) else "dark") == []
