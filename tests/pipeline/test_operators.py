"""An operator's work on failures, topics and recorded answers, from the first look to the page that is right again."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from pressroom.desk.office import NotFound
from pressroom.queues.topics import FEED_REFRESH, RECORD_PUBLISH
from schemas import keys
from schemas.documents import Failure, Head
from services.embedded import Newsroom
from services.scheduler.story import Scheduler
from tests.fakes.faultserver import Answer
from tests.fakes.operator import Operator
from tests.pipeline.papers import Paper, rss
from tests.pipeline.waiting import eventually
from tests.pipeline.world import World

OLD, NEW = "Ferry runs again", "New pier opens"


class Shift:
    """A newsroom at work in one of the worlds, whose papers the tests of it share out among themselves."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.papers = iter([world.paper(f"paper-{number}", OLD) for number in range(12)])
        self.all = list(self.papers)
        self.papers = iter(self.all)
        world.site("news", *self.all)
        self.room: Newsroom = world.start()
        eventually(lambda: all(self.shown(paper) == (OLD,) for paper in self.all), within_s=30)

    def paper(self) -> Paper:
        return next(self.papers)

    def shown(self, paper: Paper) -> tuple[str, ...]:
        box = self.world.page(self.room).boxes.get(paper.feed)
        return box.headlines if box else ()

    def shows(self, paper: Paper, *headlines: str) -> None:
        eventually(lambda: self.shown(paper), lambda shown: shown == headlines)

    def failure(self, paper: Paper, status: str) -> Failure:
        """The paper's one failure, once it has that status, in itself and in the list."""
        found = eventually(
            lambda: self.world.failure_list(status="any", feed=paper.feed),
            lambda found: [one.status for one in found] == [status],
        )
        return found[0]

    def breaks(self, paper: Paper) -> bytes:
        """A slip of the hand in the store: the next record dies of it. What stood there."""
        found = self.world.stored(keys.head(paper.feed))
        assert found is not None
        self.world.store.swap(keys.head(paper.feed), b"{}", etag=found.etag, write_id="slip")
        return found.body

    def mends(self, paper: Paper, body: bytes) -> None:
        found = self.world.stored(keys.head(paper.feed))
        assert found is not None
        self.world.store.swap(keys.head(paper.feed), body, etag=found.etag, write_id="mended")


@pytest.fixture(scope="module")
def shift(shared_world: World) -> Shift:
    return Shift(shared_world)


def test_trouble_of_a_source_is_previewed_replayed_and_traced_until_the_page_is_right(shift: Shift) -> None:
    world, paper = shift.world, shift.paper()
    paper.answers(Answer(410, headers={"Server": "closed/1.0"}, body="We have closed."))
    world.refresh(paper)
    failure = shift.failure(paper, "open")
    assert failure.attempts[0].headers is not None
    assert failure.attempts[0].headers["server"] == "closed/1.0"

    look = world.operator("failures", "preview", failure=failure.id).look
    assert (look.verdict, look.trouble.kind, look.trouble.status) == ("trouble", "gone", 410)
    (held,) = world.operator("failures", "replay", failures=[failure.id]).acts
    assert not held.sent
    assert shift.failure(paper, "open").actions == ()

    paper.prints(NEW, OLD)
    asked = paper.fetches
    (looked,) = world.operator("failures", "replay", failures=[failure.id], dry_run=True).looks
    assert (looked.look.verdict, looked.look.difference.added) == ("changes", (NEW,))
    assert paper.fetches == asked + 1
    assert shift.shown(paper) == (OLD,)

    world.operator("failures", "replay", failures=[failure.id], run=looked.look.run, why="it is open again")
    shift.shows(paper, NEW, OLD)
    closed = shift.failure(paper, "closed")
    assert [(one.act, one.why) for one in closed.actions] == [
        ("replay", "it is open again"),
        ("close", "the source answered again"),
    ]
    assert closed.replays == 1
    told = {one.what.partition(" ")[0]: one for one in world.operator("traces", "show", id=failure.id).ways}
    assert told.keys() == {"feed", "failure"}
    services = [hop.service for hop in told["feed"].hops]
    assert services == ["publisher", "scheduler", "fetcher", "publisher"]


