"""What the scheduler reports: failures that open and close, how sites stand, the weather that their places want."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pressroom.clock import SetClock
from schemas.documents import SiteIndex, SiteStatus
from schemas.keeping import KeepFeed
from schemas.messages import FailureClosed, FailureSeen, FeedRefresh, WeatherRequest, Wish
from services.scheduler.policy import Rules
from tests.fakes.scheduling import (
    FIRST_TURN,
    MemoryStore,
    Room,
    failed,
    of_type,
    refreshes,
    stored,
    unchanged,
    write_site,
)

ONE = "https://one.example/feed"
TWO = "https://two.example/feed"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    write_site(tmp_path, "news", [ONE])
    return tmp_path


@pytest.fixture
def room(sites: Path, store: MemoryStore, clock: SetClock) -> Room:
    return Room(sites, store, clock)


def ledger_text(store: MemoryStore) -> str:
    return b"".join(body for key, (body, _) in sorted(store.objects.items()) if key.startswith("ledger/")).decode()


# --- failures ---------------------------------------------------------------------------------------


def test_a_passing_trouble_becomes_one_failure_at_the_third_in_a_row(room: Room, clock: SetClock) -> None:
    seen: list[FailureSeen] = []
    for _ in range(5):
        (refresh,) = room.ask()
        seen += of_type(room.give(failed(refresh, "timeout")), FailureSeen)
        clock.advance(86_400)
    assert [one.count for one in seen] == [3, 4, 5]
    assert len({one.id for one in seen}) == 1


def test_a_permanent_trouble_becomes_a_failure_at_once_and_closes_at_the_next_success(
    room: Room, clock: SetClock
) -> None:
    (seen,) = of_type(room.give(failed(room.ask()[0], "unsafe_xml")), FailureSeen)
    assert (seen.kind, seen.count, seen.sites, seen.host) == ("unsafe_xml", 1, ("news",), "one.example")
    clock.advance(86_400)
    (closed,) = of_type(room.give(stored(room.ask()[0], clock.now())), FailureClosed)
    assert (closed.id, closed.opened_at) == (seen.id, seen.opened_at)


def test_a_second_streak_is_another_failure(room: Room, clock: SetClock) -> None:
    ids = []
    for _ in range(2):
        ids += [one.id for one in of_type(room.give(failed(room.ask()[0], "bad_url")), FailureSeen)]
        clock.advance(86_400)
        room.give(unchanged(room.ask()[0], clock.now()))
        clock.advance(86_400)
    assert len(set(ids)) == 2


def test_a_feed_that_is_gone_is_not_asked_again_until_somebody_wishes_it(room: Room, clock: SetClock) -> None:
    (seen,) = of_type(room.give(failed(room.ask()[0], "gone", status=410)), FailureSeen)
    assert seen.kind == "gone"
    clock.advance(40 * 86_400)
    assert room.ask() == []
    (wished,) = refreshes(room.give(Wish(feed=seen.feed)))
    room.give(stored(wished, clock.now()))
    clock.advance(86_400)
    assert len(room.ask()) == 1


def test_a_feed_that_leaves_its_sites_takes_its_failures_with_it(room: Room, sites: Path, clock: SetClock) -> None:
    (seen,) = of_type(room.give(failed(room.ask()[0], "bad_url")), FailureSeen)
    clock.advance(61)
    write_site(sites, "news", [TWO])
    sent = room.tick()
    assert [one.id for one in of_type(sent, FailureClosed)] == [seen.id]
    assert [one.url for one in refreshes(sent)] == [TWO]
    (status,) = of_type(sent, SiteStatus)
    assert [one.url for one in status.feeds] == [TWO]


def test_the_end_of_a_dropped_feeds_failures_is_said_again_by_the_next_leader(
    room: Room, sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    (seen,) = of_type(room.give(failed(room.ask()[0], "bad_url")), FailureSeen)
    write_site(sites, "news", [TWO])
    room.tick()
    assert [one.id for one in of_type(Room(sites, store, clock).tick(), FailureClosed)] == [seen.id]


# --- sites, statuses, weather -----------------------------------------------------------------------


def test_a_feed_that_left_is_remembered_for_a_month_then_all_that_is_stored_of_it_goes(
    room: Room, sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    room.give(stored(room.ask()[0], clock.now()))
    write_site(sites, "news", [TWO])
    room.tick()
    clock.advance(29 * 86_400)
    write_site(sites, "news", [ONE, TWO])
    back = next(one for one in room.ask() if one.url == ONE)
    assert (back.turn, back.content_hash) == (FIRST_TURN + 1, "a" * 64)
    write_site(sites, "news", [TWO])
    room.give(unchanged(back, clock.now()))
    room.tick()
    clock.advance(30 * 86_400)
    (unwanted,) = of_type(room.tick(), KeepFeed)
    assert (unwanted.feed, unwanted.unwanted_since_turn) == (back.feed, back.turn)
    clock.advance(3600)
    assert of_type(room.tick(), KeepFeed) == [unwanted]
    clock.advance(6 * 3600)
    room.tick()
    assert "one.example" not in ledger_text(store)


def test_a_feed_that_comes_back_while_what_was_stored_of_it_goes_is_asked_for_all_of_it(
    room: Room, sites: Path, clock: SetClock
) -> None:
    room.give(stored(room.ask()[0], clock.now()))
    write_site(sites, "news", [TWO])
    room.tick()
    clock.advance(30 * 86_400)
    assert of_type(room.tick(), KeepFeed)
    write_site(sites, "news", [ONE, TWO])
    back = next(one for one in room.ask() if one.url == ONE)
    assert (back.validators.etag, back.content_hash, back.digest) == (None, None, None)
    assert back.turn > FIRST_TURN


def test_a_feed_of_two_sites_is_fetched_once_and_shown_by_both(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    write_site(sites, "more", [ONE, TWO])
    sent = Room(sites, store, clock).tick()
    assert sorted(one.url for one in refreshes(sent)) == [ONE, TWO]
    assert {one.site: len(one.feeds) for one in of_type(sent, SiteStatus)} == {"news": 1, "more": 2}


def test_a_new_site_says_within_seconds_how_its_feeds_first_did(room: Room, clock: SetClock) -> None:
    sent = room.tick()
    assert [one.site for one in of_type(sent, SiteStatus)] == ["news"]
    assert [len(one.sites) for one in of_type(sent, SiteIndex)] == [1]
    clock.advance(2)
    assert of_type(room.give(failed(refreshes(sent)[0], "dns")), SiteStatus) == []
    clock.advance(1)
    (status,) = of_type(room.tick(), SiteStatus)
    (feed,) = status.feeds
    assert feed.trouble is not None
    assert (feed.trouble.kind, feed.failures, feed.ok_at) == ("dns", 1, None)
    assert feed.next_at is not None
    clock.advance(120)
    assert of_type(room.tick(), SiteStatus) == []


def test_once_every_feed_was_checked_statuses_come_at_most_once_a_minute(room: Room, clock: SetClock) -> None:
    sent = room.tick()
    clock.advance(3)
    assert len(of_type(room.give(stored(refreshes(sent)[0], clock.now())), SiteStatus)) == 1
    room.give(Wish(site="news"))
    clock.advance(10)
    again = refreshes(room.tick())[0]
    assert of_type(room.give(unchanged(again, clock.now())), SiteStatus) == []
    clock.advance(49)
    assert of_type(room.tick(), SiteStatus) == []
    clock.advance(1)
    assert len(of_type(room.tick(), SiteStatus)) == 1


def test_a_feed_of_a_paused_host_says_when_the_pause_ends(sites: Path, store: MemoryStore, clock: SetClock) -> None:
    write_site(sites, "news", [ONE, "https://one.example/other"])
    room = Room(sites, store, clock, status_interval_s=0.0)
    (refresh,) = room.ask()
    (status,) = of_type(room.give(failed(refresh, "rate_limited", status=429, retry_after_s=7200.0)), SiteStatus)
    until = clock.now() + timedelta(hours=2)
    assert [feed.next_at is not None and feed.next_at >= until for feed in status.feeds] == [True, True]


def test_in_haste_the_last_word_comes_as_soon_as_nothing_is_left_to_do(room: Room, clock: SetClock) -> None:
    room.scheduler.hasten()
    (refresh,) = refreshes(room.give(Wish()))
    assert not room.scheduler.idle()
    clock.advance(1)
    (status,) = of_type(room.give(stored(refresh, clock.now())), SiteStatus)
    assert status.feeds[0].ok_at == clock.now()
    assert room.scheduler.idle()


def test_one_who_waits_for_a_pause_to_end_holds_up_no_end(sites: Path, store: MemoryStore, clock: SetClock) -> None:
    write_site(sites, "news", [ONE, "https://one.example/other"])
    room = Room(sites, store, clock)
    room.scheduler.hasten()
    (refresh,) = refreshes(room.give(Wish()))
    room.give(failed(refresh, "rate_limited", status=429, retry_after_s=3600.0))
    assert room.scheduler.idle()


def test_a_broken_edit_keeps_the_site_and_names_the_file(
    room: Room, sites: Path, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    room.give(stored(room.ask()[0], clock.now()))
    (sites / "news.toml").write_text("title = 3\n")
    clock.advance(86_400)
    assert [one.url for one in room.ask()] == [ONE]
    assert "news.toml: field title" in caplog.text
    assert "stays as it was" in caplog.text


def test_the_weather_of_the_sites_places_is_kept_warm(sites: Path, store: MemoryStore, clock: SetClock) -> None:
    write_site(sites, "news", [ONE], head='place = "Vienna"')
    write_site(sites, "more", [TWO], head='place = "Vienna"')
    cell = WeatherRequest(cell="48.2,16.4", latitude=48.2, longitude=16.4, place="Vienna", reason="due")
    room = Room(sites, store, clock, weather_of=lambda place: cell if place == "Vienna" else None)
    assert of_type(room.tick(), WeatherRequest) == []
    clock.advance(1)
    assert of_type(room.tick(), WeatherRequest) == [cell]
    clock.advance(1800)
    assert of_type(room.tick(), WeatherRequest) == []
    clock.advance(1800)
    assert of_type(room.tick(), WeatherRequest) == [cell]


def test_a_place_that_nobody_knows_is_said(
    sites: Path, store: MemoryStore, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    write_site(sites, "news", [ONE], head='place = "Atlantis"')
    room = Room(sites, store, clock, weather_of=lambda place: None)
    room.tick()
    clock.advance(1)
    assert of_type(room.tick(), WeatherRequest) == []
    assert "'Atlantis'" in caplog.text


def test_a_check_costs_the_shard_of_its_host_and_no_other(sites: Path, store: MemoryStore, clock: SetClock) -> None:
    for part in range(4):
        write_site(sites, f"part-{part}", [f"https://h{part}-{n}.example/feed" for n in range(1000)])
    room = Room(sites, store, clock)
    asked = room.ask()
    assert len(store.objects) == 8
    before = store.swaps
    room.give(unchanged(asked[0], clock.now()))
    assert store.swaps == before + 1


def test_lanes_travel_on_topics_of_their_own_and_one_that_is_full_holds_up_no_other(
    sites: Path, store: MemoryStore, clock: SetClock
) -> None:
    write_site(sites, "slow", [f"https://s{n}.example/feed" for n in range(5)], head='lane = "slow"')
    room = Room(sites, store, clock, Rules(under_way_max=2))
    topics = [one.topic for one in room.tick() if isinstance(one.payload, FeedRefresh)]
    assert sorted(topics) == ["feed.refresh", "feed.refresh@slow", "feed.refresh@slow"]
