"""What operators change of sites, as the scheduler follows it: at once, over the files, each feed with its memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.outcomes import Emit, Unavailable
from schemas import keys
from schemas.changes import FeedChange, FeedFound, FeedSearch, SiteChange, SiteChanges, SitesChanged
from schemas.documents import FeedStatus, SiteIndex, SiteStatus
from schemas.messages import FailureClosed, FailureSeen, FeedRefresh, Tick
from services.publisher.site_changes import changed
from services.scheduler.census import Counted
from services.scheduler.lookout import Lookout
from services.scheduler.policy import Rules
from services.scheduler.rhythm import Rhythm
from services.scheduler.status_size import STATUS_BYTES_MAX
from tests.fakes.scheduling import MemoryStore, Room, failed, fetched, of_type, refreshes, stored, unchanged, write_site

ONE, TWO, NEW = "https://one.example/feed", "https://two.example/feed", "https://new.example/feed"
ID_ONE = keys.feed_id(ONE)
DAY_S = 86_400.0


class Scene:
    def __init__(self, folder: Path, **rules: Any) -> None:
        self.folder = folder
        self.clock = SetClock()
        self.store = MemoryStore()
        self.lookout = Lookout(self.clock)
        self.rules = Rules(rhythm=Rhythm(interval_min_s=900.0, interval_max_s=DAY_S), host_spacing_s=0.0, **rules)
        write_site(folder, "news", [ONE])
        self.room = self.another()

    def another(self) -> Room:
        return Room(self.folder, self.store, self.clock, self.rules, status_interval_s=0.0, lookout=self.lookout)

    def lay(self, *lines: FeedChange, site: str = "news", title: str | None = None) -> None:
        """As the publisher writes it."""
        key = keys.site_changes(site)
        found = self.store.get(key)
        old = SiteChanges.model_validate_json(found.body) if found else None  # type: ignore[union-attr]
        new = changed(old, SiteChange(site=site, title=title, lines=lines))
        assert new is not None
        self.store.swap(key, new.as_json(), etag=found.etag if found else None, write_id="laid")

    def change(self, *lines: FeedChange, site: str = "news", title: str | None = None) -> list[Emit]:
        self.lay(*lines, site=site, title=title)
        return self.room.give(SitesChanged(site=site))

    def line(self, act: Any, url: str = "", feed: str = "", **more: Any) -> FeedChange:
        feed = feed or keys.feed_id(url)
        return FeedChange(feed=feed, act=act, url=url or None, at=self.clock.now(), by="me", why="test", **more)

    def answered(self, sent: list[Emit], **facts: Any) -> list[Emit]:
        """Every refresh that was sent brought something new."""
        now = self.clock.now()
        return [emit for one in refreshes(sent) for emit in self.room.give(stored(one, now, **facts))]

    def row(self, sent: list[Emit], feed: str = ID_ONE) -> FeedStatus:
        status = of_type(sent, SiteStatus)[-1]
        return next(one for one in status.feeds if one.feed == feed)

    def days(self, count: float) -> list[FeedRefresh]:
        self.clock.advance(count * DAY_S)
        return refreshes(self.room.tick())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path)
    scene.answered(scene.room.tick())
    return scene


# --- put on and taken off ---------------------------------------------------------------------------


def test_a_feed_that_is_added_is_asked_with_the_word_that_it_is_there_and_shown_as_an_operators(scene):
    sent = scene.change(scene.line("add", TWO, title="Two", items_max=3))
    assert [one.url for one in refreshes(sent)] == [TWO]
    row = scene.row(sent, keys.feed_id(TWO))
    assert (row.origin, row.title, row.items_max, scene.row(sent).origin) == ("operator", "Two", 3, "file")


def test_what_the_publisher_could_not_say_is_found_within_half_a_minute(scene):
    scene.lay(scene.line("add", TWO))
    scene.clock.advance(31)
    assert TWO in [one.url for one in refreshes(scene.room.tick())]


def test_a_word_that_comes_again_changes_nothing(scene):
    line = scene.line("add", TWO)
    scene.change(line)
    found = SiteChanges.model_validate_json(scene.store.get(keys.site_changes("news")).body)
    assert changed(found, SiteChange(site="news", lines=(line,), seen=0)) is None
    assert of_type(scene.room.give(SitesChanged(site="news")), SiteIndex) == []


def test_another_leader_knows_what_was_changed_before_it_drops_anything(scene):
    scene.answered(scene.change(scene.line("add", TWO)))
    scene.clock.advance(60)
    other = scene.another()
    sent = other.tick()
    assert of_type(sent, FailureClosed) == []
    assert other.memory(keys.feed_id(TWO)).dropped_at is None
    assert keys.feed_id(TWO) in [one.feed for one in of_type(sent, SiteStatus)[-1].feeds]


def test_a_feed_that_is_taken_off_is_dropped_whoever_put_it_there_and_comes_back_as_it_was(scene):
    scene.answered(scene.change(scene.line("add", TWO)))
    scene.change(scene.line("remove", feed=ID_ONE), scene.line("remove", TWO))
    assert [scene.room.memory(feed).dropped_at is None for feed in (ID_ONE, keys.feed_id(TWO))] == [False, False]
    scene.change(scene.line("add", ONE))
    memory = scene.room.memory(ID_ONE)
    assert (memory.dropped_at, memory.validators.etag) == (None, '"1"')


def test_a_site_without_a_file_is_there_as_long_as_it_has_a_feed(scene):
    sent = scene.change(scene.line("add", TWO), site="mine", title="Mine")
    assert [one.site for one in of_type(sent, SiteIndex)[-1].sites] == ["news", "mine"]
    sent = scene.change(scene.line("remove", TWO), site="mine")
    assert [one.site for one in of_type(sent, SiteIndex)[-1].sites] == ["news"]


def test_changes_without_a_site_and_those_that_cannot_be_read_leave_everything_as_it_is(scene):
    assert of_type(scene.change(scene.line("add", TWO), site="nowhere"), SiteIndex) == []
    scene.change(scene.line("add", NEW))
    key = keys.site_changes("news")
    scene.store.swap(key, b"{", etag=scene.store.get(key).etag, write_id="slip")
    assert of_type(scene.room.give(SitesChanged(site="news")), SiteIndex) == []
    assert scene.room.memory(keys.feed_id(NEW)).dropped_at is None


def test_who_cannot_read_what_a_newer_version_wrote_does_not_lead_and_drops_nothing(scene):
    scene.answered(scene.change(scene.line("add", TWO)))
    key = keys.site_changes("news")
    body, etag = scene.store.objects[key]
    scene.store.swap(
        key, body.replace(b'"schema_version":1', b'"schema_version":2,"title":7'), etag=etag, write_id="v2"
    )
    scene.room.tick()
    assert scene.room.memory(keys.feed_id(TWO)).dropped_at is None
    scene.clock.advance(60)
    other = scene.another()
    (outcome,) = other.scheduler.handle([other.envelope(Tick(at=scene.clock.now()))])
    assert isinstance(outcome, Unavailable)
    assert "reads up to 1" in outcome.reason
    assert not other.scheduler.leads


def test_a_file_is_read_again_under_what_operators_changed(scene):
    scene.change(scene.line("add", TWO), scene.line("remove", feed=ID_ONE))
    write_site(scene.folder, "news", [ONE, NEW])
    (status,) = of_type(scene.room.tick(), SiteStatus)
    assert [one.url for one in status.feeds] == [NEW, TWO]


# --- moved ------------------------------------------------------------------------------------------


def test_a_feed_that_is_moved_is_asked_there_at_once_as_its_next_turn_without_the_old_validators(scene):
    before = scene.room.memory(ID_ONE)
    (refresh,) = refreshes(scene.change(scene.line("move", NEW, ID_ONE)))
    assert (refresh.feed, refresh.url, refresh.turn) == (ID_ONE, NEW, before.turn + 1)
    assert (refresh.validators.etag, refresh.content_hash) == (None, before.content_hash)


def test_a_feed_that_is_moved_while_it_is_asked_is_asked_elsewhere_when_that_has_ended(scene):
    (asked,) = scene.days(2)
    assert refreshes(scene.change(scene.line("move", NEW, ID_ONE))) == []
    assert refreshes(scene.change(scene.line("add", "https://one.example/other"))) == []
    sent = refreshes(scene.room.give(stored(asked, scene.clock.now(), etag='"2"')))
    assert {(one.url, one.validators.etag) for one in sent} == {(NEW, None), ("https://one.example/other", None)}
    assert next(one for one in sent if one.url == NEW).turn == asked.turn + 1


def test_what_the_old_address_answers_after_a_move_is_told_of_the_old_one_and_starts_no_search(scene):
    (asked,) = scene.days(2)
    scene.change(scene.line("move", NEW, ID_ONE))
    sent = scene.room.give(failed(asked, "gone", status=410))
    assert [(one.url, one.host) for one in of_type(sent, FailureSeen)] == [(ONE, "one.example")]
    assert of_type(sent, FeedSearch) == []
    assert [one.url for one in refreshes(sent)] == [NEW]
    counted = scene.lookout.hosts.status(Counted(), scene.clock.now())
    assert {line.host: line.today.failed for line in counted.hosts} == {"one.example": 1}


def test_a_feed_that_is_moved_while_it_is_asked_moves_under_the_next_leader_too(scene):
    (asked,) = scene.days(2)
    scene.change(scene.line("move", NEW, ID_ONE))
    scene.clock.advance(60)
    other = scene.another()
    assert [(one.url, one.turn) for one in refreshes(other.tick())] == [(ONE, asked.turn)]
    assert [one.url for one in refreshes(other.give(failed(asked, "timeout")))] == [NEW]


def test_a_move_lasts_over_leaders_and_over_a_file_that_names_the_new_address_with_the_old_id(scene):
    scene.answered(scene.change(scene.line("move", NEW, ID_ONE)), etag='"2"')
    (scene.folder / "news.toml").write_text(f'title = "news"\n[[feeds]]\nid = "{ID_ONE}"\nurl = "{NEW}"\n')
    scene.clock.advance(2 * DAY_S)
    (refresh,) = refreshes(scene.another().tick())
    assert (refresh.feed, refresh.url, refresh.validators.etag) == (ID_ONE, NEW, '"2"')


# --- proposals --------------------------------------------------------------------------------------


def redirected(scene: Scene, days: int = 8) -> list[Emit]:
    """So many days on which the source answers with a permanent redirect; what was sent on the last."""
    sent: list[Emit] = []
    for _ in range(days):
        (refresh,) = scene.days(1.5)
        sent = scene.room.give(unchanged(refresh, scene.clock.now(), permanent_url=NEW))
    return sent


def test_a_redirect_that_held_is_proposed_in_the_sites_status_and_a_move_ends_its_failure(scene):
    sent = redirected(scene)
    proposal = scene.row(sent).proposal
    assert (proposal.kind, proposal.url) == ("moved", NEW)
    assert scene.row(sent).redirect.checks >= 5
    closed = of_type(scene.change(scene.line("move", NEW, ID_ONE)), FailureClosed)
    assert [one.note for one in closed] == ["an operator decided about the feed's address"]


def test_a_redirect_that_is_declined_is_not_proposed_again_and_its_failure_is_over(scene):
    proposal = scene.row(redirected(scene)).proposal
    sent = scene.change(scene.line("decline", feed=ID_ONE, proposal=proposal.id))
    assert len(of_type(sent, FailureClosed)) == 1
    assert scene.row(sent).proposal is None
    sent = redirected(scene, 2)
    assert (of_type(sent, FailureSeen), scene.row(sent).proposal) == ([], None)


def gone(scene: Scene) -> list[Emit]:
    (refresh,) = scene.days(2)
    return scene.room.give(failed(refresh, "gone", status=410))


def test_a_feed_that_is_gone_waits_for_an_operator(scene):
    row = scene.row(gone(scene))
    assert (row.proposal.kind, row.stopped) == ("gone", True)
    assert scene.days(30) == []


def test_a_feed_that_is_declined_to_be_gone_is_asked_once_a_day_until_it_answers(scene):
    proposal = scene.row(gone(scene)).proposal
    scene.change(scene.line("decline", feed=ID_ONE, proposal=proposal.id))
    for _ in range(3):
        (refresh,) = scene.days(1.01)
        row = scene.row(scene.room.give(failed(refresh, "gone", status=410)))
        assert (row.proposal, row.stopped) == (None, False)
    (refresh,) = scene.days(1.01)
    scene.room.give(stored(refresh, scene.clock.now()))
    assert scene.row(gone(scene)).proposal.kind == "gone"


def test_with_the_setting_a_feed_that_is_gone_three_days_in_a_row_is_taken_off_its_sites(tmp_path):
    scene = Scene(tmp_path, remove_gone=True)
    scene.answered(scene.room.tick())
    assert of_type(gone(scene), SiteChange) == []
    (refresh,) = scene.days(1.01)
    assert of_type(scene.room.give(failed(refresh, "gone", status=410)), SiteChange) == []
    (refresh,) = scene.days(1.01)
    (change,) = of_type(scene.room.give(failed(refresh, "gone", status=410)), SiteChange)
    assert (change.site, [(one.feed, one.act, one.by) for one in change.lines]) == (
        "news",
        [(ID_ONE, "remove", "pressroom")],
    )


def test_with_the_setting_a_feed_that_was_moved_while_it_was_asked_is_not_taken_off_for_its_old_address(tmp_path):
    scene = Scene(tmp_path, remove_gone=True)
    scene.answered(scene.room.tick())
    gone(scene)
    gone(scene)
    (asked,) = scene.days(2)
    scene.change(scene.line("move", NEW, ID_ONE))
    sent = scene.room.give(failed(asked, "gone", status=410))
    (elsewhere,) = refreshes(sent)
    sent += scene.room.give(failed(elsewhere, "timeout"))
    assert (elsewhere.url, of_type(sent, SiteChange)) == (NEW, [])


@pytest.mark.parametrize(
    ("kind", "status", "times", "searched"),
    [
        ("gone", 410, 1, True),
        ("http_status", 404, 3, True),
        ("not_a_feed", 200, 3, True),
        ("http_status", 503, 3, False),
        ("dns", None, 3, False),
        ("http_status", 404, 2, False),
    ],
)
def test_a_dead_feeds_home_page_is_looked_at_once_a_week(scene, kind, status, times, searched):
    sent: list[Emit] = []
    for _ in range(times):
        (refresh,) = scene.days(2)
        sent = scene.room.give(failed(refresh, kind, status=status))
    searches = of_type(sent, FeedSearch)
    assert bool(searches) == searched
    if searched and kind != "gone":
        (refresh,) = scene.days(2)
        assert of_type(scene.room.give(failed(refresh, kind, status=status)), FeedSearch) == []
        (refresh,) = scene.days(8)
        assert len(of_type(scene.room.give(failed(refresh, kind, status=status)), FeedSearch)) == 1


def test_what_was_found_is_proposed_before_the_end_and_forgotten_with_the_trouble(scene):
    gone(scene)
    sent = scene.room.give(FeedFound(feed=ID_ONE, dead=ONE, url=NEW))
    assert (scene.row(sent).proposal.kind, scene.row(sent).proposal.url) == ("found", NEW)
    assert of_type(scene.room.give(FeedFound(feed=ID_ONE, dead=TWO, url="https://x.example/")), SiteStatus) == []
    (refresh,) = refreshes(scene.change(scene.line("move", NEW, ID_ONE)))
    sent = scene.room.give(stored(refresh, scene.clock.now()))
    assert (refresh.url, scene.row(sent).proposal) == (NEW, None)
    assert len(of_type(sent, FailureClosed)) == 1


# --- how a feed is ----------------------------------------------------------------------------------


def test_a_status_tells_how_the_last_checks_ended_how_often_it_is_asked_and_who_paused_it(scene):
    answers = (stored, unchanged, unchanged)
    for answer in answers:
        (refresh,) = scene.days(2)
        scene.room.give(answer(refresh, scene.clock.now()))
    (refresh,) = scene.days(2)
    same = fetched(refresh, scene.clock.now())
    scene.room.give(unchanged(refresh, scene.clock.now(), status=same.status))
    (refresh,) = scene.days(2)
    row = scene.row(scene.room.give(failed(refresh, "timeout")))
    assert row.recent == "nn33sf"
    assert row.interval_s
    for _ in range(40):
        (refresh,) = scene.days(2)
        row = scene.row(scene.room.give(unchanged(refresh, scene.clock.now())))
    assert row.recent == "3" * 32


def test_a_status_of_a_thousand_failing_feeds_fits_a_message(tmp_path):
    urls = [f"https://host-{number}.example/{'long/' * 20}feed" for number in range(1000)]
    write_site(tmp_path, "news", urls)
    room = Room(tmp_path, MemoryStore(), SetClock())
    headers = {f"x-header-{number}": "v" * 500 for number in range(12)}
    asked = room.ask()
    room.give(*(failed(one, "bad_url", status=200, first_bytes="é" * 900, headers=headers) for one in asked))
    room.clock.advance(61)
    (status,) = of_type(room.tick(), SiteStatus)
    assert len(status.as_json()) <= STATUS_BYTES_MAX
    assert len(status.feeds) == 1000
    assert all(one.trouble.kind == "bad_url" for one in status.feeds)
