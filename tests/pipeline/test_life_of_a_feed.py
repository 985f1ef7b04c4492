"""One feed's life, told step by step in both worlds; the page is read at every step."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pressroom.queues.topics import RECORD_PUBLISH
from schemas import keys
from schemas.documents import Failure
from services.embedded import Newsroom
from tests.fakes.faultserver import Answer
from tests.pipeline.frontpage import Box
from tests.pipeline.papers import Paper
from tests.pipeline.waiting import eventually, within
from tests.pipeline.world import World

PROMISED_S = 2.0
"""From being fetched to being on the page."""

OLD, NEW, LATEST = "Ferry runs again", "New pier opens", "Storm delays the pier"


@dataclass
class Story:
    """A site with one paper, in a newsroom at work, whose first edition is on the page already."""

    world: World
    room: Newsroom
    paper: Paper

    def box(self) -> Box:
        return self.world.page(self.room, self.paper.name).boxes.get(self.paper.feed, Box("missing", "", ()))

    def shows(self, *headlines: str, state: str = "fresh") -> Box:
        """Wait until the box shows exactly these."""
        return eventually(self.box, lambda box: (box.headlines, box.state) == (headlines, state))

    def failures(self) -> list[Failure]:
        return self.world.failure_list(status="any", feed=self.paper.feed)

    def failure(self, status: str) -> Failure:
        """The paper's one failure, once it has that status."""
        return eventually(self.failures, lambda found: [one.status for one in found] == [status])[0]


@pytest.fixture(scope="module")
def stories(shared_world: World) -> Iterator[Story]:
    """One newsroom for all the tests of a world, and a paper with a site of its own for each of them."""
    papers = [shared_world.paper(f"paper-{number}", OLD) for number in range(7)]
    for paper in papers:
        shared_world.site(paper.name, paper)
    room = shared_world.start()
    stories = [Story(shared_world, room, paper) for paper in papers]
    for story in stories:
        story.shows(OLD)
    return iter(stories)


@pytest.fixture
def story(stories: Iterator[Story]) -> Story:
    return next(stories)


def test_what_changes_at_the_source_is_on_the_page_within_two_seconds(story: Story) -> None:
    story.paper.prints(NEW, OLD)
    story.world.operator("feeds", "refresh", feed=story.paper.feed)
    story.shows(NEW, OLD)
    fetched_at_s = story.world.origin.asked(story.paper.path)[-1].at_s
    assert time.monotonic() - fetched_at_s < within(PROMISED_S)


def test_a_source_that_says_unchanged_costs_no_record_and_no_write(story: Story) -> None:
    head, records = story.world.stored(keys.head(story.paper.feed)), story.room.tally.records
    unchanged = story.room.tally.checks["unchanged"]
    before = story.world.refresh(story.paper)
    after = story.world.refresh(story.paper)

    sent = story.world.origin.asked(story.paper.path)[-1].headers
    assert sent["if-none-match"] == before_etag(story)
    assert story.room.tally.checks["unchanged"] == unchanged + 2
    assert story.room.tally.records == records
    assert story.world.stored(keys.head(story.paper.feed)) == head
    assert after.checked_at is not None
    assert before.checked_at is not None
    assert after.checked_at > before.checked_at
    story.shows(OLD)


def before_etag(story: Story) -> str | None:
    head = story.world.head(story.paper)
    assert head is not None
    return head.fetch.validators.etag


def test_a_streak_of_trouble_is_one_failure_that_closes_when_the_source_recovers(story: Story) -> None:
    story.paper.answers(Answer(503, body="try later"))
    story.world.refresh(story.paper, times=2)
    assert story.failures() == []

    story.world.refresh(story.paper, times=2)
    failure = story.failure("open")
    assert (failure.kind, failure.count, failure.feed) == ("http_status", 3, story.paper.feed)
    assert (failure.attempts[-1].status, failure.attempts[-1].first_bytes) == (503, "try later")

    words = story.shows(OLD, state="stale").words
    since = failure.opened_at.strftime("%H:%M")
    assert f"The site answers 503, since {since}." in words
    assert "Next try " in words
    assert "Headlines fetched " in words

    story.paper.prints(NEW, OLD)
    story.world.refresh(story.paper)
    story.shows(NEW, OLD)
    closed = story.failure("closed")
    assert (closed.id, closed.actions[-1].why) == (failure.id, "the source answered again")


