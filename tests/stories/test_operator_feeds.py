"""The desk's word on feeds: what is refused, what waits for a person first, lists that come in and go out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pressroom.desk.office import Conflict, NotFound, Refused
from pressroom.opml import BadOpml, Listed, decoded, read, written
from pressroom.outcomes import Done, Reject
from pressroom.queues.port import Parcel
from schemas import keys
from schemas.changes import LINES_MAX, FeedChange, Proposal, SiteChange, SiteChanges, SitesChanged
from schemas.documents import FeedStatus, SiteEntry, SiteIndex, SiteStatus
from schemas.messages import Trouble, Wish
from schemas.operating import Preview, PreviewWish
from services.cli import pressroom as command
from services.publisher.documents import Stale
from services.publisher.shelf import Shelf
from services.publisher.site_changes import Full, SiteDesk, changed
from tests.fakes.desk import FakeNewsroom, answering, failure
from tests.fakes.records import NOON, entry, envelope, minutes
from tests.stories.test_publisher import Notices

ONE, TWO = "https://one.example/feed", "https://two.example/feed"


def row(url: str, **more: Any) -> FeedStatus:
    return FeedStatus(**({"feed": keys.feed_id(url), "url": url, "ok_at": NOON} | more))


def lay(room: FakeNewsroom, *rows: FeedStatus, site: str = "news") -> None:
    room.lay(keys.SITES_INDEX, SiteIndex(at=NOON, sites=(SiteEntry(site=site, title="News"),)))
    room.lay(keys.site_status(site), SiteStatus(site=site, title="News", at=NOON, feeds=rows))


class Newsroom(FakeNewsroom):
    """With a publisher that writes words on sites down, unless `others` came first."""

    others = False

    def publish(self, parcels: Sequence[Parcel]) -> None:
        super().publish(parcels)
        for sent in self.sent[-len(parcels) :]:
            change = sent.payload
            if self.others:
                made = failure(1, id=sent.id, kind="conflict", reason="others came first")
                self.lay(keys.failure(self.clock.now().date(), sent.id), made)
            elif isinstance(change, SiteChange):
                key = keys.site_changes(change.site)
                found = self.store.get(key)
                new = changed(self.operator.office.read(key, SiteChanges), change)
                assert new is not None
                self.store.swap(key, new.as_json(), etag=found.etag if found else None, write_id=sent.id)  # type: ignore[union-attr]


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def trouble(kind: str) -> Trouble:
    return Trouble(kind=kind, message="trouble")


def proposal(kind: Any = "moved", url: str | None = TWO) -> Proposal:
    return Proposal(id="p1", kind=kind, url=url, since=NOON, checks=6)


# --- how feeds are ----------------------------------------------------------------------------------


def test_what_needs_a_person_comes_first_and_says_what_to_do(room):
    lay(
        room,
        row("https://well.example/", recent="n3s3f3"),
        row("https://new.example/", ok_at=None),
        row("https://paused.example/", pause_until=NOON + minutes(5)),
        row("https://late.example/", failures=1, failing_since=NOON, trouble=trouble("dns")),
        row("https://long.example/", failures=9, failing_since=NOON - minutes(9), trouble=trouble("tls")),
        row("https://stopped.example/", stopped=True, failures=1, trouble=trouble("gone")),
        row("https://moved.example/", proposal=proposal()),
    )
    found = room.operator("feeds", "list").feeds
    assert [one.word for one in found] == ["proposed", "stopped", "failing", "failing", "paused", "new", "well"]
    assert [one.url for one in found][2] == "https://long.example/"
    assert TWO in found[0].needs
    assert found[2].needs.startswith("Tell the site's owner")
    assert found[-1].unchanged_ratio == 0.6
    assert len(room.operator("feeds", "list", needing=True).feeds) == 4
    assert room.operator("feeds", "list", site="other").feeds == ()


def test_the_command_says_each_feeds_health_in_a_few_lines(room, monkeypatch):
    one = row(ONE, interval_s=1800.0, recent="33nn", origin="operator", next_at=NOON, proposal=proposal())
    lay(room, one)
    monkeypatch.setenv("PRESSROOM_OBJECTS_URL", str(room.store.root))
    monkeypatch.setenv("PRESSROOM_DATA", str(room.store.root.parent / "data"))
    said = CliRunner().invoke(command, ["feeds", "list"], catch_exceptions=False).output
    for fact in ("proposed", "every 30 min", "50% unchanged", "on news", "put there by an operator", TWO):
        assert fact in said


# --- words ------------------------------------------------------------------------------------------


def test_a_look_first_changes_nothing_and_tells_what_the_feed_would_bring(room):
    lay(room, row(ONE))
    room.answer = answering(entry(1), entry(2))
    would = room.operator("feeds", "add", url=TWO, site="news", dry_run=True)
    assert (would.state, would.look.verdict, len(would.look.difference.added)) == ("would", "changes", 2)
    room.answer = lambda subject: Preview(subject=subject, at=NOON, trouble=trouble("not_a_feed"))
    assert room.operator("feeds", "add", url=TWO, site="news", dry_run=True).look.verdict == "trouble"
    room.answer = None
    assert room.operator("feeds", "add", url=TWO, site="news", dry_run=True, wait_s=0).look.verdict == "waiting"
    assert room.operator("feeds", "remove", feed=keys.feed_id(ONE), dry_run=True).state == "would"
    assert [type(one.payload) for one in room.sent] == [PreviewWish] * 3


def test_a_word_names_the_change_that_its_sender_saw_and_who_says_it_why(room):
    lay(room, row(ONE))
    room.lay(keys.site_changes("news"), SiteChanges(site="news", number=7))
    assert room.operator("feeds", "add", url=" HTTPS://Two.example/feed ", site="news", title="Two").state == "done"
    (change,) = room.said(SiteChange)
    (line,) = change.lines
    assert (change.seen, change.title, line.act, line.feed, line.url) == (7, None, "add", keys.feed_id(TWO), TWO)
    assert (line.title, line.by, line.why) == ("Two", "desk", "a test")


def test_a_word_that_came_too_late_is_a_conflict(room):
    lay(room, row(ONE))
    room.others = True
    with pytest.raises(Conflict, match="others came first"):
        room.operator("feeds", "add", url=TWO, site="news")


@pytest.mark.parametrize(
    ("verb", "given", "says"),
    [
        ("add", {"url": "ftp://x.example/", "site": "news"}, "scheme is ftp"),
        ("add", {"url": "https://me:secret@x.example/", "site": "news"}, "names a user"),
        ("add", {"url": TWO, "site": "nowhere"}, "no site nowhere; there are news; --new-site"),
        ("add", {"url": TWO, "site": "No Where", "new_site": "N"}, "can be no site's id"),
        ("add", {"url": TWO, "site": "news", "home": "x"}, "no scheme"),
        ("remove", {"feed": "nobody"}, "there is no feed nobody;"),
        ("move", {"feed": keys.feed_id(ONE), "url": "https://there.example/"}, "shows a feed at .* already"),
        ("accept", {"feed": keys.feed_id(ONE)}, "nothing is proposed"),
        (
            "decline",
            {"feed": keys.feed_id("https://there.example/"), "proposal": "other"},
            "something else is proposed",
        ),
        ("import-opml", {"opml": "<html/>", "site": "news"}, "it is no OPML: it begins with <html>"),
        ("import-opml", {"opml": "<opml/>", "site": "news"}, "names no feed"),
        ("export-opml", {"site": "nowhere"}, "no site nowhere"),
        ("refresh", {"site": "nowhere"}, "no site nowhere"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(room, verb, given, says):
    lay(room, row(ONE), row("https://there.example/", proposal=proposal()))
    with pytest.raises(Refused, match=says):
        room.operator("feeds", verb, **given)
    assert room.sent == []


def test_what_is_there_already_under_any_spelling_is_not_put_there_twice(room):
    lay(room, row("https://ONE.example/feed"), row("https://new.example/", feed="old-name"))
    listed = [Listed(ONE), Listed("https://new.example/"), Listed(TWO), Listed(TWO)]
    answer = room.operator(
        "feeds", "import-opml", opml=written("x", [("", listed)]).decode(), site="news", dry_run=True
    )
    assert answer.feeds == (keys.feed_id(TWO),)
    assert len(answer.left_out) == 2


def test_a_site_has_room_for_a_thousand_feeds(room):
    lay(room, *(row(f"https://{number}.example/") for number in range(999)))
    text = written("x", [("", [Listed(ONE), Listed(TWO)])]).decode()
    answer = room.operator("feeds", "import-opml", opml=text, site="news", dry_run=True)
    assert (len(answer.feeds), answer.left_out) == (1, (f"{TWO}: news would have more than 1000 feeds",))


def test_a_list_too_long_for_a_message_is_refused_with_what_to_do(room):
    lay(room)
    text = written("x", [("", [Listed(f"https://{number}.example/{'x' * 100}") for number in range(1000)])]).decode()
    with pytest.raises(Refused, match="find no room in a message"):
        room.operator("feeds", "import-opml", opml=text, site="news", why="y" * 900)


def test_a_refresh_goes_out_under_the_trace_that_it_names(room):
    lay(room, row(ONE))
    trace = room.operator("feeds", "refresh", feed=keys.feed_id(ONE)).trace
    (sent,) = [one for one in room.sent if isinstance(one.payload, Wish)]
    assert (sent.trace, sent.id) == (trace, trace)
    assert "no site shows it" in room.operator("feeds", "refresh", feed="nobody").text


# --- what the publisher makes of words ---------------------------------------------------------------


def line(act: Any, feed: str = "f", **more: Any) -> FeedChange:
    return FeedChange(feed=feed, act=act, at=NOON, by="me", why="test", **more)


def after(*changes: SiteChange) -> SiteChanges:
    now: SiteChanges | None = None
    for one in changes:
        now = changed(now, one) or now
    assert now is not None
    return now


def test_the_last_word_on_each_feed_stands():
    add, remove, move = line("add", url=ONE), line("remove"), line("move", url=TWO)
    one, two, three = (
        SiteChange(site="s", lines=(word,), seen=number) for number, word in enumerate((add, move, remove))
    )
    assert set(after(one, two, three).lines) == {remove, move}
    assert after(one, two, three).number == 3
    again = SiteChange(site="s", lines=(add,), seen=3)
    assert set(after(one, two, three, again).lines) == {add}
    no, never = line("decline", proposal="a"), line("decline", proposal="b")
    assert set(after(SiteChange(site="s", lines=(no,)), SiteChange(site="s", lines=(never,))).lines) == {no, never}


def test_who_saw_other_changes_is_refused_and_a_word_without_a_number_is_not():
    there = after(SiteChange(site="s", lines=(line("remove"),), seen=0))
    with pytest.raises(Stale, match="at change 1 now, not at 0"):
        changed(there, SiteChange(site="s", lines=(line("remove", "g"),), seen=0))
    assert changed(there, SiteChange(site="s", lines=(line("remove", "g"),))) is not None


def test_a_site_keeps_so_many_words_and_no_more():
    lines = tuple(line("remove", f"f{number}") for number in range(LINES_MAX))
    full = SiteChanges(site="s", number=1, lines=lines)
    with pytest.raises(Full, match=str(LINES_MAX)):
        changed(full, SiteChange(site="s", lines=(line("remove", "one-more"),)))


def test_a_publisher_that_died_in_the_middle_tells_the_scheduler_when_it_comes_again(room):
    desk = SiteDesk(Shelf(room.store, Notices()))  # type: ignore[arg-type]
    one = envelope(SiteChange(site="s", lines=(line("remove"),), seen=0))
    for _ in range(2):
        outcome = desk.change(one)
        assert isinstance(outcome, Done)
        assert [emit.payload for emit in outcome.emits] == [SitesChanged(site="s")]
    late = desk.change(envelope(SiteChange(site="s", lines=(line("remove", "g"),), seen=0)))
    assert isinstance(late, Reject)
    assert late.kind == "conflict"


# --- lists ------------------------------------------------------------------------------------------


def test_a_list_is_read_as_readers_write_them():
    text = """\ufeff<?xml version="1.0" encoding="ISO-8859-1"?>
    <opml version="1.0"><head><title>x</title></head><body>
    <outline text="Group"><outline text="A &amp; B" xmlUrl=" http://a.example/ " htmlUrl="http://a.example/home"/>
    <outline title="C" text="c" XMLURL="feed://c.example/rss"/><outline text="D" xmlUrl="feed:https://d.example/"/></outline>
    <outline text="no address"/><outline text="twice" xmlUrl="http://a.example/"/><outline xmlUrl="http://e.example/"/>
    </body></opml>"""
    assert read(text) == [
        Listed("http://a.example/", "A & B", "http://a.example/home"),
        Listed("http://c.example/rss", "C"),
        Listed("https://d.example/", "D"),
        Listed("http://e.example/"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no XML"),
        ("<opml>", "no XML"),
        ("<rss/>", "begins with <rss>"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><opml>&a;</opml>', "entities"),
        ("<opml>" + " " * 900_000 + "</opml>", "more than 900000"),
    ],
)
def test_what_is_no_list_is_refused(text, says):
    with pytest.raises(BadOpml, match=says):
        read(text)


def test_a_files_characters_are_those_it_declares():
    text = '<?xml version="1.0" encoding="windows-1252"?><opml><body><outline text="Zürich" xmlUrl="http://z.example/"/></body></opml>'
    assert read(decoded(text.encode("cp1252")))[0].title == "Zürich"
    assert read(decoded(b"\xef\xbb\xbf" + text.encode()))[0].title == "Zürich"
    with pytest.raises(BadOpml, match="cannot be read"):
        decoded(b'<?xml version="1.0" encoding="klingon"?>\xff')


def test_what_is_written_is_read_back_whatever_is_in_it():
    feeds = [
        Listed("https://a.example/?a=1&b=<2>", 'A "quoted" & <b>', "https://a.example/"),
        Listed("https://b.example/"),
    ]
    back = read(written("T", [("Group & co", feeds)]).decode())
    assert back == [feeds[0], Listed("https://b.example/", "https://b.example/")]


def test_every_site_goes_out_as_a_group_of_its_own(room):
    lay(room, row(ONE, title="One", home="https://one.example/"))
    answer = room.operator("feeds", "export-opml")
    assert (answer.feeds, '<outline text="News" title="News">' in answer.opml) == (1, True)


def test_there_is_nothing_to_decide_where_there_is_no_feed(room):
    with pytest.raises(NotFound):
        room.operator("feeds", "accept", feed="nobody")
