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
JOINERS_MAX = 4
JOINING = ("fetcher", "publisher", "weather", "scheduler")


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


def joined(scene: Scene) -> set[str]:
    """The services of which one that joined has asked the source or the store for something."""
    busy = {span.worker for span in scene.source.spans} | {write.worker for write in scene.witness.writes}
    return {one.partition("-")[0] for one in busy if not one.endswith(("-1", "-2"))}


def test_workers_that_stop_in_order_join_and_leave_share_no_key(scene: Scene) -> None:
    for service in JOINING:
        for number in range(3, 3 + JOINERS_MAX):
            scene.join(f"{service}-{number}")
            scene.goes_on()
            scene.stop(f"{service}-{number - 2}")
            scene.goes_on()
            # Who gets which partition is a matter of names, and one that came may have drawn none.
            if service in joined(scene):
                break
    scene.check()

    assert audit.shared(scene.source.spans) == []
    assert audit.shared(audit.written_spans(scene.witness.writes)) == []
    assert joined(scene) == set(JOINING)