def break_the_head(story: Story) -> bytes:
    """What a slip of an operator's hand does to an object; returns what stood there."""
    key = keys.head(story.paper.feed)
    found = story.world.stored(key)
    assert found is not None
    story.world.store.swap(key, b'{"feed": "harbour', etag=found.etag, write_id="slip")
    return found.body


def mend_the_head(story: Story, body: bytes) -> None:
    key = keys.head(story.paper.feed)
    found = story.world.stored(key)
    assert found is not None
    story.world.store.swap(key, body, etag=found.etag, write_id="mended")


def test_a_message_that_dies_tells_why_and_its_replay_puts_the_page_right_once(story: Story) -> None:
    good = break_the_head(story)
    story.paper.prints(NEW, OLD)
    story.world.refresh(story.paper)
    failure = story.failure("open")
    assert (failure.kind, failure.source, failure.topic) == ("broken_object", "message", RECORD_PUBLISH)
    assert f"object {keys.head(story.paper.feed)}" in failure.reason
    assert failure.original is not None
    assert NEW in failure.original
    # Good headlines stay, whatever became of the new ones.
    assert story.box().headlines == (OLD,)

    mend_the_head(story, good)
    handled = story.room.tally.records
    replay_from_two_desks_at_once(story, failure)
    story.shows(NEW, OLD)
    replayed = story.failure("replayed")
    eventually(lambda: story.world.queued(RECORD_PUBLISH), lambda left: left == 0)
    assert [action.act for action in replayed.actions] == ["replay"]
    assert story.room.tally.records == handled + 1


def replay_from_two_desks_at_once(story: Story, failure: Failure) -> None:
    def replay(name: str) -> None:
        story.world.operator("failures", "replay", failures=[failure.id], by=name, why="the head is mended")

    desks = [threading.Thread(target=replay, args=(name,)) for name in ("one", "other")]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()


def test_bytes_that_are_no_message_become_a_failure_and_hold_up_nobody(story: Story) -> None:
    story.world.publish(RECORD_PUBLISH, keys.head(story.paper.feed), b"\xff\xfe not a message")
    story.paper.prints(NEW, OLD)
    story.world.refresh(story.paper)
    story.shows(NEW, OLD)
    (failure,) = eventually(lambda: story.world.failure_list(kind="undecodable"))
    assert (failure.status, failure.original_base64) == ("open", True)


def test_a_rollback_holds_the_old_version_until_it_is_released(story: Story) -> None:
    story.paper.prints(NEW, OLD)
    story.world.refresh(story.paper)
    story.shows(NEW, OLD)
    first = story.world.operator("feeds", "show", feed=story.paper.feed).versions[-1]
    assert not first.current

    story.world.operator("feeds", "rollback", feed=story.paper.feed, version=first.digest, why="not open yet")
    story.shows(OLD)
    story.paper.prints(LATEST, NEW, OLD)
    story.world.refresh(story.paper)
    held = story.world.operator("feeds", "show", feed=story.paper.feed).head
    assert held.hold
    assert story.box().headlines == (OLD,)

    story.world.operator("feeds", "release", feed=story.paper.feed, why="now it is")
    story.shows(LATEST, NEW, OLD)
    assert not story.world.operator("feeds", "show", feed=story.paper.feed).head.hold


def test_a_fetcher_counts_which_reader_took_a_document(story: Story) -> None:
    taken = story.room.registry.get_sample_value("pressroom_documents_read_total", {"reader": "quick"})
    assert taken is not None
    assert taken >= 1