def test_a_wish_is_traced_from_the_desk_to_the_page(shift: Shift) -> None:
    world, paper = shift.world, shift.paper()
    paper.prints(NEW, OLD)
    world.refresh(paper)
    shift.shows(paper, NEW, OLD)
    head = world.head(paper)
    assert head is not None
    for named in (paper.feed, head.trace):
        ways = world.operator("traces", "show", id=named).ways
        (way,) = [one for one in ways if one.key == keys.head(paper.feed)]
        assert [hop.service for hop in way.hops] == ["test", "scheduler", "fetcher", "publisher"]
        assert list(way.hops) == sorted(way.hops, key=lambda hop: hop.at)


def test_of_two_operators_one_sends_and_a_record_that_died_is_on_the_page_once(shift: Shift) -> None:
    world, paper = shift.world, shift.paper()
    whole = shift.breaks(paper)
    paper.prints(NEW, OLD)
    world.refresh(paper)
    failure = shift.failure(paper, "open")
    assert world.operator("failures", "preview", failure=failure.id).look.trouble.kind == "broken_object"
    shift.mends(paper, whole)
    assert world.operator("failures", "preview", failure=failure.id).look.difference.added == (NEW,)

    records = shift.room.tally.records
    for name in ("one", "other"):
        world.operator("failures", "requeue", failures=[failure.id], by=name, why="the head is mended")
    shift.shows(paper, NEW, OLD)
    eventually(lambda: world.queued(RECORD_PUBLISH), lambda left: left == 0)
    assert shift.room.tally.records == records + 1
    assert [one.by for one in shift.failure(paper, "requeued").actions] == ["one"]


def test_replays_wait_for_their_turn_in_sight_and_a_stop_halts_all_of_them(shift: Shift) -> None:
    world, papers = shift.world, [shift.paper() for _ in range(3)]
    wholes = [shift.breaks(paper) for paper in papers]
    for paper in papers:
        paper.prints(NEW, OLD)
        world.refresh(paper)
    failures = [shift.failure(paper, "open") for paper in papers]
    for paper, whole in zip(papers, wholes, strict=True):
        shift.mends(paper, whole)

    spaced = Operator(world.store, world.sender, world.clock, world.settings_with(fetch_host_spacing_s=600.0))
    answer = spaced("failures", "replay", failures=[failures[0].id], all_of_cause=True, why="the heads are mended")
    assert {one.key.rsplit("/", 1)[1][:-5] for one in answer.acts} == {one.id for one in failures}
    first, *others = sorted(answer.acts, key=lambda one: one.send_at)
    assert len({one.send_at for one in answer.acts}) == 3
    eventually(lambda: len(world.operator.failures(status="replaying")), lambda count: count == 2)

    world.operator("failures", "stop", why="not now")
    eventually(lambda: statuses(world, others), lambda found: found == ["open", "open"])
    assert statuses(world, [first]) == ["replayed"]
    (again,) = world.operator("failures", "requeue", failures=[others[0].key], why="this one").acts
    assert again.sent
    eventually(lambda: statuses(world, others[:1]), lambda found: found == ["requeued"])


def statuses(world: World, acts: list[Any]) -> list[str]:
    return [world.operator.failure(one.key).status for one in acts]


@pytest.mark.parametrize("topic", [RECORD_PUBLISH, FEED_REFRESH])
def test_a_paused_topic_waits_on_every_worker_and_its_resume_gets_through(shift: Shift, topic: str) -> None:
    world, paper = shift.world, shift.paper()
    other = world.start(["fetcher", "publisher"])
    ruled = world.operator("topics", "pause", topic=topic, why="a bad deploy")
    assert ruled.heard
    eventually(lambda: {paused(room, topic) for room in (shift.room, other)} == {"paused by an operator"})
    line = next(one for one in world.operator("topics", "list").topics if one.topic == topic)
    assert (line.paused.why, line.paused.by) == ("a bad deploy", "desk")

    paper.prints(NEW, OLD)
    world.operator("feeds", "refresh", feed=paper.feed)
    eventually(lambda: shift.room.stories[Scheduler].under_way)
    if topic == RECORD_PUBLISH:
        eventually(lambda: paper.fetches == 2)
    assert shift.shown(paper) == (OLD,)

    assert world.operator("topics", "resume", topic=topic, why="rolled back").heard
    shift.shows(paper, NEW, OLD)
    other.stop()


