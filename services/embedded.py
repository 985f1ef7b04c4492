"""Some or all services in one process: `pressroom run` starts all five, `pressroom serve` those it names."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from types import TracebackType

from pressroom.clock import Clock
from pressroom.health import HealthServer
from pressroom.metrics.loop import tally_metrics, vitals_metrics
from pressroom.metrics.process import process_metrics
from pressroom.objects.port import ObjectStore, StoreMisconfigured
from pressroom.objects.probe import probe_when_there
from pressroom.pulse import Pulse
from pressroom.queues.port import Queue
from pressroom.sender import Sender
from pressroom.settings import Settings
from services import SERVICES
from services.room import Part, Room
from services.staff import BUILDERS, hire

STOP_S = 2.0

log = logging.getLogger(__name__)


class Newsroom(Room):
    """The named services in this process. `start`, `stop`, or a `with` block."""

    def __init__(
        self,
        settings: Settings,
        queue: Queue,
        store: ObjectStore,
        clock: Clock,
        services: Iterable[str] = SERVICES,
        lanes: Sequence[str] = ("",),
        stopping: threading.Event | None = None,
    ) -> None:
        wanted = frozenset(services)
        super().__init__(settings, queue, store, clock, sorted(wanted), lanes)
        self._stopping = stopping or threading.Event()
        self._started: list[Part] = []
        # In the builders' order: those who listen start before those who speak, so that nothing waits at the start.
        self.parts = {name: hire(self, name) for name in BUILDERS if name in wanted}

        vitals_metrics(self.registry, list(self.vitals.values()))
        tally_metrics(self.registry, self.tally, wanted)
        process_metrics(self.registry, wanted, settings.data, self.share)
        self._pulse = Pulse(Sender(self.queue, clock, "pulse"), clock, self.body)

    def start(self) -> None:
        """Raises `StoreMisconfigured` when a publisher is to run on a store that loses writes."""
        if self.settings.metrics_port:
            server = HealthServer("0.0.0.0", self.settings.metrics_port, self.vitals.values(), self.registry)  # noqa: S104 - probes come from outside
            self._begin(server)
        if "publisher" in self.parts and not self._may_publish():
            return
        self._begin(self.pauses)
        for parts in self.parts.values():
            for part in parts:
                self._begin(part)
        self._begin(self._pulse)

    def _begin(self, part: Part) -> None:
        self._started.append(part)
        part.start()

    def _may_publish(self) -> bool:
        """Wait for the store and try whether it honours conditional writes; False when told to stop meanwhile."""
        seen = probe_when_there(
            self.store, self.clock, self._stopping, lambda error: log.warning("waiting for the store: %s", error)
        )
        if seen is None:
            return False
        if not seen.is_safe and not self.settings.single_writer:
            raise StoreMisconfigured(
                f"{seen}. Two writers could overwrite each other: use another store, or set "
                "PRESSROOM_SINGLE_WRITER=true and run one publisher and one scheduler"
            )
        if not seen.is_safe:
            log.warning("single-writer mode: %s", seen)
        self.metrics.store_is_safe(seen.is_safe)
        return True

    def stop(self, timeout_s: float = STOP_S) -> None:
        """All parts stop at the same time, so that one that is slow holds up none; what is unfinished stays queued."""
        threads = [threading.Thread(target=part.stop, args=(timeout_s,), name="stop") for part in self._started]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def __enter__(self) -> Newsroom:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
