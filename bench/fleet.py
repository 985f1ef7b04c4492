"""A newsroom under measurement: its processes, and what one round of refreshes costs them."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.child import Child, child
from bench.machine import pace_ms

LOOK_EVERY_S: Final = 0.1
ROUND_S_MAX: Final = 300.0
QUIET_S: Final = 0.25
QUIET_CPU_S: Final = 0.02
"""A process that uses less in `QUIET_S` has nothing to do."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a round took. CPU in seconds: of each process, of each kind of thread, of each step over all processes.

    `pace_ms`: `bench.machine.pace_ms` in the middle of the round, to be held against that before it.
    """

    refreshes: int
    seconds: float
    load: float
    pace_ms: float
    by_process_s: dict[str, float]
    by_thread_s: dict[str, float]
    by_step_s: dict[str, float]
    calls: dict[str, int]
    usage: dict[str, float]
    checks: dict[str, int]

    def ms_each(self, seconds: float | None = None) -> float:
        """CPU milliseconds for one refresh; of all our processes together unless told of which."""
        return (sum(self.by_process_s.values()) if seconds is None else seconds) * 1000 / self.refreshes

    @property
    def per_second(self) -> float:
        return self.refreshes / self.seconds


class Fleet:
    """Our processes by name, the one that runs the scheduler first."""

    def __init__(self, rooms: Mapping[str, Child]) -> None:
        self.rooms = rooms
        self._scheduler = next(iter(rooms))

    def reports(self) -> dict[str, dict[str, Any]]:
        return {name: room.ask("report") for name, room in self.rooms.items()}

    def settle(self) -> dict[str, dict[str, Any]]:
        """The reports once nobody is busy: what a round leaves to others (web nodes) belongs to it."""
        earlier = self.reports()
        while True:
            time.sleep(QUIET_S)
            later = self.reports()
            if all(later[name]["cpu_s"] - earlier[name]["cpu_s"] < QUIET_CPU_S for name in later):
                return later
            earlier = later

    def round(self, refreshes: int, begin: Callable[[], object] | None = None) -> Spent:
        """Wish for every feed (or `begin`), and wait until so many checks are in and nobody computes any more."""
        before = self.settle()
        began = time.monotonic()
        if begin is None:
            self.rooms[self._scheduler].ask("wish")
        else:
            begin()
        pace = pace_ms()
        self._await(sum(before[self._scheduler]["checks"].values()) + refreshes)
        seconds = time.monotonic() - began
        return _spent(before, self.settle(), refreshes, seconds, pace)

    def _checks(self) -> int:
        count: int = self.rooms[self._scheduler].ask("count")["checks"]
        return count

    def _await(self, wanted: int) -> None:
        deadline = time.monotonic() + ROUND_S_MAX
        while (came := self._checks()) < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{wanted - came} checks are missing after {ROUND_S_MAX:g} s")
            time.sleep(LOOK_EVERY_S)


def _spent(before: Any, after: Any, refreshes: int, seconds: float, pace: float) -> Spent:
    def rise(part: str) -> dict[str, Any]:
        total: Counter[str] = Counter()
        for name, told in after.items():
            total.update(told[part])
            total.subtract(before[name][part])
        return dict(total)

    return Spent(
        refreshes=refreshes,
        seconds=seconds,
        load=os.getloadavg()[0],
        pace_ms=pace,
        by_process_s={name: after[name]["cpu_s"] - before[name]["cpu_s"] for name in after},
        by_thread_s=rise("threads"),
        by_step_s=rise("steps"),
        calls=rise("calls"),
        usage=rise("usage"),
        checks=rise("checks"),
    )


@contextlib.contextmanager
def fleet(members: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> Iterator[Fleet]:
    """Start a room for each member, name → its arguments; the one with the scheduler is named first."""
    with contextlib.ExitStack() as stack:
        yield Fleet(
            {name: stack.enter_context(child("bench.room", *these, env=env)) for name, these in members.items()}
        )
