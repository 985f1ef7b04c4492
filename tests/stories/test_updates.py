"""A worker that gets nothing but trouble for an hour is unwell; an idle one, and one with ill neighbours, is not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pressroom.clock import SetClock
from pressroom.consumer.loop import Consumer
from pressroom.health import Vitals
from pressroom.outcomes import Defer, Done, Emit, Outcome, Reject
from pressroom.settings import Settings
from pressroom.updates import Updates, brought
from schemas.base import Model
from schemas.messages import Check, Trouble, WeatherReport
from services.room import Room
from tests.fakes.records import NOON, envelope, record
from tests.fakes.scheduling import MemoryStore
from tests.fakes.scripted_queue import ScriptedQueue

TROUBLE = Trouble(kind="connect", message="no way out")
FAILED = Check(feed="f", turn=1, result="failed", trouble=TROUBLE)
UNCHANGED = Check(feed="f", turn=1, result="unchanged")
ILL = WeatherReport(provider="p", cell="0001-0002", asked_at=NOON, at=NOON, trouble=TROUBLE)


def done(*payloads: Model) -> Done:
    return Done(tuple(Emit("t", "k", payload) for payload in payloads))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (done(record("feed-1", 1)), True),
        (done(UNCHANGED), True),
        (done(FAILED), False),
        (done(ILL), False),
        (done(ILL, record("feed-1", 1)), True),
        (done(), None),
        (Defer(NOON, "the provider has a pause"), None),
        (Reject("bug", "b"), None),
    ],
)
def test_what_an_outcome_tells(outcome: Outcome, told: bool | None) -> None:
    assert brought(outcome) is told


class Worker:
    def __init__(self, keys_min: int) -> None:
        self.clock = SetClock()
        self.updates = Updates(self.clock.now, keys_min)

    def asks(self, *answers: bool, host: str = "", every_s: float = 60) -> None:
        for number, answer in enumerate(answers):
            self.clock.advance(every_s)
            self.updates.saw(host or f"host-{number % 5}", answer)

    @property
    def faults(self) -> list[str]:
        return self.updates.faults(3600)


@pytest.fixture
def worker() -> Worker:
    return Worker(keys_min=3)


def test_an_hour_of_trouble_everywhere_is_a_fault_and_over_with_the_first_update(worker: Worker) -> None:
    worker.asks(True, *[False] * 60)
    assert worker.faults == []
    worker.asks(False)
    assert worker.faults == [
        "nothing but trouble since 2026-01-01 12:02:00 UTC, at 5 different places: look at this machine's way out"
    ]
    worker.asks(True)
    assert worker.faults == []


def test_two_hosts_that_are_ill_for_hours_are_no_fault_of_a_fetcher_but_one_provider_is_of_weather(
    worker: Worker,
) -> None:
    worker.asks(*[False] * 90, host="a.example")
    worker.asks(*[False] * 90, host="b.example")
    assert worker.faults == []
    weather = Worker(keys_min=1)
    weather.asks(*[False] * 90, host="0001-0002")
    assert "the one place that was asked" in weather.faults[0]


def test_one_that_asks_no_more_is_idle_and_well(worker: Worker) -> None:
    worker.asks(*[False] * 90)
    worker.clock.advance(7201)
    assert worker.faults == []


@pytest.mark.parametrize(("service", "is_well"), [("fetcher", False), ("publisher", True)])
def test_a_fetchers_health_says_so_and_a_publishers_does_not_ask(
    service: str, is_well: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def keep(queue: object, topic: str, work: object, **_: object) -> Any:
        given.append(work)
        return SimpleNamespace(topic=topic, health=None)

    monkeypatch.setattr(Consumer, "single", keep)
    monkeypatch.setattr(Room, "watched", lambda room, name, consumer: consumer)
    clock = SetClock()
    room = Room(Settings(data=tmp_path), ScriptedQueue(), MemoryStore(), clock, [service], [""])  # type: ignore[arg-type]
    room.vitals[service] = Vitals(service, clock.now, 3600)
    room.consumer(service, "feed.refresh", lambda _: done(FAILED), 1)
    for number in range(62):
        given[0](envelope(FAILED, key=f"host-{number}"))
        clock.advance(60)
    assert room.vitals[service].verdict().is_well is is_well
