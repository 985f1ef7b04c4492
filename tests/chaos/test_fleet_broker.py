"""The broker goes away, falls silent or runs out of memory under a fleet that works."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.chaos.fleet import Scene
from tests.chaos.fleet_stage import playing, stage
from tests.contracts.queue_tools import eventually

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]

SILENCE_S = 30.0


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stage() as made, playing(made) as scene:
        yield scene


def test_a_broker_that_is_killed_and_then_restarted_in_order_loses_nothing(scene: Scene) -> None:
    scene.stage.broker.kill()
    scene.stage.broker.restart()
    scene.goes_on()
    scene.stage.broker.restart()
    scene.goes_on()
    scene.check()


def test_a_broker_that_is_silent_for_half_a_minute_loses_nothing(scene: Scene) -> None:
    scene.stage.broker.pause()
    try:
        threading.Event().wait(SILENCE_S)
    finally:
        scene.stage.broker.unpause()
    scene.goes_on()
    scene.check()


def test_a_broker_out_of_memory_takes_nothing_new_and_loses_nothing(scene: Scene) -> None:
    refused = scene.load.refused
    scene.stage.broker.set_memory_limit("1MiB")
    try:
        eventually(lambda: scene.load.refused > refused + 1, "what is sent is refused", 30)
    finally:
        scene.stage.broker.set_memory_limit("512MiB")
    scene.goes_on()
    scene.check()
