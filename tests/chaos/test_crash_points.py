"""At each named crash point a process dies once, as by kill -9, and starts again: nothing is lost, nothing overtaken.

On the embedded engines; the fleet's stories are in `test_fleet_…`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
ROUNDS_MAX = 20
OF_RABBITMQ = {"queue.after_emits"}
HERE = sorted(set(POINTS) - OF_RABBITMQ)
IN_EVERY_LOOP = [point for point in HERE if point.startswith(("loop", "sqlite"))]
AT_ONCE = 4
"""So many deaths a message may see before it is taken for poison."""
GROUPS = -(-len(HERE) // AT_ONCE)
TOGETHER = [HERE[start::GROUPS] for start in range(GROUPS)]
ALONE = [(point, service) for point in IN_EVERY_LOOP for service in BACK.split("+")]


@dataclass
class Breakage:
    """A feed whose head is broken, so that its record dies and has to be sent again by somebody; and a part that is
    edited."""

    scene: Scene
    feed: str
    site: str

    def make(self) -> None:
        key = keys.head(self.feed)
        self.scene.store.swap(key, b"{}", etag=None, write_id="slip")
        sender = Sender(self.scene.queue, CLOCK, "test")
        sender.send([Emit(RECORD_PUBLISH, key, record(self.feed, 1, entry(1)))])
        edit = Edit(site=self.site, name="notice", html="<p>Bear with us</p>", seen=0, at=CLOCK.now(), by="x", why="y")
        sender.send([Emit(RECORD_PUBLISH, keys.site_part(self.site, "notice"), edit)])
        self.scene.queue.publish([Parcel(RECORD_PUBLISH, key, b"no message for " + key.encode())])

    def failure(self) -> Failure | None:
        broken = (one for one in self.scene.failures() if one.kind == "broken_object")
        return next((one for one in broken if one.message_key == keys.head(self.feed)), None)

    def mend(self) -> None:
        """As an operator does: the object goes, what died is sent again."""
        failure = eventually(self.failure, within_s=60, every_s=0.05)
        assert failure is not None
        self.scene.store.delete(keys.head(self.feed))
        self.scene.operator("failures", "replay", failures=[failure.id], why="the object is mended")

    def is_over(self) -> bool:
        return self._is_edited() and self._is_mended()

    def _is_edited(self) -> bool:
        """Once, however often it was tried."""
        found = self.scene.store.get(keys.site_part(self.site, "notice"))
        return isinstance(found, Stored) and Part.model_validate_json(found.body).number == 1

    def _is_mended(self) -> bool:
        failure, head = self.failure(), head_of(self.scene.store, self.feed)
        return failure is not None and failure.status == "replayed" and head is not None and head.turn == 1


@dataclass
class Deaths:
    """A process that dies once at each point, one after the other, and what brings it there."""

    stage: Scene
    folder: Path
    points: Sequence[str]
    rounds: int = 0

    def env(self) -> dict[str, str]:
        """For its next start."""
        left = self.left()
        return {"PRESSROOM_CRASH_AT": left[0], "PRESSROOM_CRASH_MARKER": str(self.folder / left[0])} if left else {}

    def left(self) -> list[str]:
        return [point for point in self.points if not (self.folder / point).exists()]

    def bring_about(self) -> None:
        """Round after round of everything that points stand in the way of, until the process has died at each."""
        while left := self.left():
            self.rounds += 1
            breakage = Breakage(self.stage, f"broken-{self.rounds}", f"site-{self.rounds}")
            breakage.make()
            for _ in range(5):
                self.stage.load.send_round()
            self.stage.load.print_edition()
            self.stage.load.wish()
            breakage.mend()
            eventually(breakage.is_over, within_s=60, every_s=0.05)
            assert self.rounds <= ROUNDS_MAX, f"it never came to {left[0]}"


@pytest.fixture
def stage() -> Iterator[Scene]:
    with scene() as made:
        yield made


@pytest.mark.parametrize("points", TOGETHER, ids=lambda points: points[0])
def test_a_process_that_dies_at_one_point_after_the_other_loses_nothing(
    stage: Scene, tmp_path: Path, points: list[str]
) -> None:
    deaths = Deaths(stage, tmp_path, points)
    with Keeper(stage.fleet, BACK, env=deaths.env) as keeper:
        deaths.bring_about()
        stage.check(expected_failures=["broken_object", "undecodable"] * deaths.rounds)
    assert keeper.deaths == [KILLED] * len(points)


@pytest.mark.long
@pytest.mark.parametrize(("point", "service"), ALONE)
def test_a_service_that_dies_there_alone_loses_nothing(stage: Scene, tmp_path: Path, point: str, service: str) -> None:
    deaths = Deaths(stage, tmp_path, [point])
    others = "+".join(one for one in BACK.split("+") if one != service)
    with Keeper(stage.fleet, service, env=deaths.env) as keeper, Keeper(stage.fleet, others):
        deaths.bring_about()
        stage.check(expected_failures=["broken_object", "undecodable"] * deaths.rounds)
    assert keeper.deaths == [KILLED]
