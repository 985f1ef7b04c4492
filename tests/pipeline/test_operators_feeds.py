"""Feeds that operators put on sites, move and take off while the newsroom runs, in both worlds."""

from __future__ import annotations

import pytest

from pressroom.opml import Listed, read, written
from schemas import keys
from schemas.changes import Proposal
from services.embedded import Newsroom
from tests.fakes.faultserver import Answer
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually, within
from tests.pipeline.world import World

SOON_S = 5.0


class Shift:
    """A newsroom with one feed in its site's file."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.filed = world.paper("filed", "In the file")
        world.site("news", self.filed)
        self.room: Newsroom = world.start()
        self.shows(self.filed, "In the file")

    def shown(self, feed: str, site: str = "news") -> tuple[str, ...] | None:
        """Its headlines; None: it has no box."""
        box = self.world.page(self.room, site).boxes.get(feed)
        return box.headlines if box else None

    def shows(self, paper: Paper, *headlines: str, site: str = "news") -> None:
        eventually(lambda: self.shown(paper.feed, site), lambda found: found == headlines, within_s=SOON_S)

    def health(self, paper: Paper) -> object:
        return next(one for one in self.world.operator("feeds", "list").feeds if one.feed == paper.feed)


@pytest.fixture(scope="module")
def shift(shared_world: World) -> Shift:
    return Shift(shared_world)


def test_a_feed_that_is_added_is_on_the_page_in_seconds_and_taken_off_it_keeps_its_history(shift: Shift) -> None:
    world, paper = shift.world, shift.world.paper("added", "New here")
    would = world.operator("feeds", "add", url=paper.url, site="news", title="Added", dry_run=True)
    assert (would.state, would.look.difference.added, shift.shown(paper.feed)) == ("would", ("New here",), None)
    began = world.clock.monotonic()
    done = world.operator("feeds", "add", url=paper.url, site="news", title="Added", why="a reader asked")
    assert (done.state, done.feeds) == ("done", (paper.feed,))
    shift.shows(paper, "New here")
    assert world.clock.monotonic() - began < within(SOON_S)
    assert (shift.health(paper).origin, shift.health(shift.filed).origin) == ("operator", "file")
    assert world.operator("feeds", "add", url=paper.url, site="news").state == "same"

    assert world.operator("feeds", "remove", feed=paper.feed, why="enough").state == "done"
    eventually(lambda: shift.shown(paper.feed), lambda found: found is None, within_s=SOON_S)
    assert len(world.operator("feeds", "show", feed=paper.feed).versions) == 1
    world.operator("feeds", "add", url=paper.url, site="news")
    shift.shows(paper, "New here")


def test_a_feed_of_the_file_is_taken_off_and_put_back(shift: Shift) -> None:
    world = shift.world
    world.operator("feeds", "remove", feed=shift.filed.feed, site="news")
    eventually(lambda: shift.shown(shift.filed.feed), lambda found: found is None, within_s=SOON_S)
    world.operator("feeds", "add", url=shift.filed.url, site="news")
    shift.shows(shift.filed, "In the file")
    assert shift.health(shift.filed).origin == "file"


def test_a_list_makes_a_site_and_comes_out_as_it_went_in(shift: Shift) -> None:
    world = shift.world
    papers = [world.paper(f"listed-{number}", f"Of list {number}") for number in range(3)]
    feeds = [Listed(paper.url, paper.title, f"http://{paper.name}.example/") for paper in papers]
    text = written("Mine", [("A group", [*feeds, Listed("ftp://no.example/", "No")])]).decode()
    done = world.operator("feeds", "import-opml", opml=text, site="lists", new_site="Lists")
    assert (done.state, len(done.feeds), len(done.left_out)) == ("done", 3, 1)
    for number, paper in enumerate(papers):
        shift.shows(paper, f"Of list {number}", site="lists")
    exported = world.operator("feeds", "export-opml", site="lists")
    assert (exported.feeds, read(exported.opml)) == (3, feeds)
    for paper in papers:
        world.operator("feeds", "remove", feed=paper.feed)
    eventually(lambda: world.page(shift.room, "lists").status, lambda status: status == 404, within_s=SOON_S)


def test_a_feed_that_is_moved_is_asked_there_and_stays_the_feed_that_it_is(shift: Shift) -> None:
    world = shift.world
    old, new = world.paper("old-place", "Before"), world.paper("new-place", "After", "Before")
    world.operator("feeds", "add", url=old.url, site="news")
    shift.shows(old, "Before")
    asked = old.fetches
    assert world.operator("feeds", "move", feed=old.feed, url=new.url, why="they wrote to us").state == "done"
    shift.shows(old, "After", "Before")
    assert old.fetches == asked
    assert [one.current for one in world.operator("feeds", "show", feed=old.feed).versions].count(False) == 1
    world.operator("feeds", "remove", feed=old.feed)


def test_a_rollback_holds_whatever_comes_until_it_is_released(shift: Shift) -> None:
    world, paper = shift.world, shift.world.paper("nonsense", "Sense")
    world.operator("feeds", "add", url=paper.url, site="news")
    shift.shows(paper, "Sense")
    good = world.head(paper)
    assert good is not None
    paper.prints("Nonsense")
    world.refresh(paper)
    shift.shows(paper, "Nonsense")
    world.operator("feeds", "rollback", feed=paper.feed, version=good.version[:32], why="nonsense")
    shift.shows(paper, "Sense")
    paper.prints("More nonsense")
    world.refresh(paper)
    held = world.head(paper)
    assert held is not None
    assert held.hold
    assert shift.shown(paper.feed) == ("Sense",)
    world.operator("feeds", "release", feed=paper.feed, why="they mended it")
    shift.shows(paper, "More nonsense")
    world.operator("feeds", "remove", feed=paper.feed)


def test_a_refresh_names_the_trace_that_its_way_is_told_by(shift: Shift) -> None:
    world = shift.world
    shift.filed.prints("Wished for", "In the file")
    trace = world.operator("feeds", "refresh", feed=shift.filed.feed).trace
    shift.shows(shift.filed, "Wished for", "In the file")
    (way,) = world.operator("traces", "show", id=trace).ways
    assert way.key == keys.head(shift.filed.feed)


def proposal(shift: Shift, paper: Paper) -> Proposal:
    found = eventually(
        lambda: {one.feed: one.proposal for one in shift.world.operator("feeds", "proposals").proposals},
        lambda found: paper.feed in found,
    )
    return found[paper.feed]


def test_a_feed_that_is_gone_is_proposed_to_go_and_goes_when_an_operator_accepts(shift: Shift) -> None:
    world, paper = shift.world, shift.world.paper("gone", "Last edition")
    world.operator("feeds", "add", url=paper.url, site="news")
    shift.shows(paper, "Last edition")
    paper.answers(Answer(410))
    world.refresh(paper)
    assert proposal(shift, paper).kind == "gone"
    assert (shift.health(paper).word, shift.health(paper).stopped) == ("proposed", True)
    world.operator("feeds", "accept", feed=paper.feed, why="it said so")
    eventually(lambda: shift.shown(paper.feed), lambda found: found is None, within_s=SOON_S)
    eventually(lambda: world.failure_list(status="open", feed=paper.feed), lambda left: left == [])


def test_for_a_dead_feed_the_one_that_its_home_page_names_is_proposed_and_takes_its_place(shift: Shift) -> None:
    world = shift.world
    dead, alive = world.paper("dead", "The last here"), world.paper("alive", "The first there")
    home, page = "/home.html", f'<link rel="alternate" type="application/rss+xml" href="{alive.path}">'
    world.origin.script(home, Answer(200, page.encode(), {"Content-Type": "text/html"}))
    world.operator("feeds", "add", url=dead.url, site="news", home=world.origin.url(home))
    shift.shows(dead, "The last here")
    dead.answers(Answer(410))
    world.refresh(dead)
    eventually(lambda: proposal(shift, dead), lambda found: (found.kind, found.url) == ("found", alive.url))
    world.operator("feeds", "accept", feed=dead.feed, why="it moved there")
    shift.shows(dead, "The first there")
    eventually(lambda: world.failure_list(status="open", feed=dead.feed), lambda left: left == [])
    world.operator("feeds", "remove", feed=dead.feed)


def test_a_feed_that_is_declined_to_be_gone_is_asked_again(shift: Shift) -> None:
    world, paper = shift.world, shift.world.paper("not-gone", "Still here")
    world.operator("feeds", "add", url=paper.url, site="news")
    shift.shows(paper, "Still here")
    paper.answers(Answer(410))
    world.refresh(paper)
    proposal(shift, paper)
    world.operator("feeds", "decline", feed=paper.feed, why="they are moving house")
    eventually(lambda: shift.health(paper), lambda one: one.proposal is None and not one.stopped and one.next_at)
    assert shift.shown(paper.feed) == ("Still here",)
    world.operator("feeds", "remove", feed=paper.feed)
