"""A day without any weather provider: old weather, labelled; then none; never an error, never an invented value; one
failure for all of it, listed, and closed by itself when the provider answers again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.test import Client

from pressroom.cells import cell_at
from pressroom.clock import SetClock
from pressroom.places import Places
from pressroom.queues.topics import RECORD_PUBLISH, WEATHER_REQUEST
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.documents import SiteEntry, SiteIndex, SiteStatus
from services.embedded import Newsroom
from services.web.node import WebNode
from tests.fakes.operator import Operator
from tests.fakes.weather_provider import WeatherProvider
from tests.pipeline.waiting import eventually

VIENNA = cell_at(48.20849, 16.37208)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class House:
    """Weather service, publisher and web node in one process; the time is the test's."""

    def __init__(self, folder: Path, provider: WeatherProvider, clock: SetClock) -> None:
        self.clock = clock
        self.settings = Settings(
            data=folder,
            weather_url=provider.open_meteo().base,
            fetch_allow_networks=("127.0.0.0/8",),
            fetch_ports=(provider.server.port,),
        )
        self.queue = queue_of(self.settings, clock)
        self.store = store_of(self.settings, clock)
        self.room = Newsroom(self.settings, self.queue, self.store, clock, ("weather", "publisher", "web"))
        self.node: WebNode = self.room.stories[WebNode]
        self.client = Client(self.node.wsgi)
        self.client.set_cookie("pressroom_settings", "place=Vienna")
        self.operator = Operator(self.store, Sender(self.queue, clock, "test"), clock, self.settings)

    def site(self) -> None:
        """A site with nothing but its weather."""
        entry = SiteEntry(site="home", title="Home", place="Vienna")
        index = SiteIndex(at=self.clock.now(), sites=(entry,))
        status = SiteStatus(site="home", title="Home", place="Vienna", at=self.clock.now(), feeds=())
        self.store.create(keys.SITES_INDEX, index.model_dump_json().encode())
        self.store.create(keys.site_status("home"), status.model_dump_json().encode())

    def page(self) -> str:
        answer = self.client.get("/s/home")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def settle(self) -> None:
        """Until nothing is under way but what waits for its time."""
        eventually(lambda: self._busy() == 0)

    def _busy(self) -> int:
        depths = [self.queue.depth(topic) for topic in (WEATHER_REQUEST, RECORD_PUBLISH)]
        return sum(depth.ready + depth.in_flight for depth in depths)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def provider(clock: SetClock) -> Iterator[WeatherProvider]:
    with WeatherProvider(clock.now) as provider:
        yield provider


@pytest.fixture
def house(tmp_path: Path, provider: WeatherProvider, clock: SetClock) -> Iterator[House]:
    Places(tmp_path / "places.sqlite").find("Vienna")
    house = House(tmp_path, provider, clock)
    house.site()
    with house.room:
        eventually(lambda: house.client.get("/s/home").status_code == 200)
        yield house
    house.queue.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_a_day_s_outage_and_its_end(house: House, provider: WeatherProvider) -> None:
    eventually(lambda: 'class="now"' in house.page())
    provider.day("ill")
    for hour in range(1, 27):
        for _ in range(4):
            house.clock.advance(900)
            house.page()
            house.node.asking.send_due()
            house.settle()
        page = house.page()
        assert ('class="now"' in page) == (hour <= 24), hour
        assert ("as of" in page) == (4 <= hour <= 24), hour
        assert ("No weather of Vienna yet" in page) == (hour > 24), hour

    calls = provider.calls()
    assert 20 < calls < 70, "asked about once an hour, whatever readers wish"
    (failure,) = house.operator.failures(topic=WEATHER_REQUEST)
    assert (failure.kind, failure.host, failure.status) == ("http_status", "open-meteo", "open")
    assert failure.count > 10

    provider.day("")
    house.clock.advance(4000)
    house.page()
    eventually(lambda: 'class="now"' in house.page())
    house.settle()
    (closed,) = house.operator.failures(status="closed", topic=WEATHER_REQUEST)
    assert closed.id == failure.id


def test_a_failure_of_a_provider_can_be_looked_at_and_replayed(house: House, provider: WeatherProvider) -> None:
    eventually(lambda: 'class="now"' in house.page())
    provider.day("shut")
    house.clock.advance(3700)
    house.page()
    eventually(lambda: house.operator.failures(topic=WEATHER_REQUEST))
    (line,) = house.operator.failures(topic=WEATHER_REQUEST)
    failure = house.operator.failure(line.id)
    assert "Invalid API key" in failure.reason
    assert failure.cell == VIENNA.id

    provider.day("")
    calls = provider.calls()
    house.operator("failures", "replay", failures=[line.id], why="the key is right now")
    eventually(lambda: provider.calls() > calls)
    eventually(lambda: not house.operator.failures(topic=WEATHER_REQUEST))
