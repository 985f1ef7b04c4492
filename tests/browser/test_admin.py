"""The desk in a real Chromium: readable by everybody, with the keyboard alone, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pressroom.clock import SystemClock
from pressroom.settings import Settings
from schemas import keys
from schemas.documents import SiteEntry, SiteIndex
from services.embedded import Newsroom
from services.web.admin.passwords import hash_of
from services.web.node import WebNode
from services.web.serve import Server
from tests.browser.conftest import SIZES, complaints_of, violations
from tests.fakes.desk import answering
from tests.fakes.desk_night import Night, pages
from tests.fakes.faultserver import FaultServer
from tests.fakes.records import entry
from tests.pipeline.world import World

pytestmark = pytest.mark.browser

PASSWORD = "ink and paper and ink"
LOOKS = {"pocket": "dark", "desk": "light"}
LONG = {"runbook", "failures-filtered", "causes", "dead-letter", "traces", "audit", "raws"}
"""Pages that are made like others, or of text alone: looked at in one of the two sizes."""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    night = Night(tmp_path_factory.mktemp("objects"), SystemClock())
    night.fill()
    night.queue.answer = answering(entry(1, title="New pier opens"), entry(2, title="Ferry runs again"))
    return night


@pytest.fixture(scope="module")
def address(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data=tmp_path_factory.mktemp("data"), admin_password_hash=hash_of(PASSWORD))  # type: ignore[arg-type]
    node = WebNode(night.store, night.queue, SystemClock(), settings)  # type: ignore[arg-type]
    with Server(node.wsgi, "127.0.0.1", 0) as server:
        yield server.address


def signed_in(browser: Browser, address: str, size: str, **more: object) -> BrowserContext:
    context = browser.new_context(
        viewport=SIZES[size], color_scheme=LOOKS[size], base_url=address, reduced_motion="reduce", **more
    )
    context.request.post("/admin/sign-in", form={"by": "ann", "password": PASSWORD})
    return context


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_readable_by_everybody_and_as_wide_as_the_screen(
    browser: Browser, night: Night, address: str, size: str
) -> None:
    context = signed_in(browser, address, size)
    page = context.new_page()
    complaints = complaints_of(page)
    for name, path in {**pages(night), "sign-in": "/admin/sign-in"}.items():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        if size == "pocket" and name in LONG:
            continue
        assert (name, violations(page)) == (name, [])
    context.close()
    assert [one for one in complaints if "status of 404" not in one] == []


def test_the_keyboard_alone_leads_from_the_sign_in_to_a_replay(browser: Browser, night: Night, address: str) -> None:
    context = browser.new_context(viewport=SIZES["desk"], base_url=address)
    page = context.new_page()
    page.goto(pages(night)["failure"])
    press_to(page, "input#by")
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    press_to(page, "form[action$='failures/preview'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".look ins").first).to_have_text("New pier opens")
    press_to(page, "input[name=why]")
    page.keyboard.type("the site is back")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Asked for: failures replay")
    context.close()


def test_without_scripts_failures_are_chosen_one_by_one_and_dropped_with_a_reason(
    browser: Browser, night: Night, address: str
) -> None:
    context = signed_in(browser, address, "pocket", java_script_enabled=False)
    page = context.new_page()
    page.goto("/admin/failures/list?kind=dns")
    page.get_by_role("checkbox", name="Choose dns of news-desk-3").check()
    page.get_by_role("checkbox", name="Choose dns of news-desk-4").check()
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview .verdict")).to_have_text("2 would be dropped.")
    page.get_by_label("Why").fill("both have closed")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Asked for: failures drop")
    context.close()


def test_the_glance_takes_in_what_changes_without_being_opened_again(
    browser: Browser, night: Night, address: str
) -> None:
    context = signed_in(browser, address, "desk")
    page = context.new_page()
    page.clock.install()
    page.goto("/admin/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("More than half of all feeds fail")
    page.evaluate("window.sameDocument = true")
    night.fleet()
    page.clock.run_for(16_000)
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("More than half")
    assert page.evaluate("window.sameDocument")
    context.close()


def press_to(page: Page, selector: str) -> None:
    """Tab until it has the focus, and that can be seen."""
    wanted = page.locator(selector).first
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {selector}")


class TestEditor:
    """With a publisher at work: what is saved is stored, and of two editors the second sees the first one's text."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        with FaultServer() as origin:
            world = World(tmp_path, origin, {})
            yield world
            world.close()

    @pytest.fixture
    def editor(self, browser: Browser, world: World) -> Iterator[BrowserContext]:
        room: Newsroom = world.start(["publisher", "web"], admin_password_hash=hash_of(PASSWORD))
        index = SiteIndex(at=datetime.now(UTC), sites=(SiteEntry(site="news", title="News"),))
        world.store.create(keys.SITES_INDEX, index.as_json())
        with Server(room.stories[WebNode].wsgi, "127.0.0.1", 0) as server:
            context = signed_in(browser, server.address, "desk", java_script_enabled=False)
            yield context
            context.close()

    def test_two_editors_write_one_is_shown_both_texts_and_an_old_version_comes_back(
        self, editor: BrowserContext
    ) -> None:
        first, second = editor.new_page(), editor.new_page()
        for page in (first, second):
            page.goto("/admin/files/save?site=news&name=block")
        first.get_by_label("The text, as HTML").fill("<p>Theirs</p>")
        first.get_by_role("button", name="Preview").click()
        expect(first.locator(".paper")).to_have_text("Theirs")
        first.get_by_label("Why").fill("first words")
        first.get_by_role("button", name="Save").click()
        expect(first.get_by_role("heading", level=1)).to_have_text("Done: files save")

        second.get_by_label("The text, as HTML").fill("<p>Mine</p>")
        second.get_by_label("Why").fill("other words")
        second.get_by_role("button", name="Save").click()
        expect(second.locator(".overtaken ins").first).to_have_text("+<p>Theirs</p>")
        expect(second.get_by_label("The text, as HTML")).to_have_value("<p>Mine</p>")
        second.get_by_role("button", name="Save over version 1").click()
        expect(second.get_by_role("heading", level=1)).to_have_text("Done: files save")

        first.goto("/admin/files/save?site=news&name=block")
        expect(first.get_by_label("The text, as HTML")).to_have_value("<p>Mine</p>")
        first.get_by_role("link", name="Restore version 1").click()
        first.get_by_label("Why").fill("the first ones were better")
        first.get_by_role("button", name="Do it").click()
        first.goto("/admin/files/save?site=news&name=block")
        expect(first.get_by_label("The text, as HTML")).to_have_value("<p>Theirs</p>")
        expect(first.get_by_text("restores version 1")).to_be_visible()
