"""Feeds that readers bring: taken in by a wish, fetched like any other, bounded, and dropped when nobody looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom.clock import SetClock
from schemas import keys
from schemas.documents import ReaderFeed, ReadersIndex
from schemas.messages import FailureSeen, ReaderWish
from services.scheduler.policy import Rules
from tests.fakes.scheduling import MemoryStore, Room, failed, of_type, refreshes, stored, write_site

OWN = "https://own.example/feed.xml"
SITES_OWN = "https://paper.example/feed.xml"


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    folder = tmp_path / "sites"
    folder.mkdir()
    write_site(folder, "news", [SITES_OWN])
    return folder


@pytest.fixture
def room(sites: Path) -> Room:
    return another(sites, MemoryStore(), SetClock())


def another(sites: Path, store: MemoryStore, clock: SetClock, **rules: int) -> Room:
    """A scheduler that leads, its sites' feeds asked for and heard of."""
    room = Room(sites, store, clock, Rules(host_spacing_s=0.0, **rules))  # type: ignore[arg-type]
    for refresh in room.ask():
        room.give(stored(refresh, clock.now()))
    return room


def said(sent: list) -> list[ReaderFeed]:
    return of_type(sent, ReaderFeed)


class TestTakenIn:
    def test_a_readers_wish_has_the_feed_fetched_and_says_that_it_was_heard(self, room: Room) -> None:
        sent = room.give(ReaderWish(url=OWN))
        (refresh,) = refreshes(sent)
        assert (refresh.feed, refresh.url) == (keys.feed_id(OWN), OWN)
        (heard,) = said(sent)
        assert (heard.status.feed, heard.status.checked_at) == (refresh.feed, None)

    def test_how_each_check_went_is_said_in_an_object_of_the_feeds_own(self, room: Room) -> None:
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        sent = room.give(stored(refresh, room.clock.now()))
        (status,) = said(sent)
        assert status.status.ok_at == room.clock.now()
        assert next(emit.key for emit in sent if emit.payload is status) == f"readers/{refresh.feed}.json"

    def test_why_it_fails_is_told_to_readers_and_to_no_operator(self, room: Room) -> None:
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        sent = room.give(failed(refresh, "gone"))
        (status,) = said(sent)
        assert status.status.trouble is not None
        assert status.status.trouble.kind == "gone"
        assert of_type(sent, FailureSeen) == []

    def test_a_feed_that_a_site_shows_is_fetched_once_for_both(self, room: Room) -> None:
        assert refreshes(room.give(ReaderWish(url=SITES_OWN))) == []
        room.clock.advance(86_400)
        (refresh,) = room.ask()
        assert len(said(room.give(stored(refresh, room.clock.now())))) == 1

    @pytest.mark.parametrize("url", ["gopher://old.example/", "http://[", "no address"])
    def test_what_is_no_address_is_passed_over(self, room: Room, url: str) -> None:
        assert room.give(ReaderWish(url=url)) == []

    def test_the_next_leader_goes_on_where_this_one_stopped(self, room: Room, sites: Path) -> None:
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        room.give(stored(refresh, room.clock.now()))
        room.clock.advance(86_400)
        next_one = Room(sites, room.store, room.clock, Rules(host_spacing_s=0.0))
        assert keys.feed_id(OWN) in {one.feed for one in next_one.ask()}


class TestBounded:
    def test_there_is_room_for_so_many_and_whoever_comes_later_can_know_it(self, sites: Path) -> None:
        room = another(sites, MemoryStore(), SetClock(), reader_feeds_max=2)
        for number in range(3):
            sent = room.give(ReaderWish(url=f"https://own{number}.example/feed"))
            assert len(refreshes(sent)) == (number < 2)
            assert [one.full for one in of_type(sent, ReadersIndex)] == [[False], [True], []][number]

    def test_a_feed_that_is_known_is_renewed_although_there_is_no_room(self, sites: Path) -> None:
        room = another(sites, MemoryStore(), SetClock(), reader_feeds_max=1)
        room.give(ReaderWish(url=OWN))
        room.clock.advance(7200)
        room.give(ReaderWish(url=OWN))
        assert room.memory(keys.feed_id(OWN)).wished_at == room.clock.now()

    def test_feeds_that_sites_show_take_no_readers_room(self, sites: Path) -> None:
        room = another(sites, MemoryStore(), SetClock(), reader_feeds_max=1)
        room.give(ReaderWish(url=SITES_OWN))
        assert len(refreshes(room.give(ReaderWish(url=OWN)))) == 1


class TestDropped:
    def days(self, room: Room, count: int) -> list[str]:
        """So many days go by; the feeds that were asked for."""
        asked = []
        for _ in range(count):
            room.clock.advance(86_400)
            for refresh in room.ask():
                asked.append(refresh.feed)
                room.give(stored(refresh, room.clock.now()))
        return asked

    def test_thirty_days_without_a_wish_end_it_and_make_room(self, sites: Path) -> None:
        room = another(sites, MemoryStore(), SetClock(), reader_feeds_max=1)
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        room.give(stored(refresh, room.clock.now()))
        own = keys.feed_id(OWN)
        assert own in self.days(room, 29)
        assert own not in self.days(room, 3)[2:]
        assert len(refreshes(room.give(ReaderWish(url="https://next.example/feed")))) == 1

    def test_a_wish_renewed_keeps_it(self, room: Room) -> None:
        own = keys.feed_id(OWN)
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        room.give(stored(refresh, room.clock.now()))
        self.days(room, 20)
        room.give(ReaderWish(url=OWN))
        assert own in self.days(room, 20)[-2:]

    def test_wishes_that_come_often_are_written_down_once_an_hour(self, room: Room) -> None:
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        room.give(stored(refresh, room.clock.now()))
        room.clock.advance(60)
        swaps = room.store.swaps
        assert said(room.give(ReaderWish(url=OWN))) == []
        assert room.store.swaps == swaps

    def test_who_comes_back_finds_the_feed_as_it_was(self, room: Room) -> None:
        (refresh,) = refreshes(room.give(ReaderWish(url=OWN)))
        room.give(stored(refresh, room.clock.now()))
        self.days(room, 32)
        assert room.memory(refresh.feed).dropped_at is not None
        (again,) = refreshes(room.give(ReaderWish(url=OWN)))
        assert again.validators.etag == '"1"', "the validators of the last answer"
        assert again.turn > refresh.turn

    def test_a_feed_that_its_site_drops_stays_while_readers_wish_for_it(self, room: Room, sites: Path) -> None:
        room.give(ReaderWish(url=SITES_OWN))
        write_site(sites, "news", ["https://another.example/feed.xml"])
        room.clock.advance(86_400)
        assert keys.feed_id(SITES_OWN) in {refresh.feed for refresh in room.ask()}
        assert room.memory(keys.feed_id(SITES_OWN)).dropped_at is None


def test_a_day_is_a_setting(sites: Path) -> None:
    room = another(sites, MemoryStore(), SetClock(), reader_feed_days=1)
    room.give(ReaderWish(url=OWN))
    room.clock.advance(26 * 3600)
    room.tick()
    assert room.memory(keys.feed_id(OWN)).dropped_at is not None
