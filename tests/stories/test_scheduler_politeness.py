"""Politeness: one request at a time and a rest between two for every host, pauses that are kept, nobody held up."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pressroom.clock import SetClock
from pressroom.objects.port import Unavailable as StoreUnavailable
from pressroom.outcomes import Unavailable
from schemas import keys
from schemas.changes import FeedChange, SiteChanges, SitesChanged
from schemas.messages import FeedRefresh, Pause, Tick, Wish
from services.scheduler.policy import Rules
from services.scheduler.rhythm import Rhythm
from services.scheduler.sites import host_of
from services.scheduler.story import SILENCE_S
from tests.fakes.scheduling import MemoryStore, Room, emits, failed, lost, refreshes, stored, unchanged, write_site


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def room_of(folder: Path, store: MemoryStore, clock: SetClock, urls: list[str], rules: Rules | None = None) -> Room:
    write_site(folder, "news", urls)
    return Room(folder, store, clock, rules)


def urls(host: str, count: int) -> list[str]:
    return [f"https://{host}.example/{number}" for number in range(count)]


def test_two_hosts_are_asked_side_by_side_but_each_one_thing_at_a_time(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    room = room_of(tmp_path, store, clock, [*urls("a", 3), *urls("b", 3)])
    asked = room.ask()
    assert sorted(host_of(one.url) for one in asked) == ["a.example", "b.example"]
    clock.advance(20)
    assert room.ask() == []


def test_the_next_request_to_a_host_waits_for_its_spacing_after_the_last_has_ended(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    room = room_of(tmp_path, store, clock, urls("a", 2), Rules(host_spacing_s=5))
    (first,) = room.ask()
    clock.advance(30)
    assert refreshes(room.give(unchanged(first, clock.now()))) == []
    clock.advance(4.9)
    assert room.ask() == []
    clock.advance(0.2)
    assert len(room.ask()) == 1


def test_without_a_spacing_the_check_itself_brings_the_next_request(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    room = room_of(tmp_path, store, clock, urls("a", 3), Rules(host_spacing_s=0))
    seen, asked = [], room.ask()
    while asked:
        seen += asked
        asked = refreshes(room.give(*(unchanged(one, clock.now()) for one in asked)))
    assert sorted(one.url for one in seen) == urls("a", 3)


def test_a_429_pauses_the_whole_host_and_the_pause_survives_a_restart(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    room = room_of(tmp_path, store, clock, [*urls("a", 2), *urls("b", 2)])
    first = {host_of(one.url): one for one in room.ask()}
    room.give(
        failed(first["a.example"], "rate_limited", status=429, retry_after_s=1800.0),
        unchanged(first["b.example"], clock.now()),
    )
    clock.advance(1)
    assert [host_of(one.url) for one in room.ask()] == ["b.example"]
    room.tick()
    clock.advance(1790)
    restarted = Room(tmp_path, store, clock)
    assert "a.example" not in {host_of(one.url) for one in restarted.ask()}
    clock.advance(10)
    assert "a.example" in {host_of(one.url) for one in restarted.ask()}


def test_a_longer_pause_is_not_shortened_by_what_comes_later(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    room = room_of(tmp_path, store, clock, urls("a", 3), Rules(host_spacing_s=0))
    (first,) = room.ask()
    room.give(Pause(host="a.example", until=clock.now() + timedelta(days=2), by="me", why="they wrote"))
    room.give(failed(first, "rate_limited", status=429, retry_after_s=60.0))
    clock.advance(86_400)
    assert room.ask() == []
    clock.advance(86_400)
    assert len(room.ask()) == 1


def test_an_operators_pause_holds_a_host_or_a_feed_until_it_ends_or_is_ended(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    room = room_of(tmp_path, store, clock, [*urls("a", 1), *urls("b", 1), *urls("c", 1)])
    until = clock.now() + timedelta(hours=1)
    b = keys.feed_id("https://b.example/0")
    asked = refreshes(
        room.give(Pause(host="a.example", until=until, by="me", why="x"), Pause(feed=b, until=until, by="me", why="x"))
    )
    assert [host_of(one.url) for one in asked] == ["c.example"]
    assert refreshes(room.give(Wish())) == []
    room.give(Pause(host="a.example", until=None, by="me", why="over"))
    assert [host_of(one.url) for one in Room(tmp_path, store, clock).ask() if "a." in one.url] == ["a.example"]
    clock.advance(3600)
    assert b in {one.feed for one in Room(tmp_path, store, clock).ask()}


def test_five_thousand_feeds_on_one_slow_host_delay_nobody_else(
    tmp_path: Path, store: MemoryStore, clock: SetClock
) -> None:
    for part in range(5):
        write_site(tmp_path, f"slow-{part}", [f"https://slow.example/{part}/{n}" for n in range(1000)])
    room = room_of(tmp_path, store, clock, [f"https://q{n}.example/feed" for n in range(100)])
    quick_due = {keys.feed_id(f"https://q{n}.example/feed"): clock.now() for n in range(100)}
    late_s, slow_asked, under_way = [], 0, None
    for second in range(2400):
        answers = []
        for one in room.ask():
            if one.feed in quick_due:
                late_s.append((clock.now() - quick_due[one.feed]).total_seconds())
                answers.append(unchanged(one, clock.now()))
            else:
                slow_asked, under_way = slow_asked + 1, one
        if under_way and second % 30 == 29:
            answers.append(failed(under_way, "timeout"))
            under_way = None
        if answers:
            room.give(*answers)
            quick_due |= {one.feed: room.memory(one.feed).next_at for one in answers if one.feed in quick_due}
        clock.advance(1)
    assert max(late_s) <= 1
    assert len(late_s) >= 200
    assert 75 <= slow_asked <= 80


# --- whatever happens, in any order -----------------------------------------------------------------

HOSTS = {"a": 3, "b": 2, "c": 1}
HOST = st.sampled_from(sorted(HOSTS))
SPACING_S = 5.0


class Newsroom(RuleBasedStateMachine):
    """A network that answers, errs and forgets; schedulers that crash and take over; operators who wish and pause.

    Only what was *sent* counts as asked: a crash may come between save and sending.
    """

    folder: Path
    feeds = tuple(keys.feed_id(url) for host, count in HOSTS.items() for url in urls(host, count))

    @initialize()
    def start(self) -> None:
        self.clock = SetClock()
        self.store = MemoryStore()
        self.rules = Rules(rhythm=Rhythm(interval_min_s=60, interval_max_s=600), host_spacing_s=SPACING_S)
        self.rooms = [self.room(), self.room()]
        self.under_way: dict[str, FeedRefresh] = {}
        self.sent_at: dict[str, float] = {}
        self.moved: dict[str, str] = {}
        self.moves = 0
        self.turns: Counter[str] = Counter()
        self.quiet_since: dict[str, float] = {}
        self.leader = 0

    def room(self) -> Room:
        return Room(self.folder, self.store, self.clock, self.rules)

    def send(self, asked: list[FeedRefresh]) -> None:
        now = self.clock.monotonic()
        for one in asked:
            host = host_of(one.url)
            before = self.under_way.get(host)
            if before is not None:
                assert (before.feed, before.turn) == (one.feed, one.turn), "a second refresh for a busy host"
                continue
            assert one.turn > self.turns[one.feed], "a turn came twice"
            assert now - self.quiet_since.get(host, -SPACING_S) >= SPACING_S - 1e-6, "no rest between two requests"
            self.turns[one.feed] = one.turn
            self.under_way[host] = one
            self.sent_at[host] = now

    def hear(self, *payloads: object) -> None:
        room = self.rooms[self.leader]
        outcomes = room.scheduler.handle([room.envelope(one) for one in payloads])  # type: ignore[arg-type]
        if any(isinstance(one, Unavailable) for one in outcomes):
            # A deposed leader that leads again: its messages are unspent and come once more.
            outcomes = room.scheduler.handle([room.envelope(one) for one in payloads])  # type: ignore[arg-type]
        self.send(refreshes(emits(outcomes)))

    @rule(seconds=st.floats(0.1, 40))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        over = self.clock.monotonic() - self.rules.lease_s - self.rules.grace_s
        for host in [host for host in self.under_way if self.sent_at[host] <= over]:
            del self.under_way[host]  # its lease has run out
        self.hear(Tick(at=self.clock.now()))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), result=st.sampled_from(["stored", "unchanged", "failed", "lost", "limited", "gone"]))
    def a_source_answers(self, data: st.DataObject, result: str) -> None:
        host = data.draw(st.sampled_from(sorted(self.under_way)))
        one, now = self.under_way.pop(host), self.clock.now()
        self.quiet_since[host] = self.clock.monotonic()
        answers = {
            "stored": stored(one, now),
            "unchanged": unchanged(one, now),
            "failed": failed(one, "timeout"),
            "lost": lost(one),
            "limited": failed(one, "rate_limited", status=429, retry_after_s=90.0),
            "gone": failed(one, "gone", status=410),
        }
        self.hear(answers[result])

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def a_refresh_is_never_heard_of_again(self, data: st.DataObject) -> None:
        host = data.draw(st.sampled_from(sorted(self.under_way)))
        del self.under_way[host]
        self.clock.advance(self.rules.lease_s + self.rules.grace_s)
        self.quiet_since = {}
        self.under_way = {}  # the leases of all others have run out as well
        self.hear(Tick(at=self.clock.now()))

    @rule(feed=st.none() | st.sampled_from([keys.feed_id(f"https://{host}.example/0") for host in HOSTS]))
    def somebody_wishes(self, feed: str | None) -> None:
        self.hear(Wish(feed=feed))

    @rule(feed=st.sampled_from([keys.feed_id("https://a.example/0"), keys.feed_id("https://b.example/1")]), host=HOST)
    def an_operator_moves_a_feed(self, feed: str, host: str) -> None:
        self.moved[feed] = f"https://{host}.example/moved-{feed[:1]}"
        self.moves += 1
        key, at = keys.site_changes("news"), self.clock.now()
        lines = tuple(
            FeedChange(feed=one, act="move", url=url, at=at, by="x", why="y") for one, url in self.moved.items()
        )
        found = self.store.objects.get(key)
        changes = SiteChanges(site="news", number=self.moves, lines=lines)
        self.store.swap(key, changes.as_json(), etag=found[1] if found else None, write_id="w")
        self.hear(SitesChanged(site="news"))

    @rule()
    def the_leader_crashes_after_saving(self) -> None:
        """It saved and died before it sent: what it meant to send is not sent."""
        room = self.rooms[self.leader]
        room.scheduler.handle([room.envelope(Tick(at=self.clock.now()))])
        self.rooms[self.leader] = self.room()
        self.hear(Tick(at=self.clock.now()))

    @rule()
    def another_takes_over(self) -> None:
        self.leader = 1 - self.leader
        self.clock.advance(SILENCE_S + 1)
        self.hear(Tick(at=self.clock.now()))

    @rule()
    def the_store_fails_once(self) -> None:
        self.store.fail_after = 0
        with contextlib.suppress(StoreUnavailable):
            self.hear(Tick(at=self.clock.now()))
        self.store.fail_after = None

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """Every host that is free, rested and has a feed that is due is being asked."""
        room = self.rooms[self.leader]
        if not room.scheduler.leads:
            return
        self.hear(Tick(at=self.clock.now()))
        for host in HOSTS:
            name = f"{host}.example"
            if name in self.under_way:
                continue
            free_at = room.host_free_at(name)
            due = [
                memory
                for memory in map(room.memory, self.feeds)
                if host_of(memory.address) == name
                and memory.next_at <= self.clock.now()
                and (not memory.stopped or memory.reason != "due")
            ]
            assert not due or free_at > self.clock.now(), f"{name} has {len(due)} feeds due and is not asked"


@pytest.mark.usefixtures("tmp_path")
def test_in_any_order_of_events_politeness_holds_and_nobody_is_forgotten(tmp_path: Path) -> None:
    write_site(tmp_path, "news", [url for host, count in HOSTS.items() for url in urls(host, count)])

    class Here(Newsroom):
        folder = tmp_path

    run_state_machine_as_test(
        Here, settings=hypothesis_settings(max_examples=25, stateful_step_count=30, deadline=None)
    )
