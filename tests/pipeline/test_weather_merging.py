"""Readers' wishes for weather are merged by the node, by the key and by time: a provider is asked once a cell.

On the embedded engines, and with `containers` on RabbitMQ and SeaweedFS; the workers are processes that are killed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressroom.cells import Cell, cell_at
from tests.fakes.weather_fleet import CALLS_AT_ONCE, NODES, Fleet, eventually
from tests.fakes.weather_provider import Turnstile, WeatherProvider

READERS = 10_000
PLACES = [cell_at(-60 + number, 3.0 * number) for number in range(100)]


@pytest.fixture
def provider() -> Iterator[WeatherProvider]:
    with WeatherProvider() as provider:
        yield provider


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.containers)])
def fleet(request: pytest.FixtureRequest, tmp_path: Path, provider: WeatherProvider) -> Fleet:
    engines: dict[str, str] = {}
    if request.param == "rabbitmq":
        engines = {
            "PRESSROOM_QUEUE_URL": request.getfixturevalue("amqp_vhost_url"),
            "PRESSROOM_OBJECTS_URL": request.getfixturevalue("store_container_url"),
            "PRESSROOM_S3_ACCESS_KEY": "any",
            "PRESSROOM_S3_SECRET_KEY": "any",
        }
    return Fleet(tmp_path, provider, engines)


def test_ten_thousand_readers_in_a_hundred_places_cause_a_hundred_calls(fleet: Fleet) -> None:
    gate = fleet.provider.gate = threading.Event()
    with fleet.running(workers=2):
        # While one cell is under way, whoever else wishes for it on any node adds nothing.
        fleet.read(PLACES[:1], 500)
        eventually(lambda: fleet.provider.calls() == 1, "it is asked for")
        fleet.read(PLACES[:1], 500)
        assert fleet.queue.depth("weather.request").total <= NODES, "one outstanding request a cell and node"
        gate.set()
        fleet.read(PLACES, READERS)
        eventually(lambda: fleet.holds(PLACES), "every node has the weather of every place")
        fleet.read(PLACES, READERS)
        eventually(lambda: fleet.queue.depth("weather.request").total == 0, "every request is settled")
    calls = fleet.provider.by_cell()
    assert len(calls) == len(PLACES)
    assert calls.total() == len(PLACES), calls.most_common(3)


def test_each_worker_that_is_killed_adds_at_most_the_calls_it_had_under_way(fleet: Fleet) -> None:
    kills, answered = 2, 0
    gate = fleet.provider.gate = Turnstile()
    with fleet.running(workers=2) as workers:
        fleet.read(PLACES, READERS)
        for _ in range(kills):
            eventually(lambda so_far=answered: fleet.provider.calls() >= so_far + CALLS_AT_ONCE, "calls are under way")
            workers.pop(0).kill()
            workers.append(fleet.serve("weather"))
            gate.let(20)
            answered += 20
        gate.set()
        eventually(lambda: fleet.holds(PLACES), "every node has the weather of every place")
        eventually(lambda: fleet.queue.depth("weather.request").total == 0, "every request is settled")
    calls = fleet.provider.by_cell()
    assert set(map(_cell_of, calls)) == {cell.id for cell in PLACES}
    assert len(PLACES) <= calls.total() <= len(PLACES) + kills * CALLS_AT_ONCE


def _cell_of(asked: tuple[str, str]) -> str:
    latitude, longitude = asked
    found: Cell = cell_at(float(latitude), float(longitude))
    return found.id
