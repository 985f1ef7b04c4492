"""Processes die at random under load, again and again, and start again: nothing is lost, readers get their page."""

from __future__ import annotations

import random
import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.embedded import SITE, Scene, scene
from tests.chaos.keeper import Keeper
from tests.pipeline.waiting import eventually

PROCESSES = ("scheduler", "fetcher+weather", "publisher")
SEED = 20


@contextmanager
def reading(stage: Scene) -> Iterator[list[str]]:
    """A reader who asks for the page all the time; what was not as it should be."""
    complaints: list[str] = []
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.05):
            try:
                status, _ = stage.fleet.get(f"/s/{SITE}")
            except (OSError, urllib.error.URLError) as error:
                complaints.append(str(error))
            else:
                complaints.extend([f"status {status}"] if status != 200 else [])

    thread = threading.Thread(target=read, name="reader")
    thread.start()
    try:
        yield complaints
    finally:
        over.set()
        thread.join()


def progress(stage: Scene) -> int:
    return len(stage.origin.requests) + len(stage.load.singles)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.long)])
def test_processes_killed_at_random_under_load_lose_nothing(kills: int) -> None:
    chance = random.Random(SEED)
    with scene() as stage, Keeper(stage.fleet, *PROCESSES) as keeper:
        stage.fleet.wait_for_page(f"/s/{SITE}", stage.load.newest(stage.load.papers[0]), within_s=60)
        with stage.load.running(), reading(stage) as complaints:
            for _ in range(kills):
                awaited = progress(stage) + chance.randint(5, 60)
                eventually(lambda: progress(stage), lambda now, awaited=awaited: now >= awaited, within_s=60)
                keeper.kill(chance.choice(keeper.names))
        stage.check()
        assert complaints == []
    assert len(keeper.deaths) == kills
