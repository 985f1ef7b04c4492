"""A fleet under load, everything that a test may do to it, and the audit of what became of the load.

Each service is a process of its own (`pressroom serve X`); `fleet_stage` sets it up on a real broker and store.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pressroom.outcomes import Emit
from pressroom.sender import Sender
from pressroom.testing import Broker, Fleet, Process, Store
from pressroom.testing.ports import free_ports
from schemas.documents import FailureLine
from tests.chaos import fleet_audit as audit
from tests.chaos.fleet_load import Load
from tests.chaos.fleet_reader import Reader
from tests.chaos.fleet_source import Source
from tests.chaos.fleet_witness import Witness
from tests.contracts.queue_tools import eventually
from tests.fakes.operator import Operator

RECOVERED_WITHIN_S = 120.0
STOPPED_WITHIN_S = 30.0
TICKS_MAX = 8
"""The schedule's queue is never quite empty: a tick a second comes from each scheduler."""


class Member:
    """One worker of the fleet, under a name that the source and the store see it by; may die and be started again."""

    def __init__(self, fleet: Fleet, name: str, program: Sequence[str]) -> None:
        self.name = name
        self.service = name.partition("-")[0]
        self._fleet = fleet
        self._program = program
        self._more: dict[str, Any] = {"contact": name, "s3_access_key": name}
        if self.service == "web":
            self._more |= {"port": free_ports()[0], "data": fleet.folder / name}
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._more['port']}"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_running

    def start(self, **env: str) -> Process:
        log = self._fleet.folder / f"{self.name}.log"
        argv = [*self._program, "serve", self.service]
        self.process = Process(self.name, argv, self._fleet.environment(**self._more) | env, log)
        self._fleet.processes.append(self.process)
        return self.process

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """In order; raises TimeoutExpired after a time that is generous even on a busy machine."""
        if self.process is not None:
            code = self.process.stop(STOPPED_WITHIN_S)
            assert code == 0, self.process.log_tail()


@dataclass
class Stage:
    """Where a fleet plays: `broker` is the node that is asked about queues, `amqp_url` may name several."""

    broker: Broker
    store: Store
    amqp_url: str
    vhost: str


@dataclass
class Scene:
    """A running fleet with its load and its reader."""

    stage: Stage
    fleet: Fleet
    program: Sequence[str]
    members: dict[str, Member]
    source: Source
    witness: Witness
    load: Load
    reader: Reader
    sender: Sender
    operator: Operator
    expected_failures: set[str] = field(default_factory=set)
    """Kinds of failures that a test brings about itself."""

    def of(self, service: str) -> list[Member]:
        return [member for member in self.members.values() if member.service == service]

    # --- what is done to it ------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """As kill -9 does."""
        self._announce(name)
        self.members[name].kill()

    def stop(self, name: str) -> None:
        self._announce(name)
        self.members[name].stop()

    def start(self, name: str, **env: str) -> Process:
        return self.members[name].start(**env)

    def restart(self, name: str, **env: str) -> Process:
        self.kill(name)
        return self.start(name, **env)

    def join(self, name: str) -> Process:
        self.members[name] = Member(self.fleet, name, self.program)
        return self.start(name)

    def crash(self, name: str, point: str, cause: Callable[[], object] = lambda: None) -> None:
        """Let it die at a crash point, which the load brings it to or `cause` does; then start it again."""
        self.kill(name)
        marker = self.fleet.folder / f"{name} {point}"
        armed = self.start(name, PRESSROOM_CRASH_AT=point, PRESSROOM_CRASH_MARKER=str(marker))
        cause()
        eventually(lambda: not armed.is_running, f"{name} dies at {point}", 60)
        assert (armed.code, marker.exists()) == (137, True), armed.log_tail()
        self.start(name)

    def send(self, emit: Emit) -> None:
        self.sender.send([emit])

    @contextmanager
    def supervised(self, service: str) -> Iterator[list[str]]:
        """Start members of a service again whenever they die; yields the names of those that died, one a death."""
        deaths: list[str] = []
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.1):
                for member in self.of(service):
                    if not member.is_running:
                        deaths.append(member.name)
                        member.start()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield deaths
        finally:
            over.set()
            thread.join(10)

    def _announce(self, name: str) -> None:
        if self.members[name].service == "web":
            self.reader.node_goes_away()

    # --- how it is ---------------------------------------------------------------------------------

    def goes_on(self, within_s: float = RECOVERED_WITHIN_S) -> None:
        """Wait until every paper has a later edition than now, and new weather has come, and the node is back."""
        editions, cells = self.load.editions(), len(self.load.cells)

        def all_moved() -> bool:
            moved = all(edition > editions[name] for name, edition in self.load.editions().items())
            return moved and len(self.load.cells) > cells and not self.reader.misses_the_node

        with suppress(AssertionError):
            eventually(all_moved, "every paper and the weather go on", within_s)
        assert all_moved(), f"not everything goes on within {within_s:g} s: {self.stuck()}"

    def check(self, within_s: float = RECOVERED_WITHIN_S) -> None:
        """Let all that was acknowledged come to its end, and hold the whole run so far to what was promised."""
        self.load.pause()
        self._all_arrives(within_s)
        eventually(self._queues_are_empty, f"the queues are empty: {self.queued()}", 30)
        self._readers_see_it(90)
        lines = self.failed()
        assert [line for line in lines if line.kind not in self.expected_failures] == []
        writes = list(self.witness.writes)
        assert audit.unconditional(writes) == []
        assert audit.forks(writes) == []
        assert audit.steps_back(writes) == []
        assert self.reader.complaints == []
        self.load.resume()

    def failed(self) -> list[FailureLine]:
        return self.operator.failures(status="any", limit=10_000)

    def stuck(self) -> str:
        """For people: what has not arrived, and where messages wait."""
        return f"{self.load.behind()} have not arrived, queued is {self.queued()}, readers say {self.reader.complaints}"

    def queued(self) -> dict[str, int]:
        """Messages of each queue that has any, those that are handed out included."""
        told = self.stage.broker.run(
            "rabbitmqctl", "-q", "list_queues", "-p", self.stage.vhost, "name", "messages", "--formatter=json"
        )
        return {one["name"]: one["messages"] for one in json.loads(told) if one["messages"]}

    def _all_arrives(self, within_s: float) -> None:
        with suppress(AssertionError):
            eventually(lambda: not self.load.behind(), "all arrives", within_s)
        assert self.load.behind() == [], f"acknowledged, and not done within {within_s:g} s: {self.stuck()}"

    def _queues_are_empty(self) -> bool:
        queued = self.queued()
        return queued.pop("schedule", 0) <= TICKS_MAX and not queued

    def _readers_see_it(self, within_s: float) -> None:
        wanted = self.load.editions()
        with suppress(AssertionError):
            eventually(lambda: self.reader.shown == wanted, "readers see it", within_s)
        assert self.reader.shown == wanted
