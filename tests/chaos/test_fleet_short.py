"""A short round on the real engines: one of each service is killed, and the broker starts again, all under load."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.fleet import Stage
from tests.chaos.fleet_stage import playing, stage

pytestmark = [pytest.mark.containers, pytest.mark.xdist_group("chaos-fleet")]


@pytest.fixture(name="stage")
def a_stage() -> Iterator[Stage]:
    with stage() as made:
        yield made


def test_kills_of_each_service_and_a_broker_that_starts_again_lose_nothing(stage: Stage) -> None:
    with playing(stage) as scene:
        for name in ("scheduler-1", "fetcher-1", "weather-1", "publisher-1"):
            scene.restart(name)
        scene.goes_on()
        # The node comes back while there is no broker, and shows what it had kept.
        scene.restart("web-1")
        stage.broker.restart()
        scene.goes_on()
        scene.check()
