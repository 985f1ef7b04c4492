"""Load on an embedded newsroom from outside, and a list of everything that was acknowledged."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pressroom.cells import cell_at
from pressroom.outcomes import BackendUnavailable, Emit
from pressroom.queues.port import Full
from pressroom.queues.topics import ONE_KEY, RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST
from pressroom.sender import Sender
from schemas import keys
from schemas.messages import WeatherRequest, Wish
from schemas.records import FeedRecord
from services.origin.weather import open_meteo
from tests.fakes.faultserver import Answer, FaultServer, Request
from tests.fakes.records import NOON, entry, record
from tests.pipeline.papers import Paper

ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 7))
FORECAST = "/v1/forecast"
SERIES = ("series-a", "series-b", "series-c")
SHOWN = 6
PACE_S = 0.02


def forecast(request: Request) -> Answer:
    query = dict(pair.split("=", 1) for pair in request.target.partition("?")[2].split("&"))
    return Answer(body=json.dumps(open_meteo(query, NOON)), headers={"Content-Type": "application/json"})


class Load:
    """Papers that print editions, and messages that are published straight to the queue."""

    def __init__(self, origin: FaultServer, sender: Sender) -> None:
        self.papers = [Paper(origin, f"paper-{number}", address) for number, address in enumerate(ADDRESSES)]
        self.edition = 0
        self.singles: list[str] = []
        """Feeds of one record each, which was acknowledged."""
        self.turns: Counter[str] = Counter()
        """The last acknowledged turn of each feed of a series."""
        self.cells: list[str] = []
        self.refused = 0
        """How many were not acknowledged."""
        self._sender = sender
        self._rounds = 0
        origin.script(FORECAST, forecast)
        self.print_edition()

    def print_edition(self) -> None:
        """All papers print: an edition has the headlines of those before it, too."""
        self.edition += 1
        numbers = range(self.edition, max(0, self.edition - SHOWN), -1)
        for paper in self.papers:
            paper.prints(*(f"{paper.title} {number:03}" for number in numbers))

    def newest(self, paper: Paper) -> str:
        return f"{paper.title} {self.edition:03}"

    def wish(self) -> None:
        self._acknowledged(Emit(SCHEDULE, ONE_KEY, Wish()))

    def send_round(self) -> None:
        """One record of a feed of its own, the next of a series, and a request for weather."""
        self._rounds += 1
        single = record(f"single-{self._rounds:04}", 1, entry(1, title=f"Single {self._rounds}"))
        if self._acknowledged(_publish(single)):
            self.singles.append(single.feed)
        feed = SERIES[self._rounds % len(SERIES)]
        turn = self.turns[feed] + 1
        if self._acknowledged(_publish(record(feed, turn, entry(turn, title=f"{feed} {turn}")))):
            self.turns[feed] = turn
        cell = cell_at(10.0 + self._rounds % 60, self._rounds // 60 * 0.5)
        request = WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude)
        if self._acknowledged(Emit(WEATHER_REQUEST, cell.id, request)):
            self.cells.append(cell.id)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Round after round, with a new edition and a wish for it every twentieth, until the block ends."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(PACE_S):
                self.send_round()
                if self._rounds % 20 == 0:
                    self.print_edition()
                    self.wish()

        thread = threading.Thread(target=run, name="load")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _acknowledged(self, emit: Emit) -> bool:
        try:
            self._sender.send([emit])
        except (BackendUnavailable, Full):
            self.refused += 1
            return False
        return True


def _publish(record: FeedRecord) -> Emit:
    return Emit(RECORD_PUBLISH, keys.head(record.feed), record)
