"""Resident memory of `pressroom serve`'s processes, after every feed has changed a few times."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.engines import Engines, newsroom_env
from bench.papers import Papers, origin
from pressroom.clock import SystemClock
from pressroom.objects.port import ObjectStore
from pressroom.outcomes import Emit
from pressroom.queues.topics import ONE_KEY, SCHEDULE
from pressroom.sender import Sender
from pressroom.settings import load
from pressroom.testing.ports import free_ports
from pressroom.wiring import queue_of, store_of
from schemas import keys
from schemas.messages import Wish

SERVICES: Final = ("publisher", "weather", "fetcher", "scheduler", "web")
ROUNDS: Final = 3
LONG_S: Final = 120.0


def resident_mb(engines: Engines, feeds: int) -> dict[str, float]:
    """Process → megabytes."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as name, ExitStack() as things:
        folder = Path(name)
        papers_server = things.enter_context(origin(feeds, folder / "papers"))
        papers = Papers(folder / "sites", feeds, papers_server.ports)
        papers.open()
        env = newsroom_env(engines, folder, papers_server.ports, log_level="WARNING", port=free_ports()[0])
        pids = {service: things.enter_context(_served(service, env)) for service in SERVICES}
        things.enter_context(_environment(env))
        clock = SystemClock()
        store, queue = store_of(load(), clock), queue_of(load(), clock)
        things.callback(queue.close)
        before = _await_change(store, {}, feeds)
        for version in range(1, ROUNDS + 1):
            papers_server.version(version)
            Sender(queue, clock, "bench").send([Emit(SCHEDULE, ONE_KEY, Wish(reason="bench"))])
            before = _await_change(store, before, feeds)
        return {name: mb for service, pid in pids.items() for name, mb in _of_tree(service, pid).items()}


@contextmanager
def _served(service: str, env: dict[str, str]) -> Iterator[int]:
    argv = [sys.executable, "-c", "from services.cli import main; main()", "serve", service]
    process = subprocess.Popen(argv, env=os.environ | env)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _environment(env: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _await_change(store: ObjectStore, before: dict[str, str], feeds: int) -> dict[str, str]:
    """ETags of all heads, once there is one of each feed and every one is another than before."""
    deadline = time.monotonic() + LONG_S
    while time.monotonic() < deadline:
        now = {one.key: one.etag for one in store.list(keys.HEADS, limit=feeds + 1)}
        if len(now) >= feeds and all(before.get(key) != etag for key, etag in now.items()):
            time.sleep(2)  # the web node takes over the last of them
            return now
        time.sleep(0.5)
    raise RuntimeError(f"not every feed was published within {LONG_S:g} s")


def _of_tree(name: str, pid: int) -> dict[str, float]:
    """A process and those it has started, which are named after it."""
    held = {name: _resident_kb(pid) / 1024}
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    for number, child in enumerate(children, 1):
        held |= _of_tree(f"{name}, worker {number}", child)
    return held


def _resident_kb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])
