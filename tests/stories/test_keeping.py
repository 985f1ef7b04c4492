"""What is kept and for how long: never less than a pointer needs, a page at a time, with any number of publishers."""

from __future__ import annotations

import itertools
import os
from collections import deque
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.objects.directory import DirectoryStore
from pressroom.outcomes import Done, Emit, Retry
from schemas import keys
from schemas.documents import Failure, FailureDay, Head
from schemas.keeping import AGED, KeepFailures, KeepFeed, KeepRound
from schemas.messages import Rollback
from schemas.weather import WeatherNow, WeatherRecord
from services.publisher import rounds
from services.publisher.failure_documents import line
from services.publisher.failures import Failures
from services.publisher.keeping import Ages, Keeping
from services.publisher.shelf import Shelf
from services.publisher.story import Publisher
from tests.fakes.records import NOON, entry, envelope, record
from tests.fakes.scheduling import MemoryStore, Room, write_site
from tests.stories.test_publisher import Notices


class Desk:
    """Publishers on one store and one clock; what one asks for, any of them does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = DirectoryStore(folder)
        self.clock = SetClock(NOON)
        self._publishers = itertools.cycle([self._publisher(), self._publisher()])
        self._ids = itertools.count(1)
        self.handled: list[Any] = []

    def _publisher(self) -> Publisher:
        shelf = Shelf(self.store, Notices())  # type: ignore[arg-type]
        keeping = Keeping(self.store, 5, 2, 30.0, Ages(30, 365, 1, 365))
        return Publisher(shelf, Failures(shelf, self.clock, "1.0"), keeping, self.clock)

    def give(self, payload: Any) -> tuple[Emit, ...]:
        self.handled.append(payload)
        one = envelope(payload, message_id=f"m{next(self._ids)}")
        outcome = next(self._publishers).handle(one)
        if isinstance(outcome, Retry):  # the other one has written since: read again
            next(self._publishers)
            outcome = next(self._publishers).handle(one)
        assert isinstance(outcome, Done), outcome
        return outcome.emits

    def go_round(self) -> None:
        """A whole round, with all that it asks for."""
        todo = deque([KeepRound()])
        while todo:
            todo.extend(emit.payload for emit in self.give(todo.popleft()) if emit.topic == "record.publish")

    def put(self, key: str, body: bytes = b"{}", *, days: float = 0) -> None:
        self.store.create(key, body)
        self.age(key, days)

    def age(self, key: str, days: float) -> None:
        at = (self.clock.now() - timedelta(days=days)).timestamp()
        os.utime(self.folder / key, (at, at))

    def keys(self, prefix: str) -> set[str]:
        return {one.key for one in self.store.list(prefix, limit=100_000)}

    def head(self, feed: str = "f") -> Head:
        return Head.model_validate_json(self.store.get(keys.head(feed)).body)  # type: ignore[union-attr]

    def editions(self, count: int, feed: str = "f", *, turn: int = 1) -> list[str]:
        """So many versions of a feed, each a day older than the next; their keys, the oldest first."""
        made = []
        for number in range(count):
            self.give(record(feed, turn + 8 * number + 1, entry(turn + number)))
            made.append(keys.version(feed, self.head(feed).version))
        for age, key in enumerate(reversed(made)):
            self.age(key, age)
        return made


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# --- versions and raw answers -----------------------------------------------------------------------


def test_of_a_feed_the_newest_versions_and_raw_answers_stay(desk):
    made = desk.editions(9)
    for number in range(4):
        desk.put(f"raw/f/{number}.gz", days=number)
    desk.go_round()
    assert desk.keys("versions/") == set(made[-5:])
    assert desk.keys("raw/") == {"raw/f/0.gz", "raw/f/1.gz"}


def test_old_versions_go_but_the_newest_three_stay_however_old(desk):
    made = desk.editions(5)
    for key in made:
        desk.age(key, 40)
    desk.age(made[-1], 31)
    desk.age(made[-2], 35)
    desk.age(made[-3], 36)
    desk.go_round()
    assert desk.keys("versions/") == set(made[-3:])


def test_what_the_head_points_to_stays_whatever_its_age_and_place(desk):
    made = desk.editions(5)
    held = made[0].rsplit("/", 1)[1].removesuffix(".json")
    desk.give(Rollback(feed="f", version=held, by="desk", why="test"))
    for number in range(9):
        desk.editions(1, turn=1000 + number)
    head = desk.head()
    assert head.hold
    needed = {keys.version("f", head.version), keys.version("f", head.latest or "")}
    stored = desk.keys("versions/")
    assert len(stored) > 5
    for key in stored:
        desk.age(key, 400)
    desk.go_round()
    assert needed <= desk.keys("versions/")
    assert len(desk.keys("versions/")) <= 5


def test_a_busy_feed_is_trimmed_between_rounds_too(desk):
    for turn in range(1, 100):
        desk.give(record("f", turn, entry(turn)))
    assert len(desk.keys("versions/")) <= 5 + 8


def test_a_prefix_of_more_than_one_page_is_looked_at_whole(desk, monkeypatch):
    monkeypatch.setattr(rounds, "PAGE", 7)
    made = {feed: desk.editions(6, feed) for feed in ("a", "b", "c", "d")}
    desk.go_round()
    left = desk.keys("versions/")
    assert left == {key for keys_ in made.values() for key in keys_[-5:]}


def test_a_feed_larger_than_a_page_is_trimmed(desk, monkeypatch):
    monkeypatch.setattr(rounds, "PAGE", 7)
    desk.editions(1, "big")
    for number in range(40):
        desk.put(f"versions/big/{number:032x}.json", days=number + 1)
    desk.go_round()
    assert len(desk.keys("versions/big/")) == 5


def test_feeds_with_no_more_than_is_kept_cost_no_message_of_their_own(desk):
    for feed in ("a", "b", "c"):
        desk.editions(3, feed)
    desk.handled.clear()
    desk.go_round()
    assert [type(one) for one in desk.handled] == [KeepRound] * len(AGED)


def test_versions_without_a_head_are_left_alone(desk):
    """Between a version and its head a publisher may have died; the record comes again."""
    for number in range(9):
        desk.put(f"versions/new/{number:032x}.json")
    desk.go_round()
    assert len(desk.keys("versions/new/")) == 9


# --- failures ---------------------------------------------------------------------------------------


def failure(desk: Desk, number: int, *, status: str, days: float) -> Failure:
    at = desk.clock.now() - timedelta(days=days)
    one = Failure(
        id=f"{number:032x}",
        source="streak",
        status=status,  # type: ignore[arg-type]
        topic="feed.refresh",
        kind="timeout",
        reason="late",
        opened_at=opened(desk),
        last_at=at,
    )
    desk.put(keys.failure(one.opened_at.date(), one.id), one.as_json())
    return one


def opened(desk: Desk) -> datetime:
    return desk.clock.now() - timedelta(days=60)


def summarise(desk: Desk, *failures: Failure) -> None:
    for part, group in itertools.groupby(
        sorted(failures, key=_summary),
        key=_summary,
    ):
        day = FailureDay(day=opened(desk).date().isoformat(), failures=tuple(map(line, group)))
        desk.put(part, day.as_json())


def _summary(one: Failure) -> str:
    return keys.failure_summary(one.opened_at.date(), one.id)


def lines(desk: Desk) -> set[str]:
    found = (desk.store.get(key) for key in desk.keys(keys.FAILURE_SUMMARIES))
    return {one.id for day in found for one in FailureDay.model_validate_json(day.body).failures}  # type: ignore[union-attr]


@pytest.mark.parametrize("status", ["closed", "dropped", "replayed", "requeued"])
def test_a_failure_closed_for_long_goes_with_its_line(desk, status):
    old, young = failure(desk, 1, status=status, days=31), failure(desk, 2, status=status, days=29)
    summarise(desk, old, young)
    desk.go_round()
    assert lines(desk) == {young.id}
    assert desk.keys("failures/") - desk.keys(keys.FAILURE_SUMMARIES) == {
        keys.failure(young.opened_at.date(), young.id)
    }


@pytest.mark.parametrize("status", ["open", "replaying"])
def test_a_failure_that_somebody_still_has_to_end_never_expires(desk, status):
    one = failure(desk, 1, status=status, days=50)
    summarise(desk, one)
    desk.clock.advance(3000 * 86_400)
    desk.go_round()
    assert lines(desk) == {one.id}


def test_a_failure_that_was_opened_again_stays_although_its_line_says_closed(desk):
    one = failure(desk, 1, status="open", days=1)
    summarise(desk, one.model_copy(update={"status": "closed", "last_at": one.last_at - timedelta(days=40)}))
    desk.go_round()
    assert lines(desk) == {one.id}
    assert keys.failure(one.opened_at.date(), one.id) in desk.keys("failures/")


def test_ten_thousand_failures_of_a_day_go_in_bounded_steps(desk, monkeypatch):
    monkeypatch.setattr(rounds, "DELETES_MAX", 10)
    every = [failure(desk, number, status="closed", days=40) for number in range(200)]
    summarise(desk, *every)
    desk.handled.clear()
    desk.go_round()
    assert desk.keys("failures/") == set()
    assert sum(isinstance(one, KeepFailures) for one in desk.handled) >= 200 // 10


# --- archive, previews, audit -----------------------------------------------------------------------


def test_days_of_the_archive_and_of_the_audit_go_after_their_year_and_nothing_beside_them(desk):
    today = desk.clock.now().date()
    old, young = today - timedelta(days=366), today - timedelta(days=364)
    stays = [
        keys.site_archive("news", young),
        keys.site_status("news"),
        keys.SITES_INDEX,
        keys.audit(young, "a"),
        "static/page-abc.css",
        keys.head("g"),
    ]
    for key in (*stays, keys.site_archive("news", old), keys.audit(old, "a"), keys.audit_end(old, "a")):
        desk.put(key, days=4000)
    desk.go_round()
    assert desk.keys("") == set(stays)


def test_previews_go_after_a_day(desk):
    desk.put(keys.preview("run", "f"), days=1.1)
    desk.put(keys.preview("run", "g"), days=0.9)
    desk.go_round()
    assert desk.keys(keys.PREVIEWS) == {keys.preview("run", "g")}


def test_a_round_whose_messages_come_twice_deletes_nothing_more(desk):
    made = desk.editions(9)
    todo = deque([KeepRound(), KeepRound()])
    while todo:
        payload = todo.popleft()
        for _ in range(2 if isinstance(payload, KeepFeed) else 1):
            todo.extend(emit.payload for emit in desk.give(payload) if emit.topic == "record.publish")
    assert desk.keys("versions/") == set(made[-5:])


# --- what nobody wants any more ---------------------------------------------------------------------


def test_of_a_feed_that_nobody_wants_everything_goes_and_nothing_of_others(desk):
    desk.editions(3, "f")
    desk.editions(2, "g")
    desk.put("raw/f/1.gz")
    desk.put(keys.reader_feed("f"))
    kept = {key for key in desk.keys("") if "/f" not in key}
    desk.give(KeepFeed(feed="f", unwanted_since_turn=desk.head("f").turn))
    assert desk.keys("") == kept
    desk.give(KeepFeed(feed="f", unwanted_since_turn=desk.head("g").turn))
    assert desk.keys("") == kept


def test_a_feed_that_was_fetched_again_meanwhile_stays(desk):
    made = desk.editions(3)
    desk.give(KeepFeed(feed="f", unwanted_since_turn=desk.head().turn - 1))
    assert desk.keys("versions/") == set(made)


def test_a_feed_that_comes_back_after_all_of_it_went_is_stored_anew_by_any_publisher(desk):
    desk.editions(3)
    turn = desk.head().turn
    desk.give(KeepFeed(feed="f", unwanted_since_turn=turn))
    for number in range(1, 5):
        desk.give(record("f", turn + number, entry(number)))
    assert (desk.head().turn, len(desk.keys("versions/f/"))) == (turn + 4, 4)


def cell(desk: Desk, name: str, *, days: float, listed_days: float | None = None) -> None:
    at = desk.clock.now() - timedelta(days=days)
    weather = WeatherRecord(
        cell=name,
        turn=int(at.timestamp()),
        latitude=1.0,
        longitude=2.0,
        timezone="UTC",
        utc_offset_s=0,
        fetched_at=at,
        provider="p",
        attribution="p",
        now=WeatherNow(at=at, temperature_c=1.0),
    )
    desk.put(keys.weather(name), weather.as_json(), days=days if listed_days is None else listed_days)


def test_weather_that_nobody_asked_for_in_a_month_goes(desk):
    cell(desk, "old", days=31)
    cell(desk, "young", days=29)
    cell(desk, "fresh-since-the-listing", days=0, listed_days=31)
    desk.go_round()
    assert desk.keys("weather/") == {keys.weather("young"), keys.weather("fresh-since-the-listing")}


# --- who sends the publisher round ------------------------------------------------------------------


def test_the_publisher_is_sent_round_an_hour_after_a_scheduler_took_over_and_then_once_a_day(tmp_path):
    write_site(tmp_path, "news", ["https://a.example/feed"])
    room = Room(tmp_path, MemoryStore(), SetClock())
    sent = []
    for hour in range(50):
        sent += [hour for emit in room.tick() if isinstance(emit.payload, KeepRound)]
        room.clock.advance(3600)
    assert sent == [1, 25, 49]
