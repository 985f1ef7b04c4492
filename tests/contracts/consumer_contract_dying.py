"""The consumer loop's contract, second half: processes that are killed, and messages that kill them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pressroom.queues.port import Delivery, Queue, Settlement
from schemas.codec import decode
from schemas.envelope import Envelope
from schemas.messages import DeadLetter
from tests.contracts.queue_tools import Box, Rig, WorkerProcess, ended, events, eventually, overlaps, wish

TOPIC = "record.publish"
NEXT = "weather.request"
CRASH_POINTS = ("loop.before_handler", "loop.after_handler", "loop.before_settle", "loop.after_settle")


def letter_of(delivery: Delivery) -> Envelope[DeadLetter]:
    return decode(delivery.body)


class Dying:
    """Part of `ConsumerContract`."""

    def test_a_message_that_kills_every_worker_soon_or_late_ends_as_poison_and_the_innocent_are_done(
        self, rig: Rig, queue: Queue, tmp_path: Path
    ) -> None:
        dead: list[Delivery] = []
        log = tmp_path / "log"
        queue.subscribe("dead", dead.append, credit=4)
        innocent = {f"m{number}" for number in range(30)}
        queue.publish([wish(TOPIC, f"k{number}", name=f"m{number}") for number in range(15)])
        queue.publish([wish(TOPIC, "p", "die", name="poison")])
        queue.publish([wish(TOPIC, f"k{number}", name=f"m{number}") for number in range(15, 30)])
        deaths = 0
        worker = WorkerProcess(rig.url, TOPIC, log)
        try:
            while queue.depth(TOPIC).total or not ended(log) >= innocent or not dead:
                if not worker.is_running:
                    deaths += 1
                    worker = WorkerProcess(rig.url, TOPIC, log)
                time.sleep(0.02)
                assert deaths < 40
            worker.stop()
        finally:
            worker.end()
        letters = [letter_of(each).payload for each in dead]

        assert [(letter.kind, letter.topic) for letter in letters] == [("poison", TOPIC)]
        assert decode(letters[0].body.encode()).id == "poison"
        assert deaths in rig.poison_deaths

    @pytest.mark.parametrize("point", CRASH_POINTS)
    def test_a_process_that_dies_at_a_crash_point_loses_nothing(
        self, rig: Rig, queue: Queue, tmp_path: Path, point: str
    ) -> None:
        log, marker = tmp_path / "log", tmp_path / "crashed"
        env = {"PRESSROOM_CRASH_AT": point, "PRESSROOM_CRASH_MARKER": str(marker)}
        ids = {f"m{number}" for number in range(20)}
        queue.publish([wish(TOPIC, f"k{number % 5}", name=f"m{number}") for number in range(20)])
        doomed = WorkerProcess(rig.url, TOPIC, log, emit_to=NEXT, env=env)
        assert doomed.wait() == 137
        worker = WorkerProcess(rig.url, TOPIC, log, emit_to=NEXT, env=env)
        try:
            eventually(lambda: ended(log) == ids, "all are handled")
            worker.stop()
        finally:
            worker.end()
        followed: set[str] = set()
        box = Box()
        queue.subscribe(NEXT, box, credit=50)
        while queue.depth(NEXT).total:
            delivery = box.one()
            followed.add(decode(delivery.body).id)
            queue.settle([Settlement(delivery)])

        assert marker.exists()
        assert queue.depth(TOPIC).total == 0
        assert followed == ids
        assert overlaps(events(log)) == []
