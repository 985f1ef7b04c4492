"""The parts that people write, in a real Chromium: where they stand, and that nothing in them runs or breaks out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from pressroom.parts import clean_part
from schemas import keys
from schemas.parts import Part, PartName
from tests.browser.conftest import SIZES, Press, eventually, violations
from tests.browser.test_hostile import PAYLOADS

pytestmark = pytest.mark.browser

BLOCK = """
<h2>From the desk</h2>
<p>Our <a href="/s/linux/about">new rules</a> hold from today.</p>
<ul><li>Corrections stand at the top.</li><li>Sources are named.</li></ul>
<table><tr><th scope="col">Day</th><th scope="col">Desk</th></tr><tr><td>Friday</td><td>closed</td></tr></table>
"""
LOOK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"


def put(press: Press, name: PartName, html: str, number: int = 1) -> None:
    """As the publisher stores and tells it."""
    key = keys.site_part("linux", name)
    part = Part(
        site="linux",
        name=name,
        number=number,
        html=clean_part(html),
        at=datetime.now(UTC),
        by="editor",
        why="a test",
        edit=f"edit-{number}",
    )
    press.notices.changed(key, press.room.store.put(key, part))
    eventually(lambda: part.html in press.text("/s/linux") or name == "about")


def top_of(page: Page, selector: str) -> float:
    place = page.locator(selector).first.bounding_box()
    assert place is not None
    return place["y"]


def test_the_block_stands_above_the_top_stories_and_the_notice_above_both(page: Page, press: Press) -> None:
    put(press, "block", BLOCK)
    put(press, "notice", "<p>Closed on Friday</p>")
    page.goto("/s/linux")
    expect(page.get_by_text("Our new rules hold from today.")).to_be_in_viewport()
    assert top_of(page, ".announcement") < top_of(page, ".block") < top_of(page, ".top")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_the_about_page_is_reached_from_the_foot_of_the_page(page: Page, press: Press) -> None:
    put(press, "about", "<p>Who we are</p><h3>How to write to us</h3><p>By post.</p>")
    put(press, "notice", "<p>Closed on Friday</p>")
    page.goto("/s/linux")
    page.locator("footer").get_by_role("link", name="About").click()
    expect(page.get_by_text("Who we are")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_an_open_page_takes_in_what_is_saved_where_it_belongs(page: Page, press: Press) -> None:
    page.goto("/s/linux")
    put(press, "block", "<p>First words</p>")
    page.evaluate(LOOK_NOW)
    expect(page.locator(".block")).to_contain_text("First words")
    put(press, "block", "<p>Second words</p>", number=2)
    put(press, "notice", "<p>Closed on Friday</p>")
    page.evaluate(LOOK_NOW)
    expect(page.locator(".block")).to_contain_text("Second words")
    expect(page.locator(".announcement")).to_contain_text("Closed on Friday")
    assert top_of(page, ".announcement") < top_of(page, ".block") < top_of(page, ".top")


@pytest.fixture(params=SIZES)
def watched(browser: Browser, press: Press, request: pytest.FixtureRequest) -> Iterator[tuple[Page, list[str]]]:
    """A tab that notes every script that runs and every request to somebody else."""
    context = browser.new_context(viewport=SIZES[request.param], base_url=press.address)
    seen: list[str] = []
    context.expose_function("ran", lambda: seen.append("a script ran"))

    def note(asked: Request) -> None:
        if not asked.url.startswith(press.address):
            seen.append(asked.url)

    page = context.new_page()
    page.on("request", note)
    page.on("dialog", lambda dialog: (seen.append("a dialog"), dialog.dismiss()))
    yield page, seen
    context.close()


@pytest.mark.parametrize("name", ["block", "notice"])
def test_whatever_somebody_writes_runs_nothing_asks_nobody_and_stays_in_its_box(
    watched: tuple[Page, list[str]], press: Press, name: PartName
) -> None:
    page, seen = watched
    put(press, name, "<p>before</p>" + "".join(f"<div>{one}</div>" for one in PAYLOADS if len(one) < 2000)[:20_000])
    page.goto("/s/linux")
    page.wait_for_load_state("networkidle")
    for element in page.locator(".part a").all():
        href = element.get_attribute("href")
        assert href is None or href.startswith(("/", "http://", "https://", "mailto:"))
    assert seen == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".part :is(script, style, iframe, object, embed, svg, math, form, input)").count() == 0
    box = page.locator(".part").first
    covered = "box => [...box.querySelectorAll('*')].filter(e => getComputedStyle(e).position !== 'static').length"
    assert box.evaluate(covered) == 0
    expect(page.locator(".top article").first).to_be_visible()


def test_even_what_was_never_cleaned_cannot_run(watched: tuple[Page, list[str]], press: Press) -> None:
    """A store that somebody else wrote into: the policy of the pages holds without the cleaner."""
    page, seen = watched
    raw = "<p>raw</p><script>ran()</script><img src=x onerror=ran()><style>body{display:none}</style>"
    key = keys.site_part("linux", "block")
    part = Part(site="linux", name="block", number=1, html=raw, at=datetime.now(UTC), by="x", why="x", edit="x")
    press.notices.changed(key, press.room.store.put(key, part))
    eventually(lambda: "<p>raw</p>" in press.text("/s/linux"))
    page.goto("/s/linux")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("raw", exact=True)).to_be_visible()
    assert seen == []
