"""What the leading scheduler sees: lag, the processes that live, what each host was asked, the store's size."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.objects.port import Listed
from pressroom.settings import Settings
from schemas.errors import ErrorKind
from schemas.messages import Check, Trouble
from schemas.records import Fetch
from schemas.status import HOSTS_MAX, Alive, BucketStatus, Signs, StoreSize
from services.embedded import Newsroom
from services.scheduler.bucket import EVERY, GROWTH_BYTES_MIN, PAGE, BucketCount, growth
from services.scheduler.census import Counted, count, overdue_s
from services.scheduler.hosts import HostBook
from services.scheduler.lookout import Lookout
from services.scheduler.memory import FeedMemory, HostMemory
from services.scheduler.story import Scheduler
from tests.fakes.scheduling import MemoryStore, Room, stored, write_site
from tests.fakes.scripted_queue import ScriptedQueue

CLOCK = SetClock()
NOON = CLOCK.now()


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def feed(number: int = 1, host: str = "news.example", **fields: Any) -> FeedMemory:
    fields = {"next_at": NOON, "checked_at": after(-900), "ok_at": after(-900), "interval_s": 900.0} | fields
    return FeedMemory(feed=f"feed-{number}", url=f"http://{host}/{number}", **fields)


class TestCensus:
    def lag(self, now_s: float, *feeds: FeedMemory, **hosts: HostMemory) -> float:
        return count(feeds, {name.replace("_", "."): one for name, one in hosts.items()}, {}, after(now_s)).census.lag_s

    def test_lag_is_the_time_since_the_oldest_refresh_that_could_go_out_was_due(self) -> None:
        assert self.lag(-1, feed()) == 0
        assert self.lag(40, feed(), feed(2, "other.example", next_at=after(30))) == 40

    def test_who_waits_for_manners_is_not_late(self) -> None:
        assert self.lag(60, feed(), news_example=HostMemory(host="news.example", next_at=after(50))) == 10
        assert self.lag(60, feed(), news_example=HostMemory(host="news.example", pause_until=after(90))) == 0
        assert self.lag(60, feed(pause_until=after(90))) == 0
        assert self.lag(60, feed(stopped=True)) == 0
        assert self.lag(60, feed(), feed(2, state="under_way", next_at=after(55))) == 0

    def test_one_that_is_out_is_late_from_when_that_was_first_seen_also_after_it_was_given_up(self) -> None:
        out = feed(state="under_way")
        first = count([out], {}, {}, after(10))
        again = count([out], {}, first.late, after(200))
        given_up = count([feed(next_at=after(210))], {}, again.late, after(220))
        assert [one.census.lag_s for one in (first, again, given_up)] == [0, 190, 210]
        assert count([feed(checked_at=after(215))], {}, again.late, after(220)).census.lag_s == 220

    def test_feeds_are_counted_by_their_states(self) -> None:
        feeds = [
            feed(1),
            feed(2, state="under_way"),
            feed(3, "b.example", failures=3, next_at=after(99)),
            feed(4, "b.example", stopped=True, next_at=after(99)),
            feed(5, "b.example", pause_until=after(99)),
            feed(6, dropped_at=NOON),
        ]
        census = count(feeds, {}, {}, after(1)).census
        assert (census.feeds, census.under_way, census.failing, census.stopped, census.paused) == (5, 1, 1, 1, 1)
        assert census.updated_at == after(-900)

    def test_a_newsroom_whose_feeds_are_asked_rarely_expects_its_success_later(self) -> None:
        slack_s = count([feed(interval_s=7200.0)], {}, {}, NOON).slack_s
        assert slack_s == pytest.approx(7920)
        assert count([feed(interval_s=900.0)], {}, {}, NOON).slack_s == 0
        assert overdue_s(NOON, NOON, slack_s, after(7920 + 60)) == pytest.approx(60)

    def test_what_never_happened_is_overdue_from_the_leaders_beginning(self) -> None:
        assert overdue_s(None, NOON, 0, after(77)) == 77


def check(kind: ErrorKind | None = None, result: str = "unchanged", status: int = 304, wire_bytes: int = 100) -> Check:
    trouble = Trouble(kind=kind, message="m") if kind else None
    fetch = Fetch(at=NOON, url="http://a/", final_url="http://a/", status=status, wire_bytes=wire_bytes, elapsed_s=0.5)
    return Check(feed="f", turn=1, result="failed" if kind else result, trouble=trouble, fetch=None if kind else fetch)  # type: ignore[arg-type]


class TestHosts:
    def test_a_host_s_requests_304s_refusals_failures_and_bytes_are_counted_by_day(self) -> None:
        book = HostBook()
        for one in (check(), check(status=200), check(ErrorKind.RATE_LIMITED), check(ErrorKind.TIMEOUT)):
            book.checked("news.example", one, NOON)
        status = book.status(Counted(hosts={"news.example": 7}), NOON)
        assert status is not None
        (line,) = status.hosts
        today = line.today
        assert (today.requests, today.unchanged, today.limited, today.failed, today.bytes) == (4, 1, 1, 2, 200)
        assert (line.feeds, today.seconds, line.yesterday.requests) == (7, 1.0, 0)
        book.checked("news.example", check(), after(86_400))
        status = book.status(Counted(), after(86_400))
        assert status is not None
        assert (status.hosts[0].today.requests, status.hosts[0].yesterday.requests) == (1, 4)

    @pytest.mark.parametrize("kind", [ErrorKind.ROBOTS, ErrorKind.BAD_URL, ErrorKind.BLOCKED_ADDRESS])
    def test_what_never_reached_the_host_is_no_request(self, kind: ErrorKind) -> None:
        book = HostBook()
        book.checked("news.example", check(kind), NOON)
        book.checked("news.example", check(result="lost"), NOON)
        assert book.status(Counted(), NOON) is None

    def test_it_says_when_the_host_may_be_asked_again_and_nothing_once_that_is_past(self) -> None:
        book = HostBook()
        book.checked("news.example", check(), NOON)
        memory = HostMemory(host="news.example", next_at=after(-1), pause_until=after(60))
        status = book.status(Counted(host_memories={"news.example": memory}), NOON)
        assert status is not None
        assert (status.hosts[0].next_at, status.hosts[0].pause_until) == (None, after(60))

    @pytest.mark.parametrize(("later_s", "today", "yesterday"), [(3600, 2, 0), (86_400, 1, 1), (3 * 86_400, 1, 0)])
    def test_the_next_leader_goes_on_counting(self, later_s: float, today: int, yesterday: int) -> None:
        before, book = HostBook(), HostBook()
        before.checked("news.example", check(), NOON)
        status = before.status(Counted(), NOON)
        assert status is not None
        book.resume(status, after(later_s))
        book.checked("news.example", check(), after(later_s))
        status = book.status(Counted(), after(later_s))
        assert status is not None
        assert (status.hosts[0].today.requests, status.hosts[0].yesterday.requests) == (today, yesterday)

    def test_it_is_told_when_something_changed_and_holds_the_most_asked(self) -> None:
        book = HostBook()
        for number in range(HOSTS_MAX + 5):
            book.checked(f"host-{number:04}.example", check(), NOON)
        book.checked("host-1003.example", check(), NOON)
        status = book.status(Counted(), NOON)
        assert status is not None
        assert (len(status.hosts), status.left_out, status.hosts[0].host) == (HOSTS_MAX, 5, "host-1003.example")
        assert book.status(Counted(), NOON) is None


def signs(process: str, *services: str, at: datetime = NOON, **fields: Any) -> Alive:
    return Alive(signs=Signs(process=process, services=services, version="1", started_at=NOON, at=at, **fields))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def seen(clock: SetClock) -> Lookout:
    made = Lookout(clock)
    made.lead()
    return made


def told(seen: Lookout, metric: str) -> dict[tuple[str, ...], float]:
    return dict(seen.reading().get(metric, {}))


class TestProcesses:
    def test_a_service_of_which_nothing_is_heard_for_three_pulses_counts_as_missing(
        self, seen: Lookout, clock: SetClock
    ) -> None:
        seen.alive(signs("fetcher-1", "fetcher"), NOON)
        seen.alive(signs("newsroom-1", "publisher", "scheduler", "web"), NOON)
        assert told(seen, "pressroom_processes")[("fetcher",)] == 1
        clock.advance(91)
        seen.alive(signs("newsroom-1", "publisher", "scheduler", "web"), clock.now())
        assert told(seen, "pressroom_processes") == {
            ("fetcher",): 0, ("publisher",): 1, ("scheduler",): 1, ("web",): 1
        }  # fmt: skip

    def test_weather_is_missed_by_sites_that_show_it_only(self, seen: Lookout) -> None:
        assert ("weather",) not in told(seen, "pressroom_processes")
        seen.needs_weather = True
        assert told(seen, "pressroom_processes")[("weather",)] == 0

    def test_the_worst_clock_is_told(self, seen: Lookout) -> None:
        seen.alive(signs("a", "web", at=after(-40)), NOON)
        seen.alive(signs("b", "web", at=after(2)), NOON)
        assert told(seen, "pressroom_clock_skew_seconds") == {(): 40.0}

    def test_who_does_not_lead_tells_that_and_nothing_else(self, seen: Lookout) -> None:
        seen.step_down()
        assert seen.reading() == {"pressroom_leads": {(): 0.0}}

    def test_one_that_ended_is_shown_for_ten_minutes(self, seen: Lookout, clock: SetClock) -> None:
        seen.alive(signs("fetcher-1", "fetcher"), NOON)
        clock.advance(600)
        assert [one.signs.process for one in seen.processes(clock.now())] == ["fetcher-1"]
        clock.advance(1)
        assert seen.processes(clock.now()) == []


class TestTheLeadersHealth:
    def faults(self, seen: Lookout) -> list[str]:
        return seen.faults(lag_max_s=300, healthy_age_s=3600)()

    def test_it_is_unwell_when_no_refresh_has_succeeded_for_an_hour(self, seen: Lookout, clock: SetClock) -> None:
        seen.counted = count([feed(ok_at=NOON, next_at=after(10_000))], {}, {}, NOON)
        clock.advance(3600)
        assert self.faults(seen) == []
        clock.advance(1)
        assert self.faults(seen) == ["no refresh has succeeded for 3601 s"]

    def test_it_is_unwell_when_what_is_due_waits_longer_than_promised(self, seen: Lookout) -> None:
        seen.counted = count([feed()], {}, {}, after(300))
        assert self.faults(seen) == []
        seen.counted = count([feed()], {}, {}, after(301))
        assert self.faults(seen) == ["the oldest refresh that is due waits for 301 s, promised are 300"]

    def test_a_standby_and_a_newsroom_without_feeds_are_well(self, seen: Lookout, clock: SetClock) -> None:
        clock.advance(10_000)
        assert self.faults(seen) == []
        seen.counted = count([feed()], {}, {}, after(10_000))
        seen.step_down()
        assert self.faults(seen) == []


def test_a_running_scheduler_s_health_is_that_of_its_work(tmp_path: Path) -> None:
    """Put together as in a process: the story that hears ticks, and the verdict that a probe gets."""
    (tmp_path / "sites").mkdir()
    write_site(tmp_path / "sites", "linux", ["http://a.example/1"])
    clock = SetClock()
    settings = Settings(data=tmp_path, sites=tmp_path / "sites")
    room = Newsroom(settings, ScriptedQueue(), MemoryStore(), clock, ["scheduler"])  # type: ignore[arg-type]
    hear = Room(tmp_path / "sites", MemoryStore(), clock)
    hear.scheduler = room.stories[Scheduler]
    (refresh,) = hear.ask()
    hear.give(stored(refresh, clock.now()))
    verdict = room.vitals["scheduler"].verdict
    clock.advance(3600)
    hear.tick()
    assert not any("succeeded" in fault for fault in verdict().faults)
    clock.advance(60)
    hear.tick()
    assert "no refresh has succeeded for 3660 s" in verdict().faults


class Shelf:
    """A store of which only the listing is asked."""

    def __init__(self, *objects: tuple[str, int]) -> None:
        self.objects = sorted(objects)
        self.pages = 0

    def list(self, prefix: str, *, after: str = "", limit: int) -> list[Listed]:
        self.pages += 1
        found = [(key, size) for key, size in self.objects if key > after][:limit]
        return [Listed(key, "e", size, NOON) for key, size in found]


class TestBucket:
    def test_objects_and_bytes_are_counted_by_the_first_part_of_the_key_every_six_hours(self) -> None:
        shelf = Shelf(("feeds/a.json", 10), ("feeds/b.json", 20), ("versions/a/1.json", 5))
        bucket = BucketCount(shelf)  # type: ignore[arg-type]
        status = bucket.step(NOON)
        assert status is not None
        assert [(one.prefix, one.objects, one.bytes) for one in status.prefixes] == [
            ("feeds", 2, 30),
            ("versions", 1, 5),
        ]
        assert bucket.step(NOON + EVERY - timedelta(seconds=1)) is None
        assert bucket.step(NOON + EVERY) is not None
        assert bucket.reading()["pressroom_bucket_objects"] == {("feeds",): 2.0, ("versions",): 1.0}

    def test_a_large_store_is_counted_a_page_at_a_step(self) -> None:
        shelf = Shelf(*((f"versions/{number:05}", 1) for number in range(2 * PAGE + 1)))
        bucket = BucketCount(shelf)  # type: ignore[arg-type]
        assert [bucket.step(NOON) is None for _ in range(3)] == [True, True, False]
        assert shelf.pages == 3
        assert bucket.status is not None
        assert (bucket.status.complete, bucket.status.prefixes[0].objects) == (True, 2 * PAGE + 1)

    def test_the_next_leader_counts_when_it_is_due_and_not_at_once(self) -> None:
        first, second = (BucketCount(Shelf(("feeds/a", 1))) for _ in range(2))  # type: ignore[arg-type]
        second.resume(first.step(NOON))
        assert second.step(after(60)) is None

    @pytest.mark.parametrize(
        ("hours", "before", "now", "told"),
        [(24, 4, 5, 0.25), (48, 4, 8, 0.5), (24, 5, 4, 0.0), (23, 1, 9, 0.0)],
    )
    def test_growth_is_the_share_added_within_a_day(self, hours: int, before: int, now: int, told: float) -> None:
        history = tuple(
            StoreSize(at=NOON + timedelta(hours=at), bytes=size * GROWTH_BYTES_MIN)
            for at, size in ((0, before), (hours, now))
        )
        assert growth(BucketStatus(at=NOON, prefixes=(), history=history)) == pytest.approx(told)

    def test_a_small_store_may_grow_as_it_likes(self) -> None:
        history = (StoreSize(at=NOON, bytes=1000), StoreSize(at=after(90_000), bytes=900_000))
        assert growth(BucketStatus(at=NOON, prefixes=(), history=history)) == 0