def paused(room: Newsroom, topic: str) -> str | None:
    found = [health.paused_because for one in room.vitals.values() for name, health in one.healths() if name == topic]
    return next((because for because in found if because is not None), None)


def test_a_recorded_answer_is_read_again_shown_and_published_after_the_version_it_made(shift: Shift) -> None:
    world, paper = shift.world, shift.paper()
    head = world.head(paper)
    assert head is not None
    (recorded,) = world.operator("raws", "list", feed=paper.feed).raws
    assert recorded.current
    # As a mended parser would: the same answer says something else.
    key = keys.raw(paper.feed, recorded.digest)
    body = rss(paper.title, [OLD, "Missed by the old parser"], f"http://{paper.name}.example/")
    world.store.delete(key)
    world.store.create(key, gzip.compress(body, mtime=0))

    (dry,) = world.operator("raws", "reparse", feed=paper.feed, dry_run=True).feeds
    assert (dry.look.difference.added, dry.sent) == (("Missed by the old parser",), False)
    assert world.head(paper) == head

    (done,) = world.operator("raws", "reparse", feed=paper.feed, why="the parser is mended").feeds
    assert done.sent
    shift.shows(paper, OLD, "Missed by the old parser")
    after: Head | None = world.head(paper)
    assert after is not None
    assert (after.turn, after.revision) == (head.turn, head.revision + 1)
    (again,) = world.operator("raws", "reparse", feed=paper.feed, dry_run=True).feeds
    assert again.look.verdict == "same"


def test_what_only_looks_is_answered_in_both_worlds_and_leaves_nothing_behind(shift: Shift) -> None:
    world, paper = shift.world, shift.paper()
    paper.answers(Answer(410))
    world.refresh(paper)
    failure = shift.failure(paper, "open")
    assert [one.id for one in world.operator("failures", "list", feed=paper.feed).failures] == [failure.id]
    assert world.operator("failures", "show", failure=failure.id).failure == failure
    assert failure.id in [one for cause in world.operator("failures", "causes").causes for one in cause.ids]
    assert world.operator("newsroom", "show").failures_open >= 1
    assert world.operator("hosts", "list").left_out == 0
    assert world.operator("files", "list").parts == ()
    assert world.operator("files", "preview", site="news", name="block", html="<p>Hi</p>").seen == 0
    assert world.operator("headlines", "list", site="news").headlines
    with pytest.raises(NotFound):
        world.operator("files", "show", site="news", name="block")
    assert world.operator("audit", "list", who="nobody").entries == ()


def test_what_changes_something_is_found_in_the_audit(shift: Shift) -> None:
    world, paper = shift.world, shift.paper()
    world.operator("feeds", "pause", feed=paper.feed, why="it is ill")
    eventually(lambda: world.status(paper), lambda one: one is not None and one.word == "paused")
    world.operator("feeds", "resume", feed=paper.feed, why="it is well")
    eventually(lambda: world.status(paper), lambda one: one is not None and one.word == "well")
    paper.answers(Answer(410))
    world.refresh(paper)
    failure = shift.failure(paper, "open")
    world.operator("failures", "drop", failures=[failure.id], why="closed for good")
    shift.failure(paper, "dropped")
    latest, *_ = world.operator("audit", "list", room="failures", limit=1).entries
    told = world.operator("audit", "show", entry=latest.id)
    assert (told.verb, told.why, told.by, told.outcome) == ("drop", "closed for good", "desk", "done")
