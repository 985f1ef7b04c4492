"""What merging costs and how soon a first question is answered. A minute or two to run: `make bench B=weather`.

merged: requests a second that one worker process puts aside because their cell is fresh, by memory and by the store,
on the embedded queue and alone (without a queue). first question: from a reader's first look at a place that nobody
has asked about, to the page that shows its weather; sqlite queue, directory store, a provider on loopback.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pressroom.cells import Cell, cell_at
from pressroom.clock import SystemClock
from pressroom.outcomes import Emit
from pressroom.queues.sqlite.queue import SqliteQueue
from pressroom.queues.topics import WEATHER_REQUEST
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.codec import type_of
from schemas.envelope import Envelope, new_id
from schemas.messages import WeatherRequest
from schemas.weather import WeatherRecord
from services.embedded import Newsroom
from services.origin.server import Origin
from services.weather.openmeteo import open_meteo
from services.weather.provider import OpenMeteo
from services.weather.story import WeatherDesk
from services.web.node import WebNode

CLOCK = SystemClock()
BACKLOG_MAX = 5_000
"""Half of what the topic takes."""

CELLS = [cell_at(-60 + number, 3.0 * number) for number in range(100)]


def request(cell: Cell) -> WeatherRequest:
    return WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude)


def enveloped(cell: Cell) -> Envelope[WeatherRequest]:
    now = CLOCK.now()
    name, version = type_of(WeatherRequest)
    return Envelope[WeatherRequest](
        id=new_id(now), type=name, version=version, occurred_at=now, key=cell.id, payload=request(cell)
    )


def merged_alone(folder: Path, count: int, *, remembers: bool) -> float:
    """Requests a second by the story itself, with all cells fresh in the store."""
    settings = Settings(data=folder)
    store = store_of(settings, CLOCK)
    for cell in CELLS:
        made = WeatherRecord(
            cell=cell.id,
            turn=1,
            latitude=cell.latitude,
            longitude=cell.longitude,
            timezone="UTC",
            utc_offset_s=0,
            fetched_at=datetime.now(UTC),
            provider="bench",
            attribution="",
        )
        store.create(keys.weather(cell.id), made.model_dump_json().encode())

    def desk() -> WeatherDesk:
        return WeatherDesk(
            [OpenMeteo("http://127.0.0.1:1/", 1)],
            _nobody,
            store,
            CLOCK,
            name_of=lambda cell: None,
            fresh_s=3600,
            rng=random.Random(1),
        )

    envelopes = [enveloped(CELLS[number % len(CELLS)]) for number in range(count)]
    story = desk()
    began = time.perf_counter()
    for number, envelope in enumerate(envelopes):
        if not remembers and number % len(CELLS) == 0:
            story = desk()
        story.handle(envelope)
    return count / (time.perf_counter() - began)


def _nobody(url: str, headers: object) -> object:
    raise AssertionError("a fresh cell was asked for")


def merged_by_queue(folder: Path, count: int, origin: Origin) -> float:
    """Requests a second that a worker of its own takes from the embedded queue and puts aside."""
    settings = settings_at(folder, origin)
    queue = queue_of(settings, CLOCK)
    assert isinstance(queue, SqliteQueue)
    store = store_of(settings, CLOCK)
    with Newsroom(settings, queue, store, CLOCK, ("weather", "publisher")):
        sender = Sender(queue, CLOCK, "bench")
        sender.send([Emit(WEATHER_REQUEST, cell.id, request(cell)) for cell in CELLS])
        wait_until(lambda: all(store.get(keys.weather(cell.id)) for cell in CELLS))
        emits = [Emit(WEATHER_REQUEST, cell.id, request(cell)) for cell in CELLS for _ in range(count // len(CELLS))]
        began = time.perf_counter()
        for start in range(0, len(emits), 500):
            wait_until(lambda: queue.depth(WEATHER_REQUEST).total < BACKLOG_MAX)
            sender.send(emits[start : start + 500])
        wait_until(lambda: queue.depth(WEATHER_REQUEST).total == 0)
        taken_s = time.perf_counter() - began
    queue.close()
    return len(emits) / taken_s


def first_questions(folder: Path, count: int, origin: Origin) -> list[float]:
    """Milliseconds from a reader's first look at a place to weather of it, one place after the other."""
    settings = settings_at(folder, origin)
    queue = queue_of(settings, CLOCK)
    taken = []
    with Newsroom(settings, queue, store_of(settings, CLOCK), CLOCK, ("weather", "publisher", "web")) as room:
        node = room.stories[WebNode]
        room.places.find("Utrecht")
        for number in range(count):
            cell = cell_at(50 - 0.5 * number, 5.0)
            began = time.perf_counter()
            wait_until(lambda cell=cell: node.weather.shown(cell.id, None, ask=True).rung == "own")
            taken.append((time.perf_counter() - began) * 1000)
    queue.close()
    return taken


def settings_at(folder: Path, origin: Origin) -> Settings:
    return Settings(
        data=folder,
        weather_url=f"http://127.0.0.1:{origin.port}/v1/forecast",
        fetch_allow_networks=("127.0.0.0/8",),
        fetch_ports=(origin.port,),
    )


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.001)


def read_ms(body: bytes, count: int = 200) -> float:
    began = time.process_time()
    for _ in range(count):
        open_meteo(body)
    return (time.process_time() - began) / count * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="requests to merge")
    parser.add_argument("--questions", type=int, default=40, help="first questions to ask")
    options = parser.parse_args()
    origin = Origin(CLOCK)
    origin.start()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            answer = origin.answer("/v1/forecast?latitude=52&longitude=5", "").body
            print(f"reading an answer ({len(answer) // 1024} KB): {read_ms(answer):.2f} ms")
            for remembers, what in ((True, "by memory"), (False, "by the store")):
                rate = merged_alone(folder / what, options.count, remembers=remembers)
                print(f"merged {what}, without a queue: {rate:,.0f} requests/s")
            rate = merged_by_queue(folder / "queue", options.count, origin)
            print(f"merged through the embedded queue, sending included: {rate:,.0f} requests/s")
            taken = sorted(first_questions(folder / "first", options.questions, origin))
            middle, worst = statistics.median(taken), taken[int(len(taken) * 0.95)]
            print(f"first question to answer: median {middle:.0f} ms, 95 % within {worst:.0f} ms")
    finally:
        origin.stop()


if __name__ == "__main__":
    main()
