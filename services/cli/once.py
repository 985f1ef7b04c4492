"""`pressroom run --once`: refresh every feed once, work until nothing is left, say what came of it."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

from pressroom.clock import SystemClock
from pressroom.outcomes import Emit
from pressroom.queues.port import Queue
from pressroom.queues.topics import DEAD, FEED_REFRESH, ONE_KEY, RECORD_PUBLISH, SCHEDULE, WEATHER_REQUEST, on_lane
from pressroom.sender import Sender
from pressroom.settings import Settings
from pressroom.tally import Tally
from pressroom.wiring import queue_of, store_of
from schemas.messages import Wish
from services.embedded import Newsroom
from services.scheduler.story import Scheduler
from services.staff import lanes_of

SERVICES = ("scheduler", "fetcher", "weather", "publisher")
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Summary:
    """What one round did. `cpu_s` is CPU seconds of handlers by service; `other` is the rest of the process:
    queue, store threads, start and stop.
    """

    feeds: int
    changed: int
    unchanged: int
    failed: int
    failed_by_kind: dict[str, int]
    records: int
    seconds: float
    cpu_seconds: float
    cpu_s: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def as_text(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.failed_by_kind.items()))
        costs = ", ".join(f"{name} {cpu:.2f}" for name, cpu in self.cpu_s.items())
        return (
            f"{self.feeds} feeds: {self.changed} changed, {self.unchanged} unchanged, {self.failed} failed"
            f"{f' ({kinds})' if kinds else ''}\n"
            f"{self.records} records published in {self.seconds:.1f} s, {self.cpu_seconds:.2f} CPU seconds ({costs})"
        )


def refresh_once(settings: Settings) -> Summary:
    clock = SystemClock()
    began, cpu_began = time.monotonic(), time.process_time()
    queue = queue_of(settings, clock)
    try:
        lanes = lanes_of(settings)
        room = Newsroom(settings, queue, store_of(settings, clock), clock, SERVICES, lanes)
        # Before the services start, so that the first thing the scheduler hears is this wish.
        Sender(queue, clock, "cli").send([Emit(SCHEDULE, ONE_KEY, Wish(reason="once"))])
        with room:
            scheduler = room.stories[Scheduler]
            scheduler.hasten()
            while not (scheduler.idle() and _empty(queue, lanes) and scheduler.idle()):
                time.sleep(LOOK_EVERY_S)
    finally:
        queue.close()
    return _summary(room.tally, time.monotonic() - began, time.process_time() - cpu_began)


def _empty(queue: Queue, lanes: tuple[str, ...]) -> bool:
    """Nothing to be done now. What waits for its time (a provider's pause) is not waited for."""
    # What the scheduler holds comes first: once that is settled, all it has to say is in the topics after it.
    topics = (SCHEDULE, *(on_lane(FEED_REFRESH, lane) for lane in lanes), WEATHER_REQUEST, RECORD_PUBLISH, DEAD)
    depths = [queue.depth(topic) for topic in topics]
    return all(depth.ready + depth.in_flight == 0 for depth in depths)


def _summary(tally: Tally, seconds: float, cpu_seconds: float) -> Summary:
    handlers = {name: round(cpu, 3) for name, cpu in sorted(tally.cpu_s.items())}
    return Summary(
        feeds=sum(tally.checks.values()),
        changed=tally.checks["stored"],
        unchanged=tally.checks["unchanged"],
        failed=tally.checks["failed"] + tally.checks["lost"],
        failed_by_kind=dict(tally.failed),
        records=tally.records,
        seconds=round(seconds, 3),
        cpu_seconds=round(cpu_seconds, 3),
        cpu_s={**handlers, "other": round(cpu_seconds - sum(handlers.values()), 3)},
    )
