"""The store goes away, falls silent, refuses writes or loses its answers under a fleet that works."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.chaos.fleet import Scene
from tests.chaos.fleet_stage import playing, stage
from tests.contracts.queue_tools import eventually
from tests.fakes.s3_faults import Fault, lose_the_answer, lose_the_request, say

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]

SILENCE_S = 15.0
SPOILED = 40


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stage() as made, playing(made) as scene:
        yield scene


def test_a_store_that_is_killed_and_comes_back_loses_nothing(scene: Scene) -> None:
    scene.stage.store.kill()
    scene.stage.store.restart()
    scene.goes_on()
    scene.check()


def test_a_store_that_is_silent_loses_nothing(scene: Scene) -> None:
    scene.stage.store.pause()
    try:
        threading.Event().wait(SILENCE_S)
    finally:
        scene.stage.store.unpause()
    scene.goes_on()
    scene.check()


def spoil(scene: Scene, fault: Fault) -> None:
    """So many writes in a row meet the fault; waits until all have."""
    asked = scene.witness.asked["PUT"]
    scene.witness.plan("PUT", *[fault] * SPOILED)
    eventually(lambda: scene.witness.asked["PUT"] >= asked + SPOILED, "all faults are met", 120)
    scene.goes_on()


def test_a_store_that_refuses_writes_or_loses_requests_and_answers_loses_nothing(scene: Scene) -> None:
    spoil(scene, say(503, "SlowDown"))
    spoil(scene, lose_the_answer)
    spoil(scene, lose_the_request)
    scene.check()
