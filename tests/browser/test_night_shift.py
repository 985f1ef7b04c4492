"""The night shift: feeds fail, the alert fires, whoever is woken finds the cause, looks ahead, replays, and the page is
right. One newsroom, one webhook, one Chromium; nothing is pretended but the sites and the passing of a night.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pressroom.clock import SystemClock
from services.embedded import Newsroom
from services.scheduler.watchman import Watchman
from services.web.admin.passwords import hash_of
from services.web.node import WebNode
from services.web.serve import Server
from tests.browser.conftest import SIZES, eventually
from tests.fakes.faultserver import Answer, FaultServer
from tests.fakes.webhook import Receiver, receiver
from tests.pipeline.papers import Paper
from tests.pipeline.world import World

pytestmark = pytest.mark.browser

PASSWORD = "woken at three"
OLD, NEW = "Ferry runs again", "New pier opens"
PAPERS = 22
"""More than 20 sources that begin to fail within an hour are an alert."""

CHECK = Answer(headers={"Content-Type": "text/html"}, body="<html><title>Are you a robot?</title>Tick this box.</html>")


class NightClock(SystemClock):
    """The machine's clock, but for hours that a test leaps over."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead_s)

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        deadline_s = self.monotonic() + timeout_s
        while not event.wait(max(0.0, min(0.05, deadline_s - self.monotonic()))):
            if self.monotonic() >= deadline_s:
                return False
        return True

    def leap(self, seconds: float) -> None:
        self._ahead_s += seconds


class Night:
    """A newsroom of papers on one host, its web node before a browser, and an operator's webhook."""

    def __init__(self, world: World, clock: NightClock, hook: Receiver) -> None:
        self.world, self.clock, self.hook = world, clock, hook
        self.papers = [world.paper(f"paper-{number}", OLD) for number in range(PAPERS)]
        world.site("news", *self.papers)
        self.room: Newsroom = world.start(webhook_url=hook.url, admin_password_hash=hash_of(PASSWORD))
        eventually(lambda: all(self.shown(paper) == (OLD,) for paper in self.papers))

    def shown(self, paper: Paper) -> tuple[str, ...]:
        box = self.world.page(self.room).boxes.get(paper.feed)
        return box.headlines if box else ()

    def passes(self, seconds: float) -> None:
        """In steps that leave the scheduler time for its ticks: who hears none for long does not lead."""
        (watch,) = (part for part in self.room.parts["scheduler"] if isinstance(part, Watchman))
        for _ in range(int(seconds / 10)):
            self.clock.leap(10)
            now = self.clock.monotonic()
            eventually(lambda now=now: watch._seen.heard_at_s >= now)  # type: ignore[misc]

    def refused(self, times: int) -> None:
        """The host answers with a bot check to whoever asks, and everybody is asked so often."""
        for paper in self.papers:
            paper.answers(CHECK)
        for time in range(1, times + 1):
            self.world.operator("feeds", "refresh", site="news")
            eventually(lambda time=time: [one.failures for one in self.feeds()] == [time] * PAPERS)  # type: ignore[misc]

    def feeds(self) -> list:
        return list(self.world.operator("feeds", "list").feeds)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    with ExitStack() as things:
        origin, hook = things.enter_context(FaultServer()), things.enter_context(receiver())
        clock = NightClock()
        world = World(tmp_path, origin, {}, clock)
        things.callback(world.close)
        yield Night(world, clock, hook)


@pytest.fixture
def page(browser: Browser, night: Night) -> Iterator[Page]:
    with Server(night.room.stories[WebNode].wsgi, "127.0.0.1", 0) as server:
        context = browser.new_context(viewport=SIZES["pocket"], base_url=server.address, reduced_motion="reduce")
        yield context.new_page()
        context.close()


def test_who_is_woken_finds_the_cause_looks_ahead_replays_and_the_page_is_right(night: Night, page: Page) -> None:
    night.passes(100)
    night.refused(times=3)
    night.passes(40)
    eventually(lambda: ("PressroomFailuresGrow", "firing") in night.hook.alerts())

    page.goto("/admin/")
    page.get_by_label("Who you are").fill("ann")
    page.get_by_label("The desk’s password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("More than 20 sources began to fail within an hour.")
    expect(page.locator(".next")).to_contain_text(f"Begin with {PAPERS} × not_a_feed at 127.0.0.1")

    page.locator(".lead").get_by_role("link", name="See them").click()
    page.locator(".rows a").first.click()
    expect(page.locator("pre").first).to_contain_text("Are you a robot?")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".look")).to_contain_text("It would fail again: not_a_feed")

    for paper in night.papers:
        paper.prints(NEW, OLD)
    page.get_by_role("link", name="not_a_feed: its whole story").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".look ins")).to_have_text([NEW])
    assert {night.shown(paper) for paper in night.papers} == {(OLD,)}

    page.goto("/admin/")
    page.locator(".lead").get_by_role("link", name="Look ahead and replay").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".preview > .verdict")).to_have_text(f"{PAPERS} would be sent again.")
    page.get_by_label("Why").fill("the host asks nobody for ticks any more")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".progress")).to_contain_text(f"{PAPERS} of {PAPERS} done.")

    eventually(lambda: {night.shown(paper) for paper in night.papers} == {(NEW, OLD)})
    page.goto("/s/news")
    expect(page.locator(".box").get_by_text(NEW)).to_have_count(PAPERS)
    page.goto("/admin/failures")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^0 open failures"))
    page.goto("/admin/audit")
    expect(page.locator(".rows").get_by_text("the host asks nobody for ticks any more")).to_have_count(1)
