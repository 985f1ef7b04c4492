"""What merging costs and how soon a first question is answered: `make bench B=weather`, a minute or two.

merged: requests a second that one worker process puts aside because their cell is fresh, by memory and by the store,
on the embedded queue and alone (without a queue). first question: a reader chooses a place that nobody has asked about,
and looks at the page's version as its script does, until the page shows that place's weather; with a publisher, a
weather service and a node in one process, sqlite queue, directory store, a provider on loopback.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from werkzeug.test import Client

from bench.machine import Figure, described, keep, machine, say, table
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
from services.weather.calls import FILE_NAME, Calls
from services.weather.openmeteo import open_meteo
from services.weather.provider import OpenMeteo
from services.weather.story import WeatherDesk
from services.web.node import WebNode

CLOCK: Final = SystemClock()
REQUESTS: Final = 20_000
QUESTIONS: Final = 40
ANSWER_S: Final = 1.5
"""A reader's first question to the answer on the page, when the provider is quick."""

MERGED_ALONE, MERGED_QUEUED = 5_000.0, 500.0
BACKLOG_MAX: Final = 5_000
"""Half of what the topic takes."""

LOOK_S: Final = (0.36, 0.44)
"""Between two looks of a page that awaits weather: `AWAITED_MS` of services/web/static/live.js, and its jitter."""

HERE: Final = {"Sec-Fetch-Site": "same-origin"}
READER: Final = {"REMOTE_ADDR": "127.0.0.1"}
CELLS: Final = [cell_at(-60 + number, 3.0 * number) for number in range(100)]


def request(cell: Cell) -> WeatherRequest:
    return WeatherRequest(cell=cell.id, latitude=cell.latitude, longitude=cell.longitude)


def enveloped(cell: Cell) -> Envelope[WeatherRequest]:
    now = CLOCK.now()
    name, version = type_of(WeatherRequest)
    return Envelope[WeatherRequest](
        id=new_id(now), type=name, version=version, occurred_at=now, key=cell.id, payload=request(cell)
    )


def merged_alone(folder: Path, *, remembers: bool) -> float:
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
            calls=Calls(folder / FILE_NAME),
            fresh_s=3600,
            rng=random.Random(1),
        )

    envelopes = [enveloped(CELLS[number % len(CELLS)]) for number in range(REQUESTS)]
    story = desk()
    began = time.perf_counter()
    for number, envelope in enumerate(envelopes):
        if not remembers and number % len(CELLS) == 0:
            story = desk()
        story.handle(envelope)
    return REQUESTS / (time.perf_counter() - began)


def _nobody(url: str, headers: object) -> Any:
    raise AssertionError("a fresh cell was asked for")


def merged_by_queue(folder: Path, origin: Origin) -> float:
    """Requests a second that a worker of its own takes from the embedded queue and puts aside."""
    settings = settings_at(folder, origin)
    queue = queue_of(settings, CLOCK)
    assert isinstance(queue, SqliteQueue)
    store = store_of(settings, CLOCK)
    with Newsroom(settings, queue, store, CLOCK, ("weather", "publisher")):
        sender = Sender(queue, CLOCK, "bench")
        sender.send([Emit(WEATHER_REQUEST, cell.id, request(cell)) for cell in CELLS])
        wait_until(lambda: all(store.get(keys.weather(cell.id)) for cell in CELLS))
        emits = [Emit(WEATHER_REQUEST, cell.id, request(cell)) for cell in CELLS for _ in range(REQUESTS // len(CELLS))]
        began = time.perf_counter()
        for start in range(0, len(emits), 500):
            wait_until(lambda: queue.depth(WEATHER_REQUEST).total < BACKLOG_MAX)
            sender.send(emits[start : start + 500])
        wait_until(lambda: queue.depth(WEATHER_REQUEST).total == 0)
        taken_s = time.perf_counter() - began
    queue.close()
    return len(emits) / taken_s


def first_questions(folder: Path, origin: Origin) -> list[float]:
    """Seconds from a reader's choice of a place to its weather on the page, one place after the other."""
    sites = folder / "sites"
    sites.mkdir(parents=True)
    (sites / "home.toml").write_text('title = "Home"\nplace = "Utrecht"\n', encoding="utf-8")
    settings, rng = settings_at(folder, origin).model_copy(update={"sites": sites}), random.Random(1)
    queue = queue_of(settings, CLOCK)
    with Newsroom(
        settings, queue, store_of(settings, CLOCK), CLOCK, ("scheduler", "weather", "publisher", "web")
    ) as room:
        client = Client(room.stories[WebNode].wsgi)
        room.places.make_ready()
        wait_until(lambda: 'class="now"' in text_of(client, "/s/home"))
        taken = [asked_s(client, cell_at(50 - 0.5 * number, 5.0), rng) for number in range(QUESTIONS)]
    queue.close()
    return taken


def asked_s(client: Client, cell: Cell, rng: random.Random) -> float:
    began = time.perf_counter()
    form = {"latitude": str(cell.latitude), "longitude": str(cell.longitude)}
    assert client.post("/s/home/weather", data=form, headers=HERE, environ_base=READER).status_code == 303
    page = text_of(client, "/s/home")
    while "data-awaited" in page:
        while json.loads(text_of(client, "/version/home"))["version"] in page:
            time.sleep(rng.uniform(*LOOK_S))
        page = text_of(client, "/s/home")
    assert 'class="now"' in page
    return time.perf_counter() - began


def text_of(client: Client, path: str) -> str:
    return client.get(path, environ_base=READER).get_data(as_text=True)


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


def run(folder: Path, origin: Origin) -> tuple[list[Figure], dict[str, Any]]:
    answer = origin.answer("/v1/forecast?latitude=52&longitude=5", "").body
    figures = [Figure(f"reading an answer of {len(answer) // 1024} KB, CPU", read_ms(answer), "ms")]
    for remembers, what in ((True, "by memory"), (False, "by the store")):
        rate = merged_alone(folder / what, remembers=remembers)
        figures.append(Figure(f"merged {what}, without a queue", rate, "requests/s", MERGED_ALONE, at_most=False))
    rate = merged_by_queue(folder / "queue", origin)
    figures.append(Figure("merged through the embedded queue", rate, "requests/s", MERGED_QUEUED, at_most=False))
    taken = sorted(first_questions(folder / "first", origin))
    figures += [
        Figure("first question to answer on the page, median", statistics.median(taken), "s", ANSWER_S),
        Figure("first question to answer on the page, 95 % within", taken[int(len(taken) * 0.95)], "s", ANSWER_S),
    ]
    return figures, {"first questions, s": taken, "requests merged": REQUESTS}


def main() -> None:
    on = machine()
    say(described(on))
    origin = Origin(CLOCK)
    origin.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures, details = run(Path(folder), origin)
    finally:
        origin.stop()
    say(table(figures))
    say(f"kept in {keep('weather', on, figures, details)}")


if __name__ == "__main__":
    main()
