"""Operators are not woken for what readers type: feeds that readers alone want are no part of the newsroom's state."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressroom.clock import SetClock
from schemas.messages import ReaderWish
from services.scheduler.lookout import COUNT_EVERY_S, Lookout
from tests.fakes.scheduling import MemoryStore, Room, failed, refreshes, stored, write_site


@pytest.fixture
def seen() -> Lookout:
    return Lookout(SetClock())


def test_readers_feeds_that_fail_neither_alarm_nor_count_but_their_hosts_are_in_the_ledger(
    tmp_path: Path, seen: Lookout
) -> None:
    write_site(tmp_path, "linux", ["http://paper.example/1"])
    room = Room(tmp_path, MemoryStore(), seen._clock, lookout=seen)  # type: ignore[arg-type]
    (refresh,) = room.ask()
    room.give(stored(refresh, room.clock.now()))
    for number in range(3):
        (typed,) = refreshes(room.give(ReaderWish(url=f"http://typo-{number}.example/feed")))
        room.give(failed(typed, "dns"))
    room.clock.advance(COUNT_EVERY_S)
    room.tick()
    census = seen.counted.census
    assert (census.feeds, census.failing) == (1, 0)
    assert seen.reading()["pressroom_feeds_failing_ratio"] == {(): 0.0}
    assert set(seen.counted.hosts) == {"paper.example", *(f"typo-{number}.example" for number in range(3))}
