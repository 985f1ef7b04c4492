"""A newsroom under measurement: its processes, its papers, and one round of refreshes with what it cost."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.origin import HOSTS

LOOK_EVERY_S: Final = 0.05
ROUND_S_MAX: Final = 300.0
SITES: Final = 10
WARM_FEEDS: Final = 8


class Process:
    """A child that answers a line on stdin with a line of JSON; gone when the block ends."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | dict(env or {}),
            text=True,
        )
        self.said = self._line()

    def ask(self, question: str) -> dict[str, Any]:
        assert self._child.stdin is not None
        self._child.stdin.write(question + "\n")
        self._child.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._child.args!r} ended with {self._child.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(30)


@contextlib.contextmanager
def process(module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
    child = Process(module, *arguments, env=env)
    try:
        yield child
    finally:
        child.close()


class Origin:
    """The papers' server and how to change what it does."""

    def __init__(self, child: Process, folder: Path) -> None:
        self.ports = child.said
        self.certificate = folder / "ca.pem"

    def version(self, number: int) -> None:
        self._tell(f"version/{number}")

    def close_after_answers(self, *, on: bool) -> None:
        self._tell(f"close/{int(on)}")

    def _tell(self, path: str) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['plain']}/-/{path}", timeout=60):
            pass


@contextlib.contextmanager
def origin(feeds: int, folder: Path) -> Iterator[Origin]:
    with process("bench.origin", str(feeds), str(folder)) as child:
        yield Origin(child, folder)


class Papers:
    """The sites' folder: first a small site to warm up with, then the real ones in its place."""

    def __init__(self, folder: Path, feeds: int, scheme: str, port: int) -> None:
        self.folder = folder
        self.feeds = feeds
        self._base = f"{scheme}://%s:{port}/feed/%d"
        folder.mkdir(parents=True)
        self._site("warm", range(WARM_FEEDS))

    def open(self) -> None:
        for site in range(SITES):
            self._site(f"bench{site}", range(site * self.feeds // SITES, (site + 1) * self.feeds // SITES))
        (self.folder / "warm.toml").unlink(missing_ok=True)

    def _site(self, name: str, numbers: range) -> None:
        urls = [self._base % (HOSTS[number % len(HOSTS)], number) for number in numbers]
        lines = [f'title = "{name}"', *(f'[[feeds]]\nurl = "{url}"' for url in urls)]
        (self.folder / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a round took. CPU in seconds: of each process, and of each kind of thread over all processes."""

    refreshes: int
    seconds: float
    by_process_s: dict[str, float]
    by_thread_s: dict[str, float]
    by_step_s: dict[str, float]
    checks: dict[str, int]

    @property
    def ms_each(self) -> float:
        """CPU milliseconds of all our processes together, for one refresh."""
        return sum(self.by_process_s.values()) * 1000 / self.refreshes


class Fleet:
    """Our processes by name, the scheduler's among them."""

    def __init__(self, rooms: dict[str, Process]) -> None:
        self.rooms = rooms
        self._scheduler = next(name for name in rooms if name.startswith(("all", "scheduler")))

    def reports(self) -> dict[str, dict[str, Any]]:
        return {name: room.ask("report") for name, room in self.rooms.items()}

    def round(self, refreshes: int, begin: Callable[[], object] | None = None) -> Spent:
        """Wish for every feed (or `begin`), wait until the last check is in and nobody computes any more."""
        before = self._settled()
        began = time.monotonic()
        scheduler = self.rooms[self._scheduler]
        if begin is None:
            scheduler.ask("wish")
        else:
            begin()
        wanted = sum(before[self._scheduler]["checks"].values()) + refreshes
        while True:
            time.sleep(LOOK_EVERY_S)
            told = scheduler.ask("report")
            if sum(told["checks"].values()) >= wanted and told["idle"]:
                break
            if time.monotonic() - began > ROUND_S_MAX:
                raise RuntimeError(f"only {told['checks']} after {ROUND_S_MAX:g} s")
        seconds = time.monotonic() - began
        return _spent(before, self._settled(), refreshes, seconds)

    def _settled(self) -> dict[str, dict[str, Any]]:
        """The reports once nobody is busy: what a round leaves to the web nodes belongs to it."""
        earlier = self.reports()
        while True:
            time.sleep(0.25)
            later = self.reports()
            if all(later[name]["cpu_s"] - earlier[name]["cpu_s"] < 0.02 for name in later):
                return later
            earlier = later


def _spent(before: Any, after: Any, refreshes: int, seconds: float) -> Spent:
    def rise(part: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for name, told in after.items():
            total.update(told[part])
            total.subtract(before[name][part])
        return total

    return Spent(
        refreshes=refreshes,
        seconds=seconds,
        by_process_s={name: after[name]["cpu_s"] - before[name]["cpu_s"] for name in after},
        by_thread_s=dict(rise("threads")),
        by_step_s=dict(rise("steps")),
        checks=dict(rise("checks")),
    )


@contextlib.contextmanager
def fleet(members: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> Iterator[Fleet]:
    """Start a room for each member: name → its arguments."""
    with contextlib.ExitStack() as stack:
        rooms = {
            name: stack.enter_context(process("bench.room", *arguments, env=env)) for name, arguments in members.items()
        }
        yield Fleet(rooms)
