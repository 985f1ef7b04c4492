"""Every named crash point is hit in every service that passes it, on the real engines and under load."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pressroom.clock import SystemClock
from pressroom.crash import POINTS
from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH, WEATHER_REQUEST
from schemas import keys
from schemas.documents import FailureLine
from schemas.messages import WeatherRequest
from schemas.parts import Edit
from tests.chaos.fleet import Scene
from tests.chaos.fleet_stage import SITE, playing, stage
from tests.contracts.queue_tools import eventually

pytestmark = [pytest.mark.containers, pytest.mark.long, pytest.mark.xdist_group("chaos-fleet")]

CREW = ("scheduler-1", "fetcher-1", "weather-1", "publisher-1", "web-1")
"""One of each, so that nobody else takes what was meant for the one that is to die."""

NOWHERE = WeatherRequest(cell="9999-9999", latitude=0, longitude=0)
"""Rejected at once: a message of its own for the dead."""

IN_EVERY_LOOP = [name for name in POINTS if name.startswith(("loop.", "queue."))]
BY_ACT = "publisher.after_act"
BY_SEND = "publisher.after_send"
BY_DEAD = "publisher.after_failure"
BY_EDIT = "publisher.after_part"
BY_OPERATORS = {BY_DEAD, BY_ACT, BY_SEND, BY_EDIT}
"""What the load does not bring a publisher to."""


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stage() as made, playing(made, CREW) as scene:
        yield scene


def points_of(service: str) -> list[str]:
    own = [name for name in POINTS if name.startswith(f"{service}.") and name not in BY_OPERATORS]
    return IN_EVERY_LOOP + own


@pytest.mark.parametrize("service", ["scheduler", "fetcher", "weather", "publisher"])
def test_a_service_that_dies_at_each_of_its_points_loses_nothing(scene: Scene, service: str) -> None:
    for point in points_of(service):
        scene.crash(f"{service}-1", point)
    scene.goes_on()
    scene.check()


def failure_of(scene: Scene) -> FailureLine | None:
    return next(iter(scene.failed()), None)


def test_a_publisher_that_dies_between_what_operators_did_and_its_telling_loses_neither(scene: Scene) -> None:
    key = keys.site_part(SITE, "notice")
    edit = Edit(site=SITE, name="notice", html="<p>Bear with us</p>", seen=0, at=SystemClock().now(), by="x", why="y")
    scene.crash("publisher-1", BY_EDIT, cause=lambda: scene.send(Emit(RECORD_PUBLISH, key, edit)))
    scene.fleet.wait_for_page(f"/s/{SITE}", "Bear with us")

    scene.expected_failures = {"not_found"}
    scene.crash("publisher-1", BY_DEAD, cause=lambda: scene.send(Emit(WEATHER_REQUEST, NOWHERE.cell, NOWHERE)))
    failure = eventually(lambda: failure_of(scene), "the dead letter is a failure")
    for count, point in enumerate((BY_ACT, BY_SEND), 2):
        scene.crash("publisher-1", point, cause=lambda: requeue(scene, failure))
        eventually(lambda count=count: scene.operator.failure(failure.id).count == count, "it was sent and died again")
    found = scene.operator.failure(failure.id)
    assert ([action.act for action in found.actions], found.replays) == (["requeue", "requeue"], 2)
    scene.goes_on()
    scene.check()


def requeue(scene: Scene, failure: FailureLine) -> None:
    scene.operator("failures", "requeue", failures=[failure.id])


def test_no_point_of_these_engines_is_left_out() -> None:
    hit = {point for service in ("scheduler", "fetcher", "weather", "publisher") for point in points_of(service)}
    assert hit | BY_OPERATORS == {name for name in POINTS if not name.startswith("sqlite.")}
