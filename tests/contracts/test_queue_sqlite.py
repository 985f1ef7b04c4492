"""The sqlite engine keeps the queue's contract, and what only it has to do: files, processes, transactions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pressroom.clock import SetClock
from pressroom.queues.port import Depth, Parcel, Settlement
from pressroom.queues.sqlite.process import ProcessLock
from pressroom.queues.sqlite.queue import SqliteQueue
from tests.contracts.consumer_contract import TOPIC, ConsumerContract
from tests.contracts.queue_contract import QueueContract
from tests.contracts.queue_tools import Box, eventually
from tests.contracts.sqlite_rig import SqliteRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[SqliteRig]:
    rig = SqliteRig(tmp_path / "queue.sqlite")
    yield rig
    rig.close()


class TestSqliteQueue(QueueContract):
    pass


class TestConsumerOnSqlite(ConsumerContract):
    pass


# --- who has what ------------------------------------------------------------------------------------------


def test_whoever_leads_a_topic_with_one_consumer_goes_on_leading(rig: SqliteRig) -> None:
    one, two = rig.open(), rig.open()
    leader, standby = Box(), Box()
    place = one.subscribe("schedule", leader, credit=4)
    one.publish([Parcel("schedule", "one", b"1")])
    held = leader.one()
    two.subscribe("schedule", standby, credit=4)
    one.settle([Settlement(held)])
    two.publish([Parcel("schedule", "one", b"2")])

    one.settle([Settlement(leader.one())])
    assert standby.stays_empty()
    place.close(5)
    two.publish([Parcel("schedule", "one", b"3")])
    assert standby.one().body == b"3"


def test_what_a_process_died_with_is_handed_out_alone(rig: SqliteRig) -> None:
    one, two = rig.open(), rig.open()
    box, other = Box(), Box()
    one.subscribe(TOPIC, box, credit=10)
    one.publish([Parcel(TOPIC, key, b"suspect") for key in "ab"])
    box.take(2)
    rig.crash(one)
    two.publish([Parcel(TOPIC, key, b"fresh") for key in "cdef"])
    two.subscribe(TOPIC, other, credit=10)
    for _ in range(2):
        suspect = other.one()
        assert (suspect.body, suspect.deliveries) == (b"suspect", 2)
        assert other.stays_empty(0.1)
        two.settle([Settlement(suspect)])

    assert [each.body for each in other.take(4)] == [b"fresh"] * 4


def test_a_living_process_is_never_taken_for_dead(tmp_path: Path) -> None:
    alive, asking = ProcessLock(tmp_path / "q"), ProcessLock(tmp_path / "q")
    alive.acquire()
    asking.acquire()

    assert not asking.is_dead(alive.token)
    alive.release()
    assert asking.is_dead(alive.token)
    asking.release()


def test_a_busy_key_does_not_keep_the_others_from_their_share(rig: SqliteRig) -> None:
    queue, box = rig.open(), Box()
    queue.publish([Parcel(TOPIC, "busy", b"x") for _ in range(1_000)])
    queue.publish([Parcel(TOPIC, f"k{number}", b"x") for number in range(5)])
    queue.subscribe(TOPIC, box, credit=8)

    assert {delivery.key for delivery in box.take(8)} == {"busy", *(f"k{number}" for number in range(5))}


def test_finding_work_costs_the_same_however_much_waits(rig: SqliteRig) -> None:
    """A hundred thousand of one key, as when no scheduler runs for a day."""
    queue, box = rig.open(), Box()
    for _ in range(20):
        queue.publish([Parcel("schedule", "one", b"x")] * 5_000)
    queue.subscribe("schedule", box, credit=1)
    began = time.process_time()
    for _ in range(100):
        queue.settle([Settlement(box.one())])

    assert (time.process_time() - began) / 100 < 0.005


# --- time --------------------------------------------------------------------------------------------------


def test_a_message_is_due_by_the_clock_that_was_passed_in(tmp_path: Path) -> None:
    clock = SetClock()
    queue, box = SqliteQueue(tmp_path / "queue.sqlite", clock), Box()
    queue.subscribe(TOPIC, box, credit=4)
    queue.publish([Parcel(TOPIC, "a", b"x", not_before=clock.now() + timedelta(days=1))])

    clock.advance(86_399)
    assert box.stays_empty(0.1)
    clock.advance(1)
    assert box.one().body == b"x"
    queue.close()


def test_expired_messages_leave_room_for_others_and_those_in_hand_stay(tmp_path: Path) -> None:
    clock = SetClock()
    queue, box = SqliteQueue(tmp_path / "queue.sqlite", clock), Box()
    place = queue.subscribe("schedule", box, credit=1)
    queue.publish([Parcel("schedule", "one", b"%d" % number, expires_s=2) for number in range(10)])
    held = box.one()
    clock.advance(2)
    queue.publish([Parcel("schedule", "one", b"check")])

    assert queue.depth("schedule") == Depth(ready=1, in_flight=1, delayed=0)
    place.pause()
    held.release()
    eventually(lambda: queue.depth("schedule") == Depth(1, 0, 0), "the released one has expired too")
    place.resume()
    assert box.one().body == b"check"
    queue.close()


def test_a_notice_reaches_other_processes_within_the_poll(rig: SqliteRig) -> None:
    one, two = rig.open(), rig.open()
    heard = threading.Event()
    two.listen(lambda _: heard.set())
    one.broadcast(b"news")

    assert heard.wait(5)
