"""One message kills every publisher that touches it: the innocent are published, it ends as a failure that says so."""

from __future__ import annotations

import sys
from pathlib import Path

from pressroom.outcomes import Emit
from pressroom.queues.topics import RECORD_PUBLISH
from pressroom.sender import Sender
from schemas import keys
from schemas.documents import Failure
from tests.chaos.embedded import CLOCK, Scene, scene
from tests.chaos.keeper import Keeper
from tests.contracts.queue_tools import events
from tests.fakes.records import entry, record
from tests.pipeline.waiting import eventually

POISON = keys.head("poison")
RECORDED = (sys.executable, "-m", "tests.chaos.recorded")


def poison(stage: Scene) -> Failure | None:
    return next((one for one in stage.failures() if one.kind == "poison"), None)


def test_a_message_that_kills_every_publisher_ends_as_a_failure_and_the_innocent_are_done(tmp_path: Path) -> None:
    log = tmp_path / "handled"
    env = {"PRESSROOM_TEST_LOG": str(log), "PRESSROOM_TEST_POISON": POISON}
    with scene(program=RECORDED) as stage:
        sender = Sender(stage.queue, CLOCK, "test")
        stage.load.send_round()
        sender.send([Emit(RECORD_PUBLISH, POISON, record("poison", 1, entry(1)))])
        for _ in range(10):
            stage.load.send_round()
        with Keeper(stage.fleet, "publisher", "scheduler+fetcher+weather", env=lambda: env) as keeper:
            failure = eventually(lambda: poison(stage), within_s=60, every_s=0.1)
            stage.check(expected_failures=["poison"])

    assert failure is not None
    touched = [event for event in events(log) if event.key == f"{RECORD_PUBLISH} {POISON}"]
    assert len(touched) == len(keeper.deaths)
    assert f"{len(touched)} processes died" in failure.reason
    assert failure.original is not None
    assert '"feed":"poison"' in failure.original
