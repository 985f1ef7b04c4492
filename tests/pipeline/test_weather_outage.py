"""A day without any weather provider: old weather, labelled; then none; never an error, never an invented value; one
failure for all of it, listed, and closed by itself when the provider answers again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.test import Client

from pressroom.cells import cell_at
from pressroom.clock import SetClock
from pressroom.queues.topics import RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.testing.gazetteer import lay_gazetteer
from pressroom.wiring import queue_of, store_of
from schemas import keys
from services.embedded import Newsroom
from services.web.node import WebNode
from tests.fakes.operator import Operator
from tests.fakes.weather_provider import WeatherProvider
from tests.pipeline.waiting import eventually

VIENNA = cell_at(48.20849, 16.37208)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class House:
    """A newsroom whose only site has nothing but its weather; the time is the test's."""

    def __init__(self, folder: Path, provider: WeatherProvider, clock: SetClock) -> None:
        self.clock = clock
        sites = folder / "sites"
        sites.mkdir()
        (sites / "home.toml").write_text('title = "Home"\nplace = "Vienna"\n')
        lay_gazetteer(folder)
        self.settings = Settings(
            data=folder,
            sites=sites,
            weather_url=provider.open_meteo().base,
            fetch_allow_networks=("127.0.0.0/8",),
            fetch_ports=(provider.server.port,),
        )
        self.queue = queue_of(self.settings, clock)
        self.store = store_of(self.settings, clock)
        services = ("scheduler", "weather", "publisher", "web")
        self.room = Newsroom(self.settings, self.queue, self.store, clock, services)
        self.node: WebNode = self.room.stories[WebNode]
        self.client = Client(self.node.wsgi)
        self.client.set_cookie("pressroom_settings", "place=Vienna")
        self.operator = Operator(self.store, Sender(self.queue, clock, "test"), clock, self.settings)

    def page(self) -> str:
        answer = self.client.get("/s/home")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def pass_time(self, seconds: float) -> None:
        """A reader comes by, and all that follows from it is done but what waits for its time."""
        self.clock.advance(seconds)
        self.page()
        self.node.asking.send_due()
        eventually(self._busy, lambda busy: not busy, within_s=60)

    def _busy(self) -> int:
        # In the order in which one leads to the next, so that nothing slips by between two looks.
        depths = [self.queue.depth(topic) for topic in (SCHEDULE, WEATHER_REQUEST, SCHEDULE, RECORD_PUBLISH)]
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
    house = House(tmp_path, provider, clock)
    with house.room:
        for _ in range(3):  # the scheduler says which sites there are, then asks for their weather
            eventually(lambda: house.store.get(keys.SITES_INDEX), within_s=60)
            clock.advance(1)
        eventually(lambda: house.client.get("/s/home").status_code == 200, within_s=60)
        eventually(lambda: 'class="now"' in house.page(), within_s=60)
        yield house
    house.queue.close()
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_a_day_s_outage_and_its_end(house: House, provider: WeatherProvider) -> None:
    began = house.clock.now()
    provider.day("ill")
    before = provider.calls()
    for hour in range(1, 27):
        for _ in range(4):
            house.pass_time(900)
        page = house.page()
        assert ('class="now"' in page) == (hour <= 24), hour
        assert ("as of" in page) == (4 <= hour <= 24), hour
        assert ("No weather of Vienna yet" in page) == (hour > 24), hour

    calls = provider.calls() - before
    assert 20 < calls < 70, "asked about once an hour, whatever readers wish"
    (failure,) = house.operator.failures(topic=WEATHER_REQUEST)
    assert (failure.kind, failure.host, failure.status) == ("http_status", "open-meteo", "open")
    assert failure.count > 10

    provider.day("")
    # An ill provider is left alone for up to an hour and a fifth.
    while house.clock.now() - began < timedelta(hours=28):
        house.pass_time(900)
    assert 'class="now"' in house.page()
    (closed,) = house.operator.failures(status="closed", topic=WEATHER_REQUEST)
    assert closed.id == failure.id


def test_a_failure_of_a_provider_can_be_looked_at_and_replayed(house: House, provider: WeatherProvider) -> None:
    provider.day("shut")
    house.pass_time(3700)
    eventually(lambda: house.operator.failures(topic=WEATHER_REQUEST))
    (line,) = house.operator.failures(topic=WEATHER_REQUEST)
    failure = house.operator.failure(line.id)
    assert "Invalid API key" in failure.reason
    assert failure.cell == VIENNA.id

    provider.day("")
    calls = provider.calls()
    run = house.operator("failures", "preview", failure=line.id, wait_s=0).look.run
    looked = eventually(
        lambda: house.operator("failures", "preview", failure=line.id, wait_s=0, run=run).look,
        lambda look: look.verdict != "waiting",
    )
    assert looked.verdict == "changes"
    house.operator("failures", "replay", failures=[line.id], run=run, why="the key is right now")
    eventually(lambda: provider.calls() > calls + 1)
    eventually(lambda: not house.operator.failures(topic=WEATHER_REQUEST))
