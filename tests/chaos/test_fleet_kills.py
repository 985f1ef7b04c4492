"""Workers are killed at random, stopped in order, join and leave, all under load."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.chaos import fleet_audit as audit
from tests.chaos.fleet import Scene
from tests.chaos.fleet_stage import CREW, playing, stage

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]

ROUNDS = 6


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stage() as made, playing(made, (*CREW, "weather-2")) as scene:
        yield scene


@pytest.mark.parametrize("seed", [1])
def test_workers_that_are_killed_at_random_lose_nothing(scene: Scene, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        victims = chance.sample(list(scene.members), k=3)
        for name in victims:
            scene.kill(name)
        for name in victims:
            scene.start(name)
        scene.goes_on()
    scene.check()


def test_workers_that_stop_in_order_join_and_leave_share_no_key(scene: Scene) -> None:
    for joins, leaves in (
        ("fetcher-3", "fetcher-1"),
        ("publisher-3", "publisher-1"),
        ("weather-3", "weather-1"),
        ("scheduler-3", "scheduler-1"),
    ):
        scene.join(joins)
        scene.goes_on()
        scene.stop(leaves)
        scene.goes_on()
    scene.check()

    assert audit.shared(scene.source.spans) == []
    assert audit.shared(audit.written_spans(scene.witness.writes)) == []
    busy = {span.worker for span in scene.source.spans} | {write.worker for write in scene.witness.writes}
    assert {"fetcher-1", "fetcher-2", "fetcher-3", "publisher-2", "publisher-3"} <= busy
