"""Machines whose clocks are wrong by an hour work in a fleet, and are put right again: nothing is lost or goes back."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.chaos.fleet import Scene
from tests.chaos.fleet_shifted import SHIFT
from tests.chaos.fleet_stage import playing, stage

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]

PROGRAM = (sys.executable, "-m", "tests.chaos.fleet_shifted")
HOUR_S = 3600


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stage() as made, playing(made, program=PROGRAM) as scene:
        yield scene


def test_clocks_that_are_wrong_by_an_hour_lose_nothing(scene: Scene) -> None:
    wrong = {"scheduler": HOUR_S, "publisher": -HOUR_S, "fetcher": HOUR_S}
    for service, shift_s in wrong.items():
        for member in scene.of(service)[:1]:
            scene.restart(member.name, **{SHIFT: str(shift_s)})
            scene.goes_on()
    scene.check()
    for service in wrong:
        for member in scene.of(service)[:1]:
            scene.restart(member.name)
    scene.goes_on()
    scene.check()
