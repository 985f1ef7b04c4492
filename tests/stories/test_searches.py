"""Dead feeds: what their home pages name is looked for politely, and proposed only when it is a feed."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pressroom.clock import SetClock
from pressroom.http.answer import FetchError, Headers, Response
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Defer, Done
from schemas import keys
from schemas.changes import FeedFound, FeedSearch
from schemas.documents import Document, Head
from schemas.errors import ErrorKind
from services.fetcher.manners import Identity, Pace
from services.fetcher.parse import parse
from services.fetcher.searches import Searches, feeds_named
from services.fetcher.story import Fetcher
from tests.fakes.records import NOON, entry, envelope, record
from tests.stories.test_fetcher import document

DEAD = "http://paper.example/old.xml"
HOME = "http://paper.example/"
NEW = "http://paper.example/new.xml"


def link(href: str, kind: str = "application/rss+xml", title: str = "") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


class Web:
    """Pages by address; what is not there is a 404."""

    def __init__(self, **pages: Any) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.moved: dict[str, str] = {}
        self.good = 200

    def get(self, url: str, headers: Any) -> Response:
        self.asked.append(url)
        if url.startswith("http://10."):
            raise FetchError(ErrorKind.BLOCKED_ADDRESS, "not a public address", url)
        body = self.pages.get(url)
        kind = "text/html" if body and body.startswith(b"<html") else "application/rss+xml"
        return Response(
            url,
            self.good if body else 404,
            Headers({"Content-Type": kind}),
            body or b"",
            0,
            permanent_url=self.moved.get(url),
        )


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path)


def searches(web: Web, store: DirectoryStore, spacing_s: float = 0.0) -> Searches:
    fetcher = Fetcher(
        get=web.get,
        parse=lambda body, content_type, url: parse(body, content_type=content_type, url=url),
        store=store,
        clock=SetClock(NOON),
        raw_bytes_max=0,
        identity=Identity("1.0", "+http://us.example/crawler"),
    )
    return Searches(fetcher, Pace(fetcher.clock, spacing_s))


def ends(desk: Searches, search: FeedSearch) -> list[str]:
    """Handle it and all that follows; the addresses that are said to be the feed's."""
    todo, found = deque([search]), []
    while todo:
        outcome = desk.handle(envelope(todo.popleft()))
        assert isinstance(outcome, Done)
        for emit in outcome.emits:
            if isinstance(emit.payload, FeedFound):
                found.append(emit.payload.url)
            else:
                assert emit.key == urlsplit((*emit.payload.candidates, *emit.payload.pages)[0]).netloc
                todo.append(emit.payload)
    return found


def page(*links: str) -> bytes:
    return f"<html><head>{''.join(links)}</head><body>Paper</body></html>".encode()


def test_the_feed_that_the_home_page_names_is_asked_and_said(web, store):
    web.pages = {HOME: page(link("/new.xml")), NEW: document("One")}
    assert ends(searches(web, store), FeedSearch(feed="f", dead=DEAD, pages=(HOME,))) == [NEW]
    assert web.asked == [HOME, NEW]


def test_what_is_named_and_is_no_feed_or_an_empty_one_or_the_dead_one_is_not_said(web, store):
    named = [link(href) for href in ("/old.xml", "/page.html", "/empty.xml", "/gone.xml", "http://10.0.0.1/feed")]
    web.pages = {HOME: page(*named), f"{HOME}page.html": page(), f"{HOME}empty.xml": document(), DEAD: document("One")}
    desk = searches(web, store)
    assert ends(desk, FeedSearch(feed="f", dead=DEAD, pages=(HOME, "http://other.example/"))) == []
    assert DEAD not in web.asked
    assert web.asked[-1] == "http://other.example/"


def test_a_feed_that_a_proxy_has_changed_on_the_way_is_one(web, store):
    web.pages, web.good = {HOME: page(link("/new.xml")), NEW: document("One")}, 203
    assert ends(searches(web, store), FeedSearch(feed="f", dead=DEAD, pages=(HOME,))) == [NEW]


def test_a_feed_that_is_redirected_for_good_is_said_by_its_new_address(web, store):
    web.pages = {HOME: page(link("/new.xml")), NEW: document("One")}
    web.moved = {NEW: "http://feeds.example/new.xml"}
    found = ends(searches(web, store), FeedSearch(feed="f", dead=DEAD, pages=(HOME,)))
    assert found == ["http://feeds.example/new.xml"]


@pytest.mark.parametrize(
    ("home", "asked"),
    [("http://other.example/paper", ["http://other.example/paper", HOME]), (HOME, [HOME]), (DEAD, [HOME])],
)
def test_without_a_page_the_home_that_the_feed_last_named_is_asked_then_the_front_of_its_host(web, store, home, asked):
    made = record("f", 1, entry(1))
    source = made.source.model_copy(update={"home": home})
    head = Head(
        feed="f",
        version="a" * 64,
        turn=1,
        fetch=made.fetch,
        changed_at=NOON,
        document=Document(source=source, entries=()),
    )
    store.create(keys.head("f"), head.as_json())
    assert ends(searches(web, store), FeedSearch(feed="f", dead=DEAD)) == []
    assert web.asked == asked


def test_one_request_a_message_and_the_host_is_left_alone_between_two(web, store):
    web.pages = {HOME: page(link("/new.xml")), NEW: document("One")}
    desk = searches(web, store, spacing_s=10.0)
    outcome = desk.handle(envelope(FeedSearch(feed="f", dead=DEAD, pages=(HOME,))))
    assert isinstance(outcome, Done)
    assert len(web.asked) == 1
    assert isinstance(desk.handle(envelope(outcome.emits[0].payload)), Defer)


def test_a_lanes_search_stays_on_its_lane(web, store):
    web.pages = {HOME: page(link("/new.xml"))}
    outcome = searches(web, store).handle(envelope(FeedSearch(feed="f", dead=DEAD, pages=(HOME,), lane="slow")))
    assert isinstance(outcome, Done)
    assert [emit.topic for emit in outcome.emits] == ["feed.refresh@slow"]


@pytest.mark.parametrize(
    ("html", "named"),
    [
        (link("/a.xml") + link("http://x.example/b", "application/atom+xml"), ["/a.xml", "http://x.example/b"]),
        (link("/a", "application/rss+xml; charset=utf-8"), ["/a"]),
        (link("/a.json", "application/feed+json"), ["/a.json"]),
        ('<link rel="feed" href="/a">', ["/a"]),
        (link("/comments/feed", title="Comments") + link("/feed"), ["/feed", "/comments/feed"]),
        ('<base href="http://y.example/dir/">' + link("a"), ["http://y.example/dir/a"]),
        (link("/a") * 3, ["/a"]),
        ('<link rel="alternate" hreflang="de" href="/de"><link rel="stylesheet" href="/c.css">', []),
        (link("javascript:alert(1)") + link("http://[broken") + link(""), []),
        ("<link rel=alternate type=application/rss+xml href=/a", []),
    ],
)
def test_what_a_page_names(html, named):
    wanted = [one if one.startswith("http") else f"http://paper.example{one}" for one in named]
    assert feeds_named(html.encode(), HOME) == wanted
