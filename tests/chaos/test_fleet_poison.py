"""A feed that kills every fetcher that reads it: the others' work is done, and the message ends where people look."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.chaos.fleet import Scene
from tests.chaos.fleet_poisoned import POISON
from tests.chaos.fleet_stage import playing, stage
from tests.contracts.queue_tools import eventually

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]

PROGRAM = (sys.executable, "-m", "tests.chaos.fleet_poisoned")


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stage() as made, playing(made, program=PROGRAM) as scene:
        yield scene


def test_a_message_that_kills_its_worker_ends_as_a_failure_and_takes_no_innocent_with_it(scene: Scene) -> None:
    scene.expected_failures = {"poison"}
    with scene.supervised("fetcher") as deaths:
        scene.fleet.add_site("deadly", [scene.source.deadly(POISON)])
        eventually(lambda: len(deaths) > 2, "it kills", 60)
        scene.goes_on(240)
        (failure,) = eventually(scene.failed, "it is a failure", 240)
        count = len(deaths)
        scene.goes_on()
        scene.check()

    assert (failure.kind, failure.topic) == ("poison", "feed.refresh")
    assert len(deaths) == count
