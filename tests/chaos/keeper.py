"""Whoever starts a process again when it has died, as systemd and compose do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pressroom.testing import Fleet, Process

LOOK_EVERY_S = 0.02


class Keeper:
    """Keeps one process of a fleet for each of `services`, with what `env` says at each start in their environment."""

    def __init__(self, fleet: Fleet, *services: str, env: Callable[[], dict[str, str]] = dict) -> None:
        self.fleet = fleet
        self.deaths: list[int] = []
        """How those that died by themselves or were killed ended, in order."""
        self._env = env
        self._lock = threading.Lock()
        self._kept: dict[str, Process] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        for number, names in enumerate(services):
            self._kept[f"{names} {number}"] = fleet.start(names, env())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def names(self) -> list[str]:
        return sorted(self._kept)

    def kill(self, name: str) -> None:
        """Kill -9 the one that is kept under that name; it is started again."""
        with self._lock:
            self._kept[name].kill()

    def _start(self, name: str) -> Process:
        return self.fleet.start(name.rpartition(" ")[0], self._env())

    def _keep(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            with self._lock:
                for name, process in self._kept.items():
                    if process.code is not None:
                        self.deaths.append(process.code)
                        process.kill()
                        self._kept[name] = self._start(name)
