"""Whatever publishers make of the formats: each readable feed has its headlines on the page, the rest their reason.

Told of feeds of our own making, and of a folder of recorded ones where the variable PRESSROOM_RECORDED_FEEDS names it:
INDEX.json lists them as `tests/real_feeds.py` reads it. Those belong to their publishers and stay outside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas import keys
from schemas.documents import Head
from services.fetcher.parse import parse
from tests.fakes.faultserver import Answer, FaultServer
from tests.fakes.feed_documents import CORPUS
from tests.pipeline.conftest import ADDRESSES
from tests.pipeline.demo import run_once
from tests.pipeline.frontpage import Box, FrontPage
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

XML = {"Content-Type": "text/xml"}
ENTRIES_MAX = 100

UNREADABLE: Mapping[str, tuple[Answer, str]] = {
    "page": (Answer(body=b"<!doctype html><title>Hello</title>", headers={"Content-Type": "text/html"}), "not a feed"),
    "nothing": (Answer(body=b" \n", headers=XML), "empty answer"),
    "noise": (Answer(body=bytes(range(256)) * 20, headers=XML), "feed"),
    "missing": (Answer(404), "404"),
}


@dataclass(frozen=True)
class Served:
    """A feed at an address, and titles that a reader expects of it."""

    url: str
    titles: tuple[str, ...]

    @property
    def feed(self) -> str:
        return keys.feed_id(self.url)


def own_feeds(origin: FaultServer) -> list[Served]:
    served = []
    for number, document in enumerate(CORPUS):
        headers = {"Content-Type": document.content_type or "application/xml"}
        origin.script(f"/own/{number}", Answer(body=document.body, headers=headers))
        entries = parse(document.body, content_type=document.content_type, url=document.url).entries
        titles = tuple(entry.title for entry in entries if entry.title)
        served.append(Served(origin.url(f"/own/{number}"), titles))
    return served


def recorded_feeds(origin: FaultServer) -> list[Served]:
    """Those that a reader should read, with the titles that their index names. None where no folder is named."""
    folder = os.environ.get("PRESSROOM_RECORDED_FEEDS")
    if not folder:
        return []
    index = json.loads((Path(folder) / "INDEX.json").read_text(encoding="utf-8"))
    served = []
    for number, feed in enumerate(index["feeds"]):
        charset = feed["served_charset"]
        headers = {"Content-Type": f"text/xml; charset={charset}" if charset else "text/xml"}
        path = f"/recorded/{feed['file']}"
        origin.script(path, Answer(body=(Path(folder) / feed["file"]).read_bytes(), headers=headers))
        url = origin.url(path, ADDRESSES[number % len(ADDRESSES)])
        served.append(Served(url, tuple(expected_titles(feed["expect"]["entries"]))))
    return served


def expected_titles(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        if entry["index"] < ENTRIES_MAX and isinstance(entry.get("title"), str) and entry["title"].strip():
            yield entry["title"]


def squeezed(text: str) -> str:
    """How text compares for a reader: white space is one space."""
    return " ".join(text.split())


@pytest.fixture
def origin() -> Iterator[FaultServer]:
    with FaultServer(ADDRESSES) as server:
        yield server


@dataclass
class Round:
    """What one round over all of them left: documents in the store, and the page of a node that came afterwards."""

    world: World
    page: FrontPage

    def titles(self, feed: str) -> set[str]:
        head = self.world.document(keys.head(feed), Head)
        return {squeezed(entry.title or "") for entry in head.document.entries} if head else set()


@pytest.fixture
def served(origin: FaultServer) -> list[Served]:
    for name, (answer, _) in UNREADABLE.items():
        origin.script(f"/unreadable/{name}", answer)
    return [*own_feeds(origin), *recorded_feeds(origin)]


@pytest.fixture
def after(tmp_path: Path, origin: FaultServer, served: list[Served]) -> Iterator[Round]:
    urls = [*(one.url for one in served), *(unreadable(origin, name) for name in UNREADABLE)]
    feeds = [f"[[feeds]]\nurl = {json.dumps(url)}\nmax_items = {ENTRIES_MAX}\n" for url in urls]
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "news.toml").write_text('title = "News"\n' + "".join(feeds), encoding="utf-8")
    assert run_once(tmp_path)["feeds"] == len(urls)
    world = World(tmp_path, origin, {})
    room = world.start(("web",))
    page = eventually(
        lambda: world.page(room), lambda page: bool(page.boxes) and all(map(is_made, page.boxes.values()))
    )
    yield Round(world, page)
    world.close()


def unreadable(origin: FaultServer, name: str) -> str:
    return origin.url(f"/unreadable/{name}")


def is_made(box: Box) -> bool:
    return bool(box.headlines) or box.state == "failing"


def test_each_readable_feed_has_its_headlines_and_the_rest_their_reason(
    after: Round, served: list[Served], origin: FaultServer
) -> None:
    for one in served:
        titles, shown = after.titles(one.feed), after.page.boxes[one.feed].headlines
        assert {squeezed(title) for title in one.titles} <= titles, one.url
        assert shown, one.url
        # An entry without a title is shown by its first words.
        assert "" in titles or {squeezed(headline) for headline in shown} <= titles, one.url
    for name, (_, reason) in UNREADABLE.items():
        box = after.page.boxes[keys.feed_id(unreadable(origin, name))]
        assert (box.state, box.headlines) == ("failing", ())
        assert reason in box.words
