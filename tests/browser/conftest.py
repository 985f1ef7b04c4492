"""A real Chromium before a real node, at the sizes of a desk and of a pocket."""

from __future__ import annotations

import atexit
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from pressroom.clock import SystemClock
from pressroom.settings import Settings
from schemas import keys
from services.web.node import WebNode
from services.web.serve import Server
from tests.fakes.web_newsroom import Newsroom, cell_of
from tests.fakes.web_papers import PAPERS, Paper, Story
from tests.fakes.web_queue import Notices
from tests.fakes.web_store import MemoryStore

# A busy machine takes its time; a test that passes does not wait for this.
expect.set_options(timeout=30_000)
SIZES = {"desk": {"width": 1280, "height": 900}, "pocket": {"width": 390, "height": 844}}
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def eventually(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@dataclass
class Press:
    """A node with news, serving on loopback."""

    node: WebNode
    room: Newsroom
    notices: Notices
    address: str
    _news: dict[str, tuple[Paper, Story]] = field(default_factory=dict)

    def news(self, story: Story, paper: Paper = PAPERS[0]) -> None:
        self._news[paper.feed] = (paper, story)
        self._publish(paper, [story])
        eventually(lambda: story.title in self.text("/s/linux"))

    def as_before(self) -> None:
        """The store answers, and what there was news of since is no longer there."""
        if self.room.store.down:
            self.room.store.down = False
            self.notices.missed_some()
            eventually(lambda: "has not reached its store" not in self.text("/s/linux"))
        for paper, story in self._news.values():
            self._publish(paper, [])
            eventually(lambda title=story.title: title not in self.text("/s/linux"))
        self._news.clear()

    def _publish(self, paper: Paper, news: list[Story]) -> None:
        key, etag = keys.head(paper.feed), self.room.head(paper, news)
        self.notices.changed(key, etag)
        eventually(lambda: self.node.copies.etag(key) == etag)
        # A node that has rendered much rests first; no test is about that.
        self.node.renderer.mark(["linux"])

    def text(self, path: str) -> str:
        page = self.node.table.get(path)
        return page.variants["identity"].body.decode() if page is not None else ""


@contextmanager
def serving(folder: Path) -> Iterator[Press]:
    room = Newsroom(MemoryStore(), datetime.now(UTC))
    room.fill()
    notices = Notices()
    node = WebNode(room.store, notices, SystemClock(), Settings(data=folder), cell_of=cell_of)  # type: ignore[arg-type]
    node.start()
    eventually(lambda: all(node.copies.get(key) is not None for key in node.agenda.kept() if _filled(key)))
    eventually(lambda: node.table.get("/s/covid") is not None)
    with Server(node.wsgi, "127.0.0.1", 0) as server:
        yield Press(node, room, notices, server.address)
    node.stop()


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    with serving(tmp_path) as press:
        yield press


def _filled(key: str) -> bool:
    """What people may write is not there yet, nor is what papers have not."""
    empty = {keys.head(paper.feed) for paper in PAPERS if not paper.stories}
    return key not in empty and not key.startswith((keys.PARTS, keys.REMOVED))


def chromium() -> str:
    """The program; skips the test where there is none, and fails it in CI."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        missing = "no Chromium: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return program


@cache
def launched() -> Browser:
    """One for the whole process: Playwright starts once, whichever files ask for a browser."""
    program = chromium()
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def browser() -> Browser:
    return launched()


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds on it: each rule, with the elements that break it."""
    found = Axe().run(page, options={"runOnly": AXE_RULES}).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def complaints_of(page: Page) -> list[str]:
    """What its scripts, its console and its policy complain of; grows as they do."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    return complaints


@pytest.fixture(params=SIZES)
def page(browser: Browser, press: Press, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab at each size. Whatever the console or the policy complains of fails the test."""
    context = browser.new_context(viewport=SIZES[request.param], base_url=press.address, reduced_motion="reduce")
    page = context.new_page()
    complaints = complaints_of(page)
    yield page
    context.close()
    assert [complaint for complaint in complaints if "status of 40" not in complaint] == []
