"""A feed that a reader brings: through the queue to the fetcher and back to this reader's page, in both worlds."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from werkzeug.test import Client

from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from schemas import keys
from schemas.messages import Wish
from services.embedded import Newsroom
from services.web.node import WebNode
from services.web.own import AWAITED, NO_ROOM
from tests.fakes.faultserver import Answer
from tests.pipeline.frontpage import Box, FrontPage, read_page
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

ROOM_FOR = 4
HERE = {"Sec-Fetch-Site": "same-origin"}
BLOCKED = "http://10.0.0.1/feed.xml"


@dataclass
class Reader:
    """A browser of one reader, before one node."""

    client: Client

    @classmethod
    def of(cls, room: Newsroom) -> Reader:
        return cls(Client(room.stories[WebNode].wsgi))

    def brings(self, *urls: str) -> None:
        form = {"act": "import", "text": f"own={'+'.join(urls)}"}
        assert self.client.post("/s/news/settings", data=form, headers=HERE).status_code == 303

    def page(self) -> FrontPage:
        answer = self.client.get("/s/news")
        return read_page(answer.status_code, answer.text)

    def box(self, url: str) -> Box:
        return self.page().boxes.get(keys.feed_id(url), Box("missing", "", ()))


@dataclass
class Scene:
    world: World
    room: Newsroom

    def paper(self, name: str, *headlines: str) -> Paper:
        return self.world.paper(name, *headlines, address="127.0.0.2")

    def another_node(self) -> Newsroom:
        """One with a disk of its own where the engines are elsewhere."""
        changes = {"data": self.world.folder / "another"} if self.world.engines else {}
        node = self.world.start(["web"], **changes)
        eventually(lambda: self.world.page(node).status == 200)
        return node


@pytest.fixture(scope="module")
def scene(shared_world: World) -> Scene:
    site = shared_world.paper("of-the-site", "Ferry runs again")
    shared_world.site("news", site)
    room = shared_world.start(reader_feeds_max=ROOM_FOR)
    eventually(lambda: shared_world.page(room).headlines, lambda found: found == ["Ferry runs again"])
    return Scene(shared_world, room)


def test_it_comes_to_the_page_of_whoever_brought_it_and_to_no_other(scene: Scene) -> None:
    paper, reader, other = scene.paper("mine", "My own pier opens"), Reader.of(scene.room), Reader.of(scene.room)
    reader.brings(paper.url)
    first = reader.box(paper.url)
    assert first.words.lower().startswith(AWAITED) or first.headlines, first
    eventually(
        lambda: reader.box(paper.url), lambda box: (box.headlines, box.state) == (("My own pier opens",), "fresh")
    )
    assert other.page().headlines == ["Ferry runs again"]
    assert paper.fetches == 1


def test_news_of_it_come_by_a_notice_and_another_node_has_them_when_a_reader_looks_there(scene: Scene) -> None:
    paper, reader = scene.paper("twice", "First edition"), Reader.of(scene.room)
    reader.brings(paper.url)
    eventually(lambda: reader.box(paper.url).headlines)
    paper.prints("Second edition", "First edition")
    scene.world.sender.send([Emit(SCHEDULE, ONE_KEY, Wish(feed=paper.feed))])
    eventually(lambda: reader.box(paper.url).headlines, lambda found: found == ("Second edition", "First edition"))
    elsewhere = Reader.of(scene.another_node())
    elsewhere.brings(paper.url)
    eventually(lambda: elsewhere.box(paper.url).headlines, lambda found: found == ("Second edition", "First edition"))
    assert paper.fetches == 2


def test_an_address_that_is_not_public_is_never_asked_and_its_reader_is_told(scene: Scene) -> None:
    reader = Reader.of(scene.room)
    reader.brings(BLOCKED)
    box = eventually(lambda: reader.box(BLOCKED), lambda box: box.state == "failing")
    assert box.words.startswith("The address is not a public one")
    assert scene.world.failure_list(status="any", feed=keys.feed_id(BLOCKED)) == []


def test_a_feed_that_is_gone_says_so_and_fills_no_operators_list(scene: Scene) -> None:
    paper, reader = scene.paper("gone"), Reader.of(scene.room)
    paper.answers(Answer(410, b"gone"))
    reader.brings(paper.url)
    box = eventually(lambda: reader.box(paper.url), lambda box: box.state == "failing")
    assert "gone" in box.words
    assert scene.world.failure_list(status="any", feed=paper.feed) == []


def test_when_there_is_no_room_for_more_the_reader_is_told(scene: Scene) -> None:
    """Runs last: the feeds of the tests before have filled the room, or these do."""
    reader = Reader.of(scene.room)
    fillers = [scene.paper(f"filler-{number}", "Full") for number in range(ROOM_FOR)]
    reader.brings(*(paper.url for paper in fillers))
    one_more = Reader.of(scene.room)
    late = scene.paper("late", "Too late")
    eventually(lambda: reader.page().boxes)
    one_more.brings(late.url)
    box = eventually(lambda: one_more.box(late.url), lambda box: NO_ROOM in box.words.lower())
    assert box.headlines == ()
    assert late.fetches == 0
