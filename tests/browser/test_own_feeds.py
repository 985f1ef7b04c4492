"""A reader brings a feed of their own, and their page fills without being opened again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from schemas import keys
from schemas.codec import decode
from schemas.documents import FeedStatus, ReaderFeed
from schemas.messages import ReaderWish
from tests.browser.conftest import Press, eventually, violations
from tests.fakes.web_papers import Paper, Story

pytestmark = pytest.mark.browser

OWN = "https://own.example/feed.xml"
FEED = keys.feed_id(OWN)
FIELD = "Up to 5 addresses"


def bring(page: Page, *urls: str) -> None:
    page.goto("/s/linux/settings")
    page.get_by_label(FIELD).fill("\n".join(urls))
    page.get_by_role("button", name="Save").click()


def wished(press: Press) -> list[str]:
    payloads = [decode(parcel.body).payload for parcel in press.notices.published]
    return [one.url for one in payloads if isinstance(one, ReaderWish)]


def arrive(press: Press) -> None:
    """What scheduler, fetcher and publisher make of the wish."""
    now = datetime.now(UTC)
    status = ReaderFeed(at=now, status=FeedStatus(feed=FEED, url=OWN, checked_at=now, ok_at=now))
    head = press.room.head(Paper(FEED, "My own paper", (Story("An otter of my own", 1),)))
    press.notices.changed(keys.reader_feed(FEED), press.room.store.put(keys.reader_feed(FEED), status))
    press.notices.changed(keys.head(FEED), head)


def test_the_box_says_that_it_waits_and_fills_by_itself(page: Page, press: Press) -> None:
    bring(page, OWN)
    box = page.locator(f'[data-feed="{FEED}"]')
    expect(box.locator(".state")).to_have_text("Asked for, not there yet.")
    eventually(lambda: wished(press) == [OWN])
    page.evaluate("window.sameDocument = true")
    arrive(press)
    expect(box.locator(".headline")).to_have_text(["An otter of my own"])
    expect(box.locator(".state")).to_have_count(0)
    assert page.evaluate("window.sameDocument")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_address_that_is_none_is_shown_again_with_one_clear_reason(page: Page) -> None:
    bring(page, OWN, "my favourite feed")
    expect(page.get_by_role("alert")).to_have_text(
        "A feed's address begins with https:// or http:// and names a host, not so: my favourite feed "
        "Nothing was saved."
    )
    expect(page.get_by_label(FIELD)).to_have_value(f"{OWN}\nmy favourite feed")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_it_is_taken_along_as_text_and_given_up_with_the_rest(page: Page) -> None:
    bring(page, OWN)
    page.goto("/s/linux/settings")
    text = page.get_by_label("These settings as text").input_value()
    page.get_by_role("button", name="Forget all settings").click()
    expect(page.locator(f'[data-feed="{FEED}"]')).to_have_count(0)
    page.goto("/s/linux/settings")
    page.get_by_label("These settings as text").fill(text)
    page.get_by_role("button", name="Use this text").click()
    expect(page.locator(f'[data-feed="{FEED}"]')).to_have_count(1)
