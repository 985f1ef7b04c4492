"""Pictures from an entry's own page: only when wished, politely, and never lost by the next refresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom.clock import SetClock
from pressroom.http.answer import FetchError, Headers, Response
from pressroom.outcomes import Defer, Done
from schemas.errors import ErrorKind
from schemas.messages import PageImage, PageImageWish
from services.fetcher.manners import Identity, Pace
from services.fetcher.page_images import PageImages, image_of
from services.publisher.failures import Failures
from services.publisher.keeping import Keeping
from services.publisher.shelf import Shelf
from services.publisher.story import Publisher
from tests.fakes.records import NOON, entry, envelope, record
from tests.stories.test_publisher import Desk

URL = "http://paper.example/bridge"


@pytest.mark.parametrize(
    ("page", "image"),
    [
        ('<meta property="og:image" content="/b.jpg">', "http://paper.example/b.jpg"),
        ("<META PROPERTY='og:image' CONTENT='//cdn.example/b.jpg'/>", "http://cdn.example/b.jpg"),
        (
            '<meta name="twitter:image" content="t.jpg"><meta property="og:image" content="o.jpg">',
            "http://paper.example/o.jpg",
        ),
        ('<meta property="og:image" content="javascript:alert(1)">', None),
        ('<meta property="og:image" content="data:image/png;base64,AAAA">', None),
        ('<meta property="og:image" content="http://[">', None),
        ('<meta property="og:image" content="">', None),
        ('<body><meta property="og:image" content="late.jpg">', None),
        ("<p>no picture", None),
        ("<meta " * 20_000, None),
    ],
)
def test_a_page_names_its_picture_in_its_head_and_only_as_http(page, image):
    assert image_of(page.encode(), URL) == image


class Site:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Response | FetchError = Response(
            URL, 200, Headers({}), b'<meta property="og:image" content="b.jpg">', 40
        )

    def get(self, url, headers):
        self.asked.append(url)
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


WISH = PageImageWish(feed="f", entry="id-1", link=URL)


def test_a_wish_asks_the_page_and_says_what_it_names():
    images = PageImages(Site().get, Identity("1", "us"), SetClock(), Pace(SetClock(), 1.0))
    (emit,) = images.handle(envelope(WISH)).emits
    assert emit.payload == PageImage(feed="f", entry="id-1", image="http://paper.example/b.jpg")


def test_a_host_is_asked_for_one_page_in_its_spacing():
    site, clock = Site(), SetClock()
    images = PageImages(site.get, Identity("1", "us"), clock, Pace(clock, 2.0))
    images.handle(envelope(WISH))
    assert isinstance(images.handle(envelope(WISH)), Defer)
    assert len(site.asked) == 1
    clock.advance(2)
    assert isinstance(images.handle(envelope(WISH)), Done)


def test_a_page_that_cannot_be_had_leaves_the_entry_without_a_picture():
    site = Site()
    site.answer = FetchError(ErrorKind.TIMEOUT, "too slow", URL)
    assert PageImages(site.get, Identity("1", "us"), SetClock(), Pace(SetClock(), 0)).handle(envelope(WISH)) == Done()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_wishes_go_out_only_by_the_setting_and_only_for_new_entries_without_a_picture(desk):
    shelf = Shelf(desk.store, desk.notices)
    keeping = Keeping(desk.store, 3, 2)
    publisher = Publisher(shelf, Failures(shelf, SetClock(NOON), "1"), keeping, SetClock(NOON), page_images=True)
    found = publisher.handle(envelope(record("f", 1, entry(1), entry(2, image="http://paper.example/2.jpg"))))
    wishes = [emit for emit in found.emits if isinstance(emit.payload, PageImageWish)]
    assert [(one.topic, one.key, one.payload.entry) for one in wishes] == [("feed.refresh", "paper.example", "id-1")]
    again = publisher.handle(envelope(record("f", 2, entry(1), entry(3))))
    assert [e.payload.entry for e in again.emits if isinstance(e.payload, PageImageWish)] == ["id-3"]
    silent = desk.give(record("g", 1, entry(9)))
    assert not any(isinstance(emit.payload, PageImageWish) for emit in silent)


def test_a_found_picture_is_shown_at_once_and_survives_the_next_refresh(desk):
    desk.give(record("f", 1, entry(1), entry(2)))
    desk.give(PageImage(feed="f", entry="id-1", image="http://paper.example/b.jpg"))
    assert desk.head().document.entries[0].image == "http://paper.example/b.jpg"
    assert len(desk.notices.told) == 2
    desk.give(record("f", 2, entry(0), entry(1)))
    assert [one.image for one in desk.head().document.entries] == [None, "http://paper.example/b.jpg"]
    desk.restart()
    desk.give(record("f", 3, entry(1)))
    assert desk.head().document.entries[0].image == "http://paper.example/b.jpg"


def test_a_picture_for_what_is_gone_or_has_one_changes_nothing(desk):
    desk.give(record("f", 1, entry(1, image="http://paper.example/1.jpg")))
    before = desk.head()
    for feed, name in (("f", "id-1"), ("f", "id-9"), ("nobody", "id-1")):
        desk.give(PageImage(feed=feed, entry=name, image="http://evil.example/x.jpg"))
    assert desk.head() == before
