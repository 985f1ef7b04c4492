"""What the tests of queues share: a rig for each engine, a box for deliveries, other processes, and waiting."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from pressroom.clock import SystemClock
from pressroom.outcomes import Emit
from pressroom.queues.port import Delivery, Full, Parcel, Queue, Settlement
from pressroom.sender import parcel_of
from schemas.messages import Wish
from tests.contracts import objects_counting, queue_worker

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
CLOCK = SystemClock()
# A process that has imported all there is and waits to be copied: a worker starts in milliseconds.
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([queue_worker.__name__, objects_counting.__name__])


class Rig(Protocol):
    """An engine under test, with nothing in its queues.

    `poison_deaths`: how many processes a message kills before it is given up.
    """

    url: str
    poison_deaths: range

    def open(self) -> Queue:
        """One process's view of the queues; closed when the test ends."""

    def crash(self, queue: Queue) -> None:
        """Do to it what kill -9 does to its process."""


def eventually(condition: Callable[[], T], what: str, timeout_s: float = 20.0) -> T:
    """Wait until `condition` holds; its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.005)
    return value


class Box:
    """Takes what is handed out, and lets a test wait for it."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Delivery] = SimpleQueue()

    def __call__(self, delivery: Delivery) -> None:
        self._queue.put(delivery)

    def take(self, count: int = 1, timeout_s: float = 20.0) -> list[Delivery]:
        return [self._queue.get(timeout=timeout_s) for _ in range(count)]

    def one(self, timeout_s: float = 20.0) -> Delivery:
        return self.take(1, timeout_s)[0]

    def stays_empty(self, seconds: float = 0.25) -> bool:
        try:
            self._queue.get(timeout=seconds)
        except Empty:
            return True
        return False


def wish(topic: str, key: str, order: str = "ok", *, name: str | None = None) -> Parcel:
    """A message with the id `name`, whose text tells a worker process (`queue_worker`) what to do: ok, die or slow."""
    emit = Emit(topic, key, Wish(reason=order), id=name)
    return parcel_of(emit, CLOCK.now(), trace="", hops=())


@dataclass(frozen=True)
class Event:
    """A line of a worker process's log. `at` is the machine's monotonic clock, the same for all processes."""

    at: float
    pid: int
    what: str
    key: str
    id: str


@dataclass
class WorkerProcess:
    """A consumer in a process of its own, that tells what it does in a file."""

    url: str
    topic: str
    log: Path
    workers: int = 4
    emit_to: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = {name: str(value) for name, value in asdict(self).items() if name != "env"}
        self._process = FORKING.Process(target=queue_worker.run, args=(options, self.env), daemon=True)
        self._process.start()

    def wait(self, timeout_s: float = 60.0) -> int | None:
        """How it ended: negative after a signal; None when it has not."""
        self._process.join(timeout_s)
        return self._process.exitcode

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        self._process.kill()
        self._process.join(20)

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(20)

    def end(self) -> None:
        if self.is_running:
            self.kill()


def events(log: Path) -> list[Event]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [Event(**json.loads(line)) for line in lines]


def ended(log: Path) -> set[str]:
    return {event.id for event in events(log) if event.what == "end"}


def intervals(log: Sequence[Event]) -> Iterator[tuple[str, float, float]]:
    """(key, begin, end) of each handling; one that never ended did so when its process's last line was written."""
    last = {event.pid: event.at for event in log}
    begun: dict[tuple[int, str, str], float] = {}
    for event in log:
        mark = (event.pid, event.key, event.id)
        if event.what == "begin":
            begun[mark] = event.at
        elif mark in begun:
            yield event.key, begun.pop(mark), event.at
    for (pid, key, _), at in begun.items():
        yield key, at, last[pid]


def overlaps(log: Sequence[Event]) -> list[Any]:
    """Pairs of handlings of one key that were under way at once."""
    by_key: dict[str, list[tuple[float, float]]] = {}
    for key, begin, end in intervals(log):
        by_key.setdefault(key, []).append((begin, end))
    found = []
    for key, several in by_key.items():
        several.sort()
        found += [(key, a, b) for a, b in pairwise(several) if b[0] < a[1]]
    return found


def bodies(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.body for delivery in deliveries]


def settled(queue: Queue, settlement: Settlement) -> bool:
    """Whether there was room for what follows from it."""
    try:
        queue.settle([settlement])
    except Full:
        return False
    return True


def drained(queue: Queue, topic: str, wanted: set[bytes]) -> list[bytes]:
    """Settle what comes until all that is wanted has come and the topic is empty; the bodies in that order."""
    box = Box()
    place = queue.subscribe(topic, box, credit=50)
    found: list[bytes] = []
    while not wanted <= set(found) or queue.depth(topic).total:
        delivery = box.one()
        queue.settle([Settlement(delivery)])
        found.append(delivery.body)
    place.close(5)
    return found
