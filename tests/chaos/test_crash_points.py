"""At each named crash point a process dies once, as by kill -9, and starts again: nothing is lost, nothing overtaken.

On the embedded engines; the fleet's stories are in `test_fleet_…`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pressroom.crash import POINTS
from pressroom.objects.port import Stored
from pressroom.outcomes import Emit
from pressroom.queues.port import Parcel
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import Sender
from schemas import keys
from schemas.documents import Failure
from schemas.parts import Edit, Part
from tests.chaos.embedded import BACK, CLOCK, Scene, scene
from tests.chaos.embedded_audit import head_of
from tests.chaos.keeper import Keeper
from tests.fakes.records import entry, record
from tests.pipeline.waiting import eventually

KILLED = 137
OF_RABBITMQ = {"queue.after_emits"}
HERE = sorted(set(POINTS) - OF_RABBITMQ)
ALONE = [
    pytest.param(point, (service, "+".join(one for one in BACK.split("+") if one != service)), marks=pytest.mark.long)
    for point in HERE
    if point.startswith(("loop", "sqlite"))
    for service in BACK.split("+")
]


@dataclass
class Breakage:
    """A feed whose head is broken, so that its record dies and has to be sent again by somebody."""

    scene: Scene
    feed: str = "broken-paper"

    def make(self) -> None:
        key = keys.head(self.feed)
        self.scene.store.swap(key, b"{}", etag=None, write_id="slip")
        sender = Sender(self.scene.queue, CLOCK, "test")
        sender.send([Emit(RECORD_PUBLISH, key, record(self.feed, 1, entry(1)))])
        edit = Edit(site="news", name="notice", html="<p>Bear with us</p>", seen=0, at=CLOCK.now(), by="x", why="chaos")
        sender.send([Emit(RECORD_PUBLISH, keys.site_part("news", "notice"), edit)])
        self.scene.queue.publish([Parcel(RECORD_PUBLISH, key, b"no message")])

    def failure(self) -> Failure | None:
        return next((one for one in self.scene.failures() if one.kind == "broken_object"), None)

    def mend(self) -> None:
        """As an operator does: the object goes, what died is sent again."""
        failure = eventually(self.failure, within_s=60, every_s=0.05)
        assert failure is not None
        self.scene.store.delete(keys.head(self.feed))
        self.scene.operator("failures", "replay", failures=[failure.id], why="the object is mended")

    def is_edited(self) -> bool:
        """Once, however often it was tried."""
        found = self.scene.store.get(keys.site_part("news", "notice"))
        return isinstance(found, Stored) and Part.model_validate_json(found.body).number == 1

    def is_mended(self) -> bool:
        failure, head = self.failure(), head_of(self.scene.store, self.feed)
        return failure is not None and failure.status == "replayed" and head is not None and head.turn == 1


@pytest.fixture
def stage() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.mark.parametrize(("point", "processes"), [*((point, (BACK,)) for point in HERE), *ALONE])
def test_a_process_that_dies_there_loses_nothing(
    stage: Scene, tmp_path: Path, point: str, processes: tuple[str, ...]
) -> None:
    marker = tmp_path / "died"
    crash = {"PRESSROOM_CRASH_AT": point, "PRESSROOM_CRASH_MARKER": str(marker)}
    breakage = Breakage(stage)
    breakage.make()
    for _ in range(5):
        stage.load.send_round()
    with Keeper(stage.fleet, processes[0], env=crash) as keeper, Keeper(stage.fleet, *processes[1:]):
        breakage.mend()
        eventually(breakage.is_mended, within_s=60, every_s=0.05)
        eventually(breakage.is_edited, within_s=60, every_s=0.05)
        eventually(marker.exists, within_s=60, every_s=0.05)
        for _ in range(5):
            stage.load.send_round()
        stage.check(expected_failures=["broken_object", "undecodable"])
    assert keeper.deaths == [KILLED]
