"""Four web nodes in this process, and back ends in processes of their own that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pressroom.cells import Cell
from pressroom.clock import SystemClock
from pressroom.settings import Settings
from pressroom.testing.gazetteer import lay_gazetteer
from pressroom.wiring import queue_of, store_of
from schemas import keys
from services.web.node import WebNode
from tests.fakes.weather_provider import WeatherProvider
from tests.pipeline.waiting import within

ROOT = Path(__file__).parents[2]
NODES = 4
CALLS_AT_ONCE = 4
"""What one weather process has under way at most: `services.staff.WEATHER_WORKERS`."""


def eventually(holds: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within(within_s), f"not within {within_s} s: {what}"
        time.sleep(0.01)


class Fleet:
    """`engines` are the settings that name queue and store; empty for the embedded ones."""

    def __init__(self, folder: Path, provider: WeatherProvider, engines: dict[str, str]) -> None:
        self.provider = provider
        self.folder = folder
        self._env = {
            "PRESSROOM_DATA": str(folder),
            "PRESSROOM_WEATHER_URL": provider.open_meteo().base,
            "PRESSROOM_FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
            "PRESSROOM_FETCH_PORTS": str(provider.server.port),
            **engines,
        }
        lay_gazetteer(folder)
        self.settings = Settings(**{name.removeprefix("PRESSROOM_").lower(): text for name, text in self._env.items()})
        self.nodes: list[WebNode] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._clock = SystemClock()
        self.queue = queue_of(self.settings, self._clock)

    @contextmanager
    def running(self, workers: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """A publisher, so many weather workers, the nodes."""
        try:
            self.serve("publisher")
            started = [self.serve("weather") for _ in range(workers)]
            self._start_nodes()
            yield started
        finally:
            for node in self.nodes:
                node.stop()
            for process in self._processes:
                with suppress(ProcessLookupError):
                    process.kill()
                process.wait(20)
            self.queue.close()

    def serve(self, service: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "from services.cli import main; main()", "serve", service]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self._env}, stdin=subprocess.DEVNULL)
        self._processes.append(process)
        return process

    def _start_nodes(self) -> None:
        for number in range(NODES):
            settings = self.settings.model_copy(update={"data": self.folder / f"node-{number}"})
            node = WebNode(store_of(self.settings, self._clock), self.queue, self._clock, settings)
            node.start()
            self.nodes.append(node)

    def read(self, cells: list[Cell], readers: int) -> None:
        """So many readers, spread over places and nodes, each asking once; nobody waits."""
        for number in range(readers):
            node = self.nodes[number % NODES]
            node.weather.shown(cells[number // NODES % len(cells)].id, None, ask=True)

    def holds(self, cells: list[Cell]) -> bool:
        """Whether every node has every cell's weather."""
        return all(node.copies.get(keys.weather(cell.id)) is not None for node in self.nodes for cell in cells)
