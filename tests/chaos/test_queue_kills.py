"""Processes that publish and consume over one sqlite file are killed at random: what was accepted is handled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pressroom.clock import SystemClock
from pressroom.queues.port import Settlement
from pressroom.queues.sqlite.queue import SqliteQueue
from schemas.codec import decode
from tests.contracts.queue_tools import ROOT, Box, WorkerProcess, ended, events, eventually, overlaps

TOPIC, NEXT = "record.publish", "schedule"
WORKERS = 3
CREDIT = 64


class Publishers:
    """One at a time; each has its own name, so that no two say the same."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._log = log
        self._count = 0
        self._start()

    def _start(self) -> None:
        self._count += 1
        arguments = [self._url, TOPIC, f"p{self._count}", str(self._log)]
        self._process = subprocess.Popen([sys.executable, "-m", "tests.chaos.queue_publisher", *arguments], cwd=ROOT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(20)

    def kill_and_start(self) -> None:
        self.kill()
        self._start()

    @property
    def accepted(self) -> set[str]:
        return set(self._log.read_text().split()) if self._log.exists() else set()


def handled_next(queue: SqliteQueue) -> Counter[str]:
    """How often each message has led to another."""
    box, found = Box(), Counter[str]()
    queue.subscribe(NEXT, box, credit=200)
    for _ in range(queue.depth(NEXT).total):
        delivery = box.one()
        found[decode(delivery.body).id] += 1
        queue.settle([Settlement(delivery)])
    return found


@pytest.mark.parametrize("kills", [8, pytest.param(50, marks=pytest.mark.long)])
def test_random_kills_lose_nothing_and_no_key_has_two_workers(tmp_path: Path, kills: int) -> None:
    rng = random.Random(kills)
    queue = SqliteQueue(tmp_path / "queue.sqlite", SystemClock())
    url, log = str(tmp_path / "queue.sqlite"), tmp_path / "log"
    publishers = Publishers(url, tmp_path / "accepted")
    workers = [WorkerProcess(url, TOPIC, log, emit_to=NEXT) for _ in range(WORKERS)]
    try:
        for _ in range(kills):
            before = len(ended(log))
            eventually(lambda before=before: len(ended(log)) > before, "work goes on")
            time.sleep(rng.uniform(0, 0.1))  # strikes anywhere
            if rng.random() < 0.3:
                publishers.kill_and_start()
            else:
                workers.pop(rng.randrange(WORKERS)).kill()
                workers.append(WorkerProcess(url, TOPIC, log, emit_to=NEXT))
        publishers.kill()
        eventually(lambda: queue.depth(TOPIC).total == 0, "all is handled", 120)
        for worker in workers:
            worker.stop()
    finally:
        publishers.kill()
        for worker in workers:
            worker.end()
    led_to_another = handled_next(queue)
    queue.close()

    assert publishers.accepted <= led_to_another.keys(), "what was accepted was handled, and what followed is there"
    assert set(led_to_another.values()) == {1}, "a message and what follows from it are settled together or not at all"
    begun = Counter(event.id for event in events(log) if event.what == "begin")
    assert begun.total() - len(begun) <= kills * CREDIT, "only what a killed process held is handled again"
    assert overlaps(events(log)) == []
