"""One failure a provider, kind and streak, however many workers report it and whoever leads."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.outcomes import Emit
from schemas.messages import FailureClosed, FailureSeen, Trouble, WeatherReport, WeatherRequest
from tests.fakes.scheduling import MemoryStore, Room, of_type, write_site

SITE = "far.example"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def room(tmp_path: Path, clock: SetClock) -> Room:
    write_site(tmp_path, "home", [f"https://{SITE}/feed"])
    return Room(tmp_path, MemoryStore(), clock)


def another(room: Room, tmp_path: Path) -> Room:
    """A scheduler that takes over."""
    return Room(tmp_path, room.store, room.clock)


def ill(at: datetime, kind: str = "http_status", *, took_s: float = 1.0, **facts: Any) -> WeatherReport:
    trouble = Trouble(kind=kind, message=f"{kind} it was", status=facts.pop("status", None))
    return WeatherReport(
        **{"provider": "sky", "cell": "0001-0001", "trouble": trouble} | facts,
        asked_at=at - timedelta(seconds=took_s),
        at=at,
    )


def well(at: datetime, *, took_s: float = 1.0, provider: str = "sky") -> WeatherReport:
    return WeatherReport(provider=provider, cell="0001-0001", asked_at=at - timedelta(seconds=took_s), at=at)


def fail(room: Room, times: int, kind: str = "http_status", **facts: Any) -> list[list[Emit]]:
    """So many troubles, ten minutes apart."""
    heard = []
    for _ in range(times):
        room.clock.advance(600)
        heard.append(room.give(ill(room.clock.now(), kind, **facts)))
    return heard


def opened(sent: list[Emit]) -> list[FailureSeen]:
    return of_type(sent, FailureSeen)


def closed(sent: list[Emit]) -> list[FailureClosed]:
    return of_type(sent, FailureClosed)


def test_a_passing_trouble_is_a_failure_from_the_third_in_a_row_and_closes_at_the_next_answer(room: Room) -> None:
    first, second, third = fail(room, 3)
    assert not opened(first + second)
    (seen,) = opened(third)
    assert (seen.host, seen.cell, seen.topic, seen.count) == ("sky", "0001-0001", "weather.request", 3)
    room.clock.advance(600)
    (end,) = closed(room.give(well(room.clock.now())))
    assert (end.id, end.opened_at) == (seen.id, seen.opened_at)


def test_its_count_is_brought_up_to_date_once_an_hour(room: Room) -> None:
    heard = [opened(sent) for sent in fail(room, 15)]
    assert [[one.count for one in each] for each in heard if each] == [[3], [9], [15]]
    assert len({one.id for each in heard for one in each}) == 1


def test_a_permanent_trouble_is_a_failure_at_once(room: Room) -> None:
    ((sent),) = fail(room, 1, "provider_rejected", status=401)
    assert [seen.trouble.status for seen in opened(sent)] == [401]


def test_a_refused_place_is_that_place_s_trouble_until_the_third_in_a_row(room: Room) -> None:
    first, second, third = fail(room, 3, "provider_rejected", status=400, about_place=True)
    assert not opened(first + second)
    assert opened(third)


def test_trouble_that_passes_by_itself_is_told_to_nobody(room: Room) -> None:
    fail(room, 2)
    room.clock.advance(600)
    assert not closed(room.give(well(room.clock.now())))
    assert not any(opened(sent) for sent in fail(room, 2))


def test_one_outage_seen_by_many_workers_is_one_failure(room: Room) -> None:
    sent = []
    for _ in range(5):
        room.clock.advance(600)
        at = room.clock.now()
        sent += room.give(*(ill(at + timedelta(seconds=worker / 10), took_s=20) for worker in range(8)))
    assert len({seen.id for seen in opened(sent)}) == 1
    assert opened(sent)[0].count == 3, "what failed together is one trouble"


def test_each_provider_and_each_kind_has_its_own(room: Room) -> None:
    sent = [emit for each in fail(room, 3) for emit in each]
    sent += [emit for each in fail(room, 3, "timeout") for emit in each]
    sent += [emit for each in fail(room, 3, provider="cloud") for emit in each]
    assert len({(seen.host, seen.kind, seen.id) for seen in opened(sent)}) == 3
    room.clock.advance(600)
    ended = closed(room.give(well(room.clock.now())))
    assert {one.id for one in ended} == {seen.id for seen in opened(sent) if seen.host == "sky"}


def test_an_answer_to_an_older_question_ends_no_streak(room: Room) -> None:
    fail(room, 3)
    room.clock.advance(5)
    assert not closed(room.give(well(room.clock.now(), took_s=30)))
    assert closed(room.give(well(room.clock.now(), took_s=1)))


def test_a_report_that_comes_again_counts_nothing(room: Room) -> None:
    fail(room, 2)
    room.clock.advance(600)
    report = ill(room.clock.now())
    (seen,) = opened(room.give(report))
    room.clock.advance(7200)
    assert not opened(room.give(report, report))
    assert seen.count == 3


def test_who_leads_next_goes_on_with_the_streak_and_says_once_more_what_may_not_have_arrived(
    room: Room, tmp_path: Path
) -> None:
    (seen,) = opened(fail(room, 3)[-1])
    second = another(room, tmp_path)
    assert [one.id for one in opened(second.tick())] == [seen.id]
    assert not opened(second.tick())
    room.clock.advance(600)
    (end,) = closed(second.give(well(room.clock.now())))
    assert end.id == seen.id
    third = another(room, tmp_path)
    assert [one.id for one in closed(third.tick())] == [seen.id]
    assert not opened(third.tick())


def test_a_provider_is_remembered_though_no_feed_lies_on_it(room: Room) -> None:
    fail(room, 2)
    for _ in range(8):
        room.clock.advance(3600)
        room.tick()
    assert opened(room.give(ill(room.clock.now())))


def test_a_site_s_weather_is_good_until_the_next_round(tmp_path: Path, clock: SetClock) -> None:
    write_site(tmp_path, "home", [], head='place = "Oslo"')
    request = WeatherRequest(cell="0001-0001", latitude=1, longitude=1, place="Oslo", reason="due")
    room = Room(tmp_path, MemoryStore(), clock, weather_of=lambda place: request, weather_every_s=1800.0)
    room.tick()
    clock.advance(2)
    (sent,) = (emit for emit in room.tick() if emit.payload == request)
    assert sent.not_after == clock.now() + timedelta(seconds=1800)
